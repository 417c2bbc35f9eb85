// Libraries for JavaScript. All of these rows run in test/engine/clients.test.ts.

import type { Client, Setting } from './client.ts'

const ran = (version: string) => ({ verified: 'run', ran: { version: `${version} on Node.js 20`, on: '2026-11-21' } }) as const
const OLLAMA = ran('ollama 0.6.4')
const OPENAI = ran('openai 6.49.0')
const LANGCHAIN = ran('@langchain/ollama 1.3.0')
const AI_SDK = ran('@ai-sdk/openai-compatible 1.0.61 with ai 5.0.277')

const TRUST = { verified: 'run' as const, notes: ['Node.js reads NODE_EXTRA_CA_CERTS when it starts; SSL_CERT_FILE means nothing to it.'] }
const CA_ENV: Setting = { env: { NODE_EXTRA_CA_CERTS: '<CA>' } }

const javascript = (...code: string[]): Setting => ({ language: 'javascript', code })
const withHeader = (load: string[], ...code: string[]): Setting[] => [CA_ENV, javascript(...load, '', ...code)]

/** The package undici brings what the fetch of Node.js itself can't: a client certificate. */
const withCertificate = (load: string[], ...code: string[]): Setting[] => [javascript(
  "import { readFileSync } from 'node:fs'",
  ...load,
  "import { Agent, fetch } from 'undici'",
  '',
  'const dispatcher = new Agent({ connect: {',
  "  ca: readFileSync('<CA>'),",
  "  cert: readFileSync('<CERT>'),",
  "  key: readFileSync('<CERTKEY>'),",
  '} })',
  ...code,
)]
const UNDICI = ['Agent and fetch are from the npm package undici (npm install undici): the fetch of Node.js itself takes no client certificate.']
const FETCH = '  fetch: (url, init) => fetch(url, { ...init, dispatcher }),'

const ollama = (...options: string[]) => ['const ollama = new Ollama({', "  host: '<URL>',", ...options, '})', 'console.log(await ollama.list())']
const openai = (...options: string[]) => ['const openai = new OpenAI({', "  baseURL: '<URL>/v1',", ...options, '})', 'console.log(await openai.models.list())']
const langchain = (...options: string[]) => ['const chat = new ChatOllama({', "  model: '<MODEL>',", "  baseUrl: '<URL>',", ...options, '})', "console.log(await chat.invoke('Say hello'))"]
const aiSdk = (...options: string[]) => ['const stack = createOpenAICompatible({', "  name: '<NAME>',", "  baseURL: '<URL>/v1',", ...options, '})', "console.log(await generateText({ model: stack('<MODEL>'), prompt: 'Say hello' }).then(({ text }) => text))"]

const LOAD = {
  ollama: ["import { Ollama } from 'ollama'"],
  openai: ["import OpenAI from 'openai'"],
  langchain: ["import { ChatOllama } from '@langchain/ollama'"],
  aiSdk: ["import { createOpenAICompatible } from '@ai-sdk/openai-compatible'", "import { generateText } from 'ai'"],
}

export const javascriptLibraries: Client[] = [
  {
    id: 'ollama-js', name: 'ollama for JavaScript', api: 'ollama',
    logins: {
      basic: { ...OLLAMA, settings: withHeader(LOAD.ollama, ...ollama("  headers: { Authorization: 'Basic <B64>' },")) },
      bearer: { ...OLLAMA, settings: withHeader(LOAD.ollama, ...ollama("  headers: { Authorization: 'Bearer <KEY>' },")), notes: ['It reads OLLAMA_API_KEY for ollama.com only, and OLLAMA_HOST not at all.'] },
      mtls: { ...OLLAMA, settings: withCertificate(LOAD.ollama, ...ollama(FETCH)), notes: UNDICI },
    },
    trust: TRUST,
    connected: [javascript(...LOAD.ollama, '', ...ollama())],
    evidence: ['https://github.com/ollama/ollama-js/blob/f23d7ee/src/utils.ts'],
  },
  {
    id: 'openai-js', name: 'OpenAI SDK for JavaScript', api: 'openai',
    logins: {
      basic: { ...OPENAI, settings: withHeader(LOAD.openai, ...openai("  apiKey: 'unused',", "  defaultHeaders: { Authorization: 'Basic <B64>' },")) },
      bearer: { ...OPENAI, settings: withHeader(LOAD.openai, ...openai("  apiKey: '<KEY>',")), notes: ['Without code: OPENAI_BASE_URL and OPENAI_API_KEY.'] },
      mtls: { ...OPENAI, settings: withCertificate(LOAD.openai, ...openai("  apiKey: 'unused',", FETCH)), notes: UNDICI },
    },
    trust: TRUST,
    evidence: ['https://github.com/openai/openai-node'],
  },
  {
    id: 'langchain-js', name: 'LangChain for JavaScript (ChatOllama)', api: 'ollama',
    logins: {
      basic: { ...LANGCHAIN, settings: withHeader(LOAD.langchain, ...langchain("  headers: new Headers({ Authorization: 'Basic <B64>' }),")), notes: ['A name and password in `baseUrl` make it throw.'] },
      bearer: { ...LANGCHAIN, settings: withHeader(LOAD.langchain, ...langchain("  headers: new Headers({ Authorization: 'Bearer <KEY>' }),")) },
      mtls: { ...LANGCHAIN, settings: withCertificate(LOAD.langchain, ...langchain(FETCH)), notes: UNDICI },
    },
    trust: TRUST,
    evidence: ['https://reference.langchain.com/javascript/langchain-ollama/ChatOllama'],
  },
  {
    id: 'ai-sdk', name: 'AI SDK (@ai-sdk/openai-compatible)', api: 'openai',
    logins: {
      basic: { ...AI_SDK, settings: withHeader(LOAD.aiSdk, ...aiSdk("  headers: { Authorization: 'Basic <B64>' },")) },
      bearer: { ...AI_SDK, settings: withHeader(LOAD.aiSdk, ...aiSdk("  apiKey: '<KEY>',")) },
      mtls: { ...AI_SDK, settings: withCertificate(LOAD.aiSdk, ...aiSdk(FETCH)), notes: UNDICI },
    },
    trust: TRUST,
    evidence: ['https://ai-sdk.dev/providers/openai-compatible-providers'],
  },
]
