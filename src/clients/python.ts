// Libraries for Python.

import type { Access, Client, Setting } from './client.ts'

const OLLAMA = { verified: 'run', ran: { version: 'ollama-python 25b9329 with httpx 0.28.1', on: '2026-11-20' } } as const
const OPENAI = { verified: 'run', ran: { version: 'openai 3.22.1', on: '2026-11-20' } } as const

const CA_ENV: Setting = { env: { SSL_CERT_FILE: '<CA>' } }
const CA_CONTEXT = "ssl.create_default_context(cafile='<CA>')"
const CONTEXT = [
  'context = ssl.create_default_context()',
  "context.load_verify_locations(cafile='<CA>')",
  "context.load_cert_chain('<CERT>', '<CERTKEY>')",
]

const python = (...code: string[]): Setting => ({ language: 'python', code })

const ollama = (login: string): Setting => python(
  'import ssl<CA?>',
  'import ollama',
  '',
  'client = ollama.Client(',
  "    host='<URL>',",
  `    ${login},`,
  `    verify=${CA_CONTEXT},`,
  ')',
  'print(client.list())',
)

const openai = (...login: string[]): Setting[] => [CA_ENV, python(
  'from openai import OpenAI',
  '',
  'client = OpenAI(',
  "    base_url='<URL>/v1',",
  ...login.map((line) => `    ${line},`),
  ')',
  'print(client.models.list())',
)]

const langchain = (authorization: string): Access => ({ verified: 'source', settings: [python(
  'import ssl<CA?>',
  'from langchain_ollama import ChatOllama',
  '',
  'chat = ChatOllama(',
  "    model='<MODEL>',",
  "    base_url='<URL>',",
  '    client_kwargs={',
  `        'headers': {'Authorization': '${authorization}'},`,
  `        'verify': ${CA_CONTEXT},`,
  '    },',
  ')',
)] })

const llamaindex = (authorization: string): Access => ({ verified: 'documentation', notes: ['`headers` came in March 2026.'], settings: [CA_ENV, python(
  'from llama_index.llms.ollama import Ollama',
  '',
  'llm = Ollama(',
  "    model='<MODEL>',",
  "    base_url='<URL>',",
  `    headers={'Authorization': '${authorization}'},`,
  ')',
)] })

export const pythonLibraries: Client[] = [
  {
    id: 'ollama-python', name: 'ollama for Python', api: 'ollama',
    logins: {
      basic: { ...OLLAMA, settings: [ollama("auth=('<USER>', '<PASS>')")], notes: ['A name and password in `host` are dropped without a word.'] },
      bearer: { ...OLLAMA, settings: [ollama("headers={'Authorization': 'Bearer <KEY>'}")], notes: ['Without code: OLLAMA_HOST, OLLAMA_API_KEY and SSL_CERT_FILE. The key then goes to every host, also over plain HTTP.'] },
      mtls: { ...OLLAMA, settings: [python('import ssl', 'import ollama', '', ...CONTEXT, "client = ollama.Client(host='<URL>', verify=context)", 'print(client.list())')], notes: ['It must be an SSLContext: with `cert=` the certificate is left out without a word.'] },
    },
    trust: { verified: 'run' },
    evidence: ['https://github.com/ollama/ollama-python/blob/25b9329/ollama/_client.py', 'https://github.com/ollama/ollama-python/pull/61'],
  },
  {
    id: 'openai-python', name: 'OpenAI SDK for Python', api: 'openai',
    logins: {
      basic: { ...OPENAI, settings: openai("api_key='unused'", "default_headers={'Authorization': 'Basic <B64>'}"), notes: ["An app that has no setting for headers may still take them from the environment: OPENAI_CUSTOM_HEADERS='Authorization: Basic ...'"] },
      bearer: { ...OPENAI, settings: openai("api_key='<KEY>'"), notes: ['Without code: OPENAI_BASE_URL and OPENAI_API_KEY.'] },
      mtls: { ...OPENAI, settings: [python('import ssl', 'from openai import DefaultHttpxClient, OpenAI', '', ...CONTEXT, 'client = OpenAI(', "    base_url='<URL>/v1',", "    api_key='unused',", '    http_client=DefaultHttpxClient(verify=context),', ')', 'print(client.models.list())')] },
    },
    trust: { verified: 'run', notes: ["SSL_CERT_FILE stands in place of the system's own list of CAs."] },
    evidence: ['https://github.com/openai/openai-python/pull/3552'],
  },
  {
    id: 'langchain-python', name: 'LangChain for Python (ChatOllama)', api: 'ollama',
    logins: {
      basic: langchain('Basic <B64>'),
      bearer: langchain('Bearer <KEY>'),
      mtls: { verified: 'derived', settings: [python('import ssl', 'from langchain_ollama import ChatOllama', '', ...CONTEXT, "chat = ChatOllama(model='<MODEL>', base_url='<URL>', client_kwargs={'verify': context})")] },
    },
    trust: { verified: 'derived' },
    evidence: ['https://github.com/langchain-ai/langchain/blob/19a0761/libs/partners/ollama/langchain_ollama/_utils.py', 'https://reference.langchain.com/python/integrations/langchain_ollama/'],
  },
  {
    id: 'llamaindex', name: 'LlamaIndex for Python', api: 'ollama',
    logins: {
      basic: llamaindex('Basic <B64>'),
      bearer: llamaindex('Bearer <KEY>'),
      mtls: { verified: 'source', settings: [python('import ssl', 'import ollama', 'from llama_index.llms.ollama import Ollama', '', ...CONTEXT, 'llm = Ollama(', "    model='<MODEL>',", "    base_url='<URL>',", "    client=ollama.Client(host='<URL>', verify=context),", "    async_client=ollama.AsyncClient(host='<URL>', verify=context),", ')')], notes: ['Give both clients: the one that is left out goes without the certificate.'] },
    },
    trust: { verified: 'derived' },
    evidence: ['https://github.com/run-llama/llama_index/pull/21091', 'https://github.com/run-llama/llama_index/issues/21086'],
  },
]
