// Coding agents of the terminal. Each but aider was run against stacks with all three logins.

import type { Access, Client, Setting, Value } from './client.ts'

const NODE_CA = { NODE_EXTRA_CA_CERTS: '<CA>' }

const OPENCODE = { verified: 'run', ran: { version: 'opencode-ai 1.18.33', on: '2026-11-21' } } as const
const opencode = (options: Record<string, Value>): Setting => ({
  file: '~/.config/opencode/opencode.json', format: 'json',
  value: { provider: { '<NAME>': { npm: '@ai-sdk/openai-compatible', name: '<NAME>', options: { baseURL: '<URL>/v1', ...options }, models: { '<MODEL>': { name: '<MODEL>' } } } } },
})
const OPENCODE_RUN: Setting = { command: ['opencode', 'run', '--model', '<NAME>/<MODEL>', 'Say hello'] }

const CODEX = { verified: 'run', ran: { version: '@openai/codex 0.169.0', on: '2026-11-21' } } as const
/** A profile is a file of its own, so that the settings of every day stay as they are (developers.openai.com/codex/config-advanced). */
const codex = (login: Record<string, Value>): Setting => ({
  file: '~/.codex/<NAME>.config.toml', format: 'toml',
  value: { model: '<MODEL>', model_provider: '<NAME>', model_providers: { '<NAME>': { name: '<NAME>', base_url: '<URL>/v1', wire_api: 'responses', ...login } } },
})
const CODEX_RUN: Setting = { command: ['codex', '--profile', '<NAME>'] }

const CLAUDE = { verified: 'run', ran: { version: '@anthropic-ai/claude-code 2.1.197', on: '2026-11-21' } } as const
const claude = (login: Record<string, string>): Setting[] => [
  { file: '~/.claude/settings.json', format: 'json', value: { env: { ANTHROPIC_BASE_URL: '<URL>', ...login, ...NODE_CA } } },
  { command: ['claude', '--model', '<MODEL>'] },
]

const aider = (access: Pick<Access, 'verified' | 'notes'>, ...settings: Setting[]): Access => ({
  ...access,
  settings: [...settings, { env: { SSL_CERT_FILE: '<CA>' } }, { command: ['aider', '--model', 'ollama_chat/<MODEL>'] }],
})

export const agents: Client[] = [
  {
    id: 'opencode', name: 'opencode', api: 'openai',
    logins: {
      basic: { ...OPENCODE, settings: [opencode({ headers: { Authorization: '{env:OLLAMA_BASIC}' } }), { env: { OLLAMA_BASIC: 'Basic <B64>', ...NODE_CA } }, OPENCODE_RUN], notes: ['A name and password in `baseURL` are dropped without a word.'] },
      bearer: { ...OPENCODE, settings: [opencode({ apiKey: '{env:OLLAMA_KEY}' }), { env: { OLLAMA_KEY: '<KEY>', ...NODE_CA } }, OPENCODE_RUN] },
      mtls: null,
    },
    why: 'it has no setting for a client certificate',
    trust: { verified: 'run' },
    connected: [opencode({}), OPENCODE_RUN],
    notes: ['Written for version 1.'],
    evidence: ['https://opencode.ai/docs/providers/'],
  },
  {
    id: 'codex', name: 'Codex CLI', api: 'openai',
    logins: {
      basic: { ...CODEX, settings: [codex({ env_http_headers: { Authorization: 'OLLAMA_BASIC' } }), { env: { OLLAMA_BASIC: 'Basic <B64>', CODEX_CA_CERTIFICATE: '<CA>' } }, CODEX_RUN], notes: ['env_key must stay out: it would win over the header.'] },
      bearer: { ...CODEX, settings: [codex({ env_key: 'OLLAMA_KEY' }), { env: { OLLAMA_KEY: '<KEY>', CODEX_CA_CERTIFICATE: '<CA>' } }, CODEX_RUN] },
      mtls: null,
    },
    why: 'it has no setting for a client certificate',
    trust: { verified: 'run', notes: ['Without CODEX_CA_CERTIFICATE it says "Reconnecting" again and again, and nothing of certificates.'] },
    connected: [codex({}), CODEX_RUN],
    evidence: ['https://developers.openai.com/codex/config-advanced', 'https://github.com/openai/codex/blob/05673f5/codex-rs/model-provider-info/src/lib.rs', 'https://github.com/openai/codex/blob/e6446a9/codex-rs/codex-client/src/custom_ca.rs'],
  },
  {
    id: 'claude-code', name: 'Claude Code', api: 'anthropic',
    logins: {
      basic: { ...CLAUDE, settings: claude({ ANTHROPIC_API_KEY: 'unused', ANTHROPIC_CUSTOM_HEADERS: 'Authorization: Basic <B64>' }), notes: ['ANTHROPIC_AUTH_TOKEN must not be set anywhere: it would win over the header.'] },
      bearer: { ...CLAUDE, settings: claude({ ANTHROPIC_AUTH_TOKEN: '<KEY>', ANTHROPIC_API_KEY: '' }) },
      mtls: { ...CLAUDE, settings: claude({ ANTHROPIC_AUTH_TOKEN: 'unused', ANTHROPIC_API_KEY: '', CLAUDE_CODE_CLIENT_CERT: '<CERT>', CLAUDE_CODE_CLIENT_KEY: '<CERTKEY>' }) },
    },
    trust: { verified: 'run' },
    connected: claude({ ANTHROPIC_AUTH_TOKEN: 'unused', ANTHROPIC_API_KEY: '' }),
    notes: ["These settings hold for every session. For one alone: the same names with `export`, in the shell."],
    warnings: ['It first sends HEAD / without a login; the 401 in the log is harmless.'],
    evidence: ['https://code.claude.com/docs/en/network-config', 'https://code.claude.com/docs/en/settings', 'https://github.com/ollama/ollama/blob/fb3076099/docs/integrations/claude-code.mdx'],
  },
  {
    id: 'aider', name: 'aider', api: 'ollama',
    logins: {
      basic: aider({ verified: 'derived' },
        { file: '~/.aider.model.settings.yml', format: 'yaml', value: [{ name: 'ollama_chat/<MODEL>', extra_params: { extra_headers: { Authorization: 'Basic <B64>' } } }] },
        { env: { OLLAMA_API_BASE: '<URL>' } }),
      bearer: aider({ verified: 'documentation' },
        { file: '~/.aider.conf.yml', format: 'yaml', value: { 'set-env': ['OLLAMA_API_BASE=<URL>'], 'api-key': ['ollama=<KEY>'] } }),
      mtls: null,
    },
    why: 'the library below it is reported to leave the client certificate out',
    trust: { verified: 'derived' },
    connected: [{ env: { OLLAMA_API_BASE: '<URL>' } }, { command: ['aider', '--model', 'ollama_chat/<MODEL>'] }],
    evidence: ['https://aider.chat/docs/llms/ollama.html', 'https://aider.chat/docs/config/api-keys.html', 'https://aider.chat/docs/config/adv-model-settings.html', 'https://github.com/BerriAI/litellm/issues/14396'],
  },
]
