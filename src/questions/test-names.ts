/** Names that our own short-lived people have. Refused for anybody else. */
export const TEST_PREFIX = 'ollama-stack-test-'
