/** Every command of ollama-stack. Also what a project's directory can't be called by accident. */
export const COMMAND_NAMES = ['create', 'up', 'down', 'status', 'logs', 'test', 'doctor', 'pull', 'user', 'client', 'connect', 'configure', 'upgrade', 'backup', 'restore'] as const
export type CommandName = (typeof COMMAND_NAMES)[number]

/** Those that have commands of their own: `user add`. */
export const NOUNS: readonly CommandName[] = ['user']
