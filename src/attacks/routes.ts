// Every route of Ollama for everybody, and what must stay closed for all of them.

import { ROUTES } from '../../stacks/routes.ts'
import { NO_MODEL, OLLAMA, type Case, type Who } from './case.ts'

const open: Case[] = ROUTES.flatMap(({ method, path, role }) => {
  const body = method === 'POST' || method === 'DELETE' ? '{}' : undefined
  const row = (who: Who, expect: readonly number[], upstream: Case['upstream']): Case => ({
    id: `route ${method} ${path} as ${who}`, who, method, target: path, ...(body ? { body } : {}), expect, upstream,
    // Ollama keeps an upload even where it says that the digest is wrong.
    ...(upstream === 'once' && method === 'POST' && path.startsWith('/api/blobs/') ? { recorded: true } : {}),
  })
  return [
    row('stranger', [401], 'never'),
    role === 'admin' ? row('user', [403], 'never') : row('user', OLLAMA, 'once'),
    row('admin', OLLAMA, 'once'),
  ]
})

/** With a body where none is usual, and the other way round. */
const bodies: Case[] = [
  ...['/api/version', '/api/ps', '/v1/models', '/api/tags', '/api/status', '/'].map((target): Case => ({
    id: `body with GET ${target}`, who: 'user', method: 'GET', target, body: NO_MODEL, headers: { 'Content-Type': 'application/json' }, expect: [200], upstream: 'once',
  })),
  ...['/api/chat', '/api/generate', '/api/embed', '/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings'].map((target): Case => ({
    id: `model that nobody has, ${target}`, who: 'user', method: 'POST', target, body: NO_MODEL, headers: { 'Content-Type': 'application/json' }, expect: OLLAMA, upstream: 'once',
  })),
  // Refused by Ollama (OLLAMA_NO_CLOUD), whose owner may have edited that line: then it would cost.
  ...['/api/chat', '/v1/chat/completions', '/v1/messages'].flatMap((target) => ['gpt-oss:120b:cloud', 'gpt-oss:120b-cloud'].map((model): Case => ({
    id: `cloud model ${model}, ${target}`, who: 'user', method: 'POST', target, body: JSON.stringify({ model, messages: [] }), headers: { Cookie: 'session=1' }, expect: [400, 403], upstream: 'once', recorded: true,
  }))),
  { id: 'body that never comes, from a stranger', who: 'stranger', method: 'POST', target: '/api/chat', loose: true, lines: ['Content-Length: 100', 'Connection: close'], body: '{', expect: [401], upstream: 'never' },
  { id: 'body that never comes, to a closed path', who: 'user', method: 'POST', target: '/api/me', loose: true, lines: ['Content-Length: 100', 'Connection: close'], body: '{', expect: [403], upstream: 'never' },
]

const closed: Case[] = [
  'POST /api/me', 'POST /api/signout', 'DELETE /api/user/keys/abc', 'POST /api/user/keys', 'POST /api/experimental/web_search', 'POST /api/experimental/web_fetch',
  'GET /api/experimental/model-recommendations', 'POST /api/experimental/aliases', 'POST /api/web_search', 'POST /api/some-endpoint-of-a-later-release', 'GET /v1/some-later-endpoint',
  'POST /v1/images/generations', 'POST /v1/images/edits', 'GET /v1/files', 'POST /v1/models', 'DELETE /v1/models/x', 'GET /debug/pprof/', 'GET /debug/vars', 'GET /metrics', 'GET /health', 'GET /nginx_status',
  'GET /api', 'GET /api/', 'GET /v1', 'GET /v1/', 'GET /index.html', 'GET /.env', 'GET /.git/config', 'GET /credentials/keys', 'GET /credentials/htpasswd', 'GET /proxy/nginx.conf', 'GET /config/', 'POST /load',
  // Addresses of the proxies' own.
  'GET //check', 'GET //refusal', 'GET //password', 'GET //forbidden', 'GET /check', 'GET /refusal',
  'GET /api/blobs/sha256:abc', `GET /api/blobs/sha256:${'0'.repeat(64)}`, 'POST /api/blobs/sha256:../../x', `POST /api/blobs/sha256-${'0'.repeat(64)}`, `DELETE /api/blobs/sha256:${'0'.repeat(64)}`,
].flatMap((line) => {
  const [method = '', target = ''] = line.split(' ')
  const row = (who: Who, expect: number[]): Case => ({ id: `closed ${line} as ${who}`, who, method, target, expect, upstream: 'never' })
  return [row('stranger', [401]), row('user', [403]), row('admin', [403])]
})

export const routes: readonly Case[] = [...open, ...bodies, ...closed]
