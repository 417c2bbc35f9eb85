// Programs that run as servers themselves, most of them in a container.

import type { Access, Client, Setting, Value } from './client.ts'

const NO_CERTIFICATE = 'it has no setting for a client certificate'

const openWebui = (config: Value): Setting[] => [{
  where: 'the compose.yaml of Open WebUI', file: 'compose.yaml', format: 'compose',
  value: { services: { 'open-webui': { environment: { OLLAMA_BASE_URLS: '<URL>', OLLAMA_API_CONFIGS: { $json: { 0: config } }, AIOHTTP_CLIENT_SSL_CERT_FILE: '<CA>', ENABLE_PERSISTENT_CONFIG: 'False' } } } },
}]

const litellm = (login: Record<string, Value>): Setting => ({
  file: 'config.yaml', format: 'yaml', where: 'the config.yaml of LiteLLM',
  value: { model_list: [{ model_name: '<NAME>', litellm_params: { model: 'ollama_chat/<MODEL>', api_base: '<URL>', ...login } }], litellm_settings: { ssl_verify: '<CA>' } },
})

const librechat = (apiKey: string, authorization: string, env: Record<string, string>): Access => ({
  verified: 'source',
  settings: [
    { file: 'librechat.yaml', format: 'yaml', value: { endpoints: { custom: [{ name: '<NAME>', baseURL: '<URL>/v1/', apiKey, headers: { Authorization: authorization }, models: { default: ['<MODEL>'], fetch: true } }] } } },
    { env: { ...env, NODE_EXTRA_CA_CERTS: '<CA>' }, dotenv: true, where: 'the .env of LibreChat' },
  ],
})

const anythingllm = (env: Record<string, string>): Setting[] => [{ env: { ...env, NODE_EXTRA_CA_CERTS: '<CA>' }, dotenv: true, where: 'the .env of AnythingLLM' }]

const python = (name: string, verified: 'source' | 'derived') => ({ verified, notes: [`Set ${name} to the CA's file where the server runs: it stands in place of the usual list.`] })

