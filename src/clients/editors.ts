// Editors, their extensions, and office programs.

import type { Client, Setting, Value } from './client.ts'

const NO_CERTIFICATE = 'it has no setting for a client certificate'

const CONTINUE = { verified: 'run', ran: { version: '@continuedev/cli 1.5.47', on: '2026-11-21' } } as const
const continueModel = (options: Record<string, Value>, more: Record<string, Value> = {}): Setting => ({
  file: '~/.continue/config.yaml', format: 'yaml',
  base: { name: 'Local Config', version: '1.0.0', schema: 'v1' },
  value: { models: [{ name: '<NAME>', provider: 'ollama', model: '<MODEL>', apiBase: '<URL>/', ...more, requestOptions: { ...options, caBundlePath: '<CA>' } }] },
})

const CLINE = { verified: 'run', ran: { version: 'cline 3.0.65', on: '2026-11-21' } } as const
const cline = (login: Record<string, Value>): Setting => ({
  file: '~/.cline/data/settings/providers.json', format: 'json',
  base: { version: 1, modes: {} },
  value: { lastUsedProvider: 'ollama', providers: { ollama: { tokenSource: 'manual', updatedAt: '2026-11-21T00:00:00.000Z', settings: { provider: 'ollama', model: '<MODEL>', baseUrl: '<URL>', ...login } } } },
})
const CLINE_CA: Setting = { env: { NODE_EXTRA_CA_CERTS: '<CA>' } }

const zed = (url: string): Setting => ({ file: '~/.config/zed/settings.json', format: 'json', value: { language_models: { ollama: { api_url: url } } } })

const vscodePage = (key: string): Setting => ({ page: 'the command "Chat: Manage Language Models", then Add, Custom Endpoint', fields: { Name: '<NAME>', 'API type': 'chat-completions', 'API key': key } })
const vscode = (more: Record<string, Value>): Setting => ({
  file: 'chatLanguageModels.json', format: 'json',
  value: [{ name: '<NAME>', vendor: 'customendpoint', apiType: 'chat-completions', models: [{ id: '<MODEL>', name: '<MODEL>', url: '<URL>/v1/chat/completions', toolCalling: true, vision: false, maxInputTokens: 32768, maxOutputTokens: 8192, ...more }] }],
})

export const editors: Client[] = [
  {
    id: 'continue', name: 'Continue (VS Code, JetBrains, and its command cn)', api: 'ollama',
    logins: {
      basic: { ...CONTINUE, settings: [continueModel({ headers: { Authorization: 'Basic <B64>' } })] },
      bearer: { ...CONTINUE, settings: [continueModel({}, { apiKey: '<KEY>' })] },
      mtls: { ...CONTINUE, settings: [continueModel({ clientCertificate: { cert: '<CERT>', key: '<CERTKEY>' } })] },
    },
    trust: { verified: 'run' },
    connected: [continueModel({})],
    notes: ['Its command was run; the extensions send requests through the same package. `cn` speaks /v1/chat/completions, the extensions /api.'],
    warnings: ['Its repository says since June 2026 that it is no longer maintained.'],
    evidence: ['https://github.com/continuedev/continue/blob/d0a3c0b/packages/config-yaml/src/schemas/models.ts', 'https://github.com/continuedev/continue/blob/d0a3c0b/packages/fetch/src/fetch.ts'],
  },
  {
    id: 'cline', name: 'Cline (VS Code, JetBrains, command line)', api: 'ollama',
    logins: {
      basic: { ...CLINE, settings: [cline({ headers: { Authorization: 'Basic <B64>' } }), CLINE_CA] },
      bearer: { ...CLINE, settings: [cline({ apiKey: '<KEY>' }), CLINE_CA], notes: ['In the extension also by hand: provider Ollama, custom base URL, API key.'] },
      mtls: null,
    },
    why: NO_CERTIFICATE,
    trust: { verified: 'run', notes: ["VS Code and the command line also take the system's store."] },
    connected: [cline({})],
    warnings: ['It asks for the list of models without a login, so the list stays empty: type the name of the model.'],
    evidence: ['https://github.com/cline/cline/blob/21cb8d2/sdk/packages/llms/src/providers/vendors/ollama.ts', 'https://github.com/cline/cline/blob/21cb8d2/apps/vscode/src/core/controller/models/getOllamaModels.ts'],
  },
  {
    id: 'roo-code', name: 'Roo Code', api: 'ollama',
    logins: {
      basic: { verified: 'source', settings: [{ page: 'the settings of Roo Code, provider "OpenAI Compatible"', fields: { 'Base URL': '<URL>/v1', 'API key': 'unused', 'Custom header': 'Authorization = Basic <B64>', Model: '<MODEL>' } }] },
      bearer: { verified: 'source', settings: [{ page: 'the settings of Roo Code, provider "Ollama"', fields: { 'Base URL': '<URL>', 'Ollama API key': '<KEY>', Model: '<MODEL>' } }], notes: ['Its index of the code base sends no login: that part needs connect.'] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: null,
    evidence: ['https://github.com/RooCodeInc/Roo-Code/blob/cb83656/src/api/providers/native-ollama.ts#L160', 'https://github.com/RooCodeInc/Roo-Code/blob/cb83656/src/api/providers/openai.ts#L48', 'https://github.com/RooCodeInc/Roo-Code/blob/cb83656/src/services/code-index/embedders/ollama.ts'],
  },
  {
    id: 'zed', name: 'Zed', api: 'ollama',
    logins: {
      basic: { verified: 'derived', settings: [zed('<LOGIN_URL>')], notes: ['No API key may be set beside it. An Authorization in `custom_headers` would be ignored.'] },
      bearer: { verified: 'source', settings: [zed('<URL>'), { env: { OLLAMA_API_KEY: '<KEY>' } }], notes: ['In place of the variable: the field for the API key in the settings of Zed.'] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: null,
    connected: [zed('<URL>')],
    evidence: ['https://github.com/zed-industries/zed/blob/0138cb1/crates/ollama/src/ollama.rs', 'https://github.com/zed-industries/zed/blob/068daef/crates/reqwest_client/src/reqwest_client.rs', 'https://zed.dev/docs/ai/use-api-access'],
  },
  {
    id: 'vscode', name: 'VS Code chat (Custom Endpoint)', api: 'openai',
    logins: {
      basic: { verified: 'documentation', settings: [vscodePage('unused'), vscode({ requestHeaders: { Authorization: 'Basic <B64>' } })] },
      bearer: { verified: 'documentation', settings: [vscodePage('<KEY>'), vscode({})] },
      mtls: null,
    },
    why: NO_CERTIFICATE,
    trust: { verified: 'documentation', notes: ["Add the CA to the system's store, which VS Code reads."] },
    notes: ['From VS Code 1.122 on. Leave the line `apiKey` as VS Code wrote it. The built-in Ollama provider has no login at all.'],
    evidence: ['https://github.com/microsoft/vscode/pull/317897', 'https://coder.com/docs/v2.37/ai-coder/ai-gateway/clients/vscode'],
  },
  {
    id: 'jetbrains-ai', name: 'JetBrains AI Assistant', api: 'openai',
    logins: {
      basic: null,
      bearer: { verified: 'documentation', settings: [{ page: 'Settings, Tools, AI Assistant, Models & API keys: OpenAI-compatible', fields: { URL: '<URL>/v1', 'API key': '<KEY>' } }], notes: ['Its provider "Ollama" has a field for the URL alone.'] },
      mtls: null,
    },
    why: 'it has fields for a URL and a key, none for headers or client certificates', trust: null,
    evidence: ['https://coder.com/docs/v2.37/ai-coder/ai-gateway/clients/jetbrains', 'https://docs.ollama.com/integrations/jetbrains'],
  },
  {
    id: 'obsidian-copilot', name: 'Copilot for Obsidian', api: 'openai', origin: 'obsidian',
    logins: {
      basic: null,
      bearer: { verified: 'source', settings: [{ page: 'Settings, Copilot, BYOK, Add a provider, Ollama', fields: { 'Base URL': '<URL>/v1', 'API key': '<KEY>' } }] },
      mtls: null,
    },
    why: 'it has fields for a URL and a key, none for headers or client certificates', trust: null,
    evidence: ['https://github.com/logancyang/obsidian-copilot/blob/611831b/docs/llm-providers.md', 'https://github.com/logancyang/obsidian-copilot/blob/611831b/src/LLMProviders/chatModelManager.ts#L361'],
  },
  {
    id: 'onlyoffice-ai', name: 'ONLYOFFICE AI plugin', api: 'openai', origin: 'onlyoffice',
    logins: {
      basic: { verified: 'derived', settings: [{ where: 'a file provider.js, imported in the AI settings under custom providers', language: 'javascript', code: [
        'class Provider extends AI.Provider {',
        "  constructor() { super('<NAME>', '<URL>', '', 'v1') }",
        "  getRequestHeaderOptions() { return { 'Content-Type': 'application/json', Authorization: 'Basic <B64>' } }",
        '}',
      ] }] },
      bearer: { verified: 'source', settings: [{ page: 'the AI settings, provider Ollama', fields: { URL: '<URL>', Key: '<KEY>' } }], notes: ['Without /v1, which the plugin adds.'] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: null,
    warnings: ['It says "Invalid URL" whatever goes wrong, a refused login included.'],
    evidence: ['https://github.com/ONLYOFFICE/onlyoffice.github.io/blob/0626ec5/sdkjs-plugins/content/ai/scripts/engine/providers/provider.js#L159', 'https://github.com/ONLYOFFICE/onlyoffice.github.io/issues/626'],
  },
]