export const servers: Client[] = [
  {
    id: 'open-webui', name: 'Open WebUI', api: 'ollama', runs: 'container',
    logins: {
      basic: { verified: 'documentation', settings: openWebui({ enable: true, headers: { Authorization: 'Basic <B64>' } }), notes: ['From version 0.10 on. By hand: Admin, Settings, Connections, Ollama, Headers.'] },
      bearer: { verified: 'source', settings: openWebui({ enable: true, key: '<KEY>' }) },
      mtls: null,
    },
    why: NO_CERTIFICATE,
    trust: { verified: 'documentation', notes: ["Mount the CA's file into the container, and give the path that it has there."] },
    connected: [{ where: 'the compose.yaml of Open WebUI', file: 'compose.yaml', format: 'compose', value: { services: { 'open-webui': { environment: { OLLAMA_BASE_URLS: '<URL>', ENABLE_PERSISTENT_CONFIG: 'False' } } } } }],
    notes: ['Without ENABLE_PERSISTENT_CONFIG=False, what was saved at its first start wins over these.'],
    evidence: ['https://github.com/open-webui/docs/blob/1eea384/docs/reference/env-configuration.mdx', 'https://github.com/open-webui/open-webui/blob/0790441/backend/open_webui/utils/headers.py'],
  },
  {
    id: 'litellm', name: 'LiteLLM proxy', api: 'ollama',
    logins: {
      basic: { verified: 'source', settings: [litellm({ extra_headers: { Authorization: 'Basic <B64>' } })], notes: ['The header must be spelled Authorization, with that capital letter.'] },
      bearer: { verified: 'source', settings: [litellm({ api_key: 'os.environ/OLLAMA_KEY' }), { env: { OLLAMA_KEY: '<KEY>' } }] },
      mtls: null,
    },
    why: 'a client certificate is documented, and reported to be left out',
    trust: { verified: 'documentation' },
    connected: [litellm({})],
    evidence: ['https://github.com/BerriAI/litellm/blob/0261f95/litellm/llms/ollama/chat/transformation.py', 'https://github.com/BerriAI/litellm-docs/blob/ef86ded/docs/guides/security_settings.md', 'https://github.com/BerriAI/litellm/issues/12237', 'https://github.com/BerriAI/litellm/issues/14396'],
  },
  {
    id: 'n8n', name: 'n8n', api: 'ollama', runs: 'container',
    logins: {
      basic: { verified: 'derived', settings: [{ page: 'an OpenAI credential, for the node "OpenAI Chat Model"', fields: { 'Base URL': '<URL>/v1', 'API key': 'unused', 'Custom header': 'Authorization = Basic <B64>' } }] },
      bearer: { verified: 'source', settings: [{ page: 'an Ollama credential', fields: { 'Base URL': '<URL>', 'API key': '<KEY>' } }] },
      mtls: null,
    },
    why: NO_CERTIFICATE,
    trust: { verified: 'documentation', notes: ["Mount the CA's file into /opt/custom-certificates."] },
    evidence: ['https://docs.n8n.io/credentials/ollama', 'https://www.npmjs.com/package/@n8n/n8n-nodes-langchain'],
  },
  {
    id: 'home-assistant', name: 'Home Assistant (Ollama integration)', api: 'ollama', runs: 'container',
    logins: {
      basic: null,
      bearer: { verified: 'source', settings: [{ page: 'Settings, Devices & services, Ollama', fields: { URL: '<URL>', 'API key': '<KEY>' } }], notes: ['The field came in March 2026. Before: OLLAMA_API_KEY in its environment.'] },
      mtls: null,
    },
    why: 'it has fields for a URL and a key, none for headers or client certificates',
    trust: { verified: 'source', notes: ['REQUESTS_CA_BUNDLE names a file with the usual CAs and this one; it counts for all of Home Assistant.'] },
    evidence: ['https://github.com/home-assistant/core/blob/0069cd7/homeassistant/components/ollama/config_flow.py', 'https://github.com/home-assistant/home-assistant.io/pull/44158'],
  },
  {
    id: 'langflow', name: 'Langflow', api: 'ollama',
    logins: {
      basic: { verified: 'derived', settings: [{ page: 'the Ollama component', fields: { 'Base URL': '<LOGIN_URL>' } }] },
      bearer: { verified: 'documentation', settings: [{ page: 'the Ollama component', fields: { 'Base URL': '<URL>', 'Ollama API Key': '<KEY>' } }] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: python('SSL_CERT_FILE', 'derived'),
    evidence: ['https://github.com/langflow-ai/langflow/pull/10389', 'https://github.com/langflow-ai/langflow/blob/025abab/src/lfx/src/lfx/components/ollama/ollama.py'],
  },
  {
    id: 'dify', name: 'Dify (Ollama plugin)', api: 'ollama', runs: 'container',
    logins: {
      basic: { verified: 'derived', settings: [{ page: 'Model provider, Ollama', fields: { 'Base URL': '<LOGIN_URL>/' } }], notes: ['Leave the API key empty.'] },
      bearer: { verified: 'source', settings: [{ page: 'Model provider, Ollama', fields: { 'Base URL': '<URL>/', 'API key': '<KEY>' } }] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: python('REQUESTS_CA_BUNDLE', 'derived'),
    notes: ['Its container plugin_daemon sends the requests.'],
    evidence: ['https://github.com/langgenius/dify-official-plugins/blob/7af2283/models/ollama/provider/ollama.yaml', 'https://github.com/langgenius/dify-official-plugins/blob/7af2283/models/ollama/models/llm/llm.py#L185'],
  },
  {
    id: 'anythingllm', name: 'AnythingLLM', api: 'ollama', runs: 'container',
    logins: {
      basic: { verified: 'source', settings: anythingllm({ LLM_PROVIDER: 'generic-openai', GENERIC_OPEN_AI_BASE_PATH: '<URL>/v1', GENERIC_OPEN_AI_API_KEY: 'unused', GENERIC_OPEN_AI_CUSTOM_HEADERS: 'Authorization:Basic <B64>', GENERIC_OPEN_AI_MODEL_PREF: '<MODEL>' }) },
      bearer: { verified: 'source', settings: anythingllm({ LLM_PROVIDER: 'ollama', OLLAMA_BASE_PATH: '<URL>', OLLAMA_AUTH_TOKEN: '<KEY>', OLLAMA_MODEL_PREF: '<MODEL>' }), notes: ['Some of its agent tools send no key and get 401.'] },
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: { verified: 'derived' },
    evidence: ['https://github.com/Mintplex-Labs/anything-llm/blob/72aabbd/docker/.env.example#L45', 'https://github.com/Mintplex-Labs/anything-llm/blob/72aabbd/server/utils/AiProviders/ollama/index.js', 'https://github.com/Mintplex-Labs/anything-llm/blob/72aabbd/server/utils/AiProviders/genericOpenAi/index.js'],
  },
  {
    id: 'librechat', name: 'LibreChat', api: 'openai', runs: 'container',
    logins: {
      basic: librechat('unused', '${OLLAMA_BASIC}', { OLLAMA_BASIC: 'Basic <B64>' }),
      bearer: librechat('${OLLAMA_KEY}', 'Bearer ${OLLAMA_KEY}', { OLLAMA_KEY: '<KEY>' }),
      mtls: null,
    },
    why: NO_CERTIFICATE, trust: { verified: 'derived' },
    evidence: ['https://github.com/danny-avila/LibreChat/blob/003bf57/packages/api/src/endpoints/models.ts', 'https://www.librechat.ai/docs/configuration/librechat_yaml/object_structure/custom_endpoint'],
  },
]
