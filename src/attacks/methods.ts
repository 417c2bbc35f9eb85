// Methods that a route doesn't have, and words that are no method at all.

import { NO_MODEL, type Case, type Who } from './case.ts'

const known: Case[] = [
  'POST /api/tags', 'GET /api/pull', 'GET /api/delete', 'POST /api/delete', 'DELETE /api/pull', 'DELETE /', 'POST /', 'GET /api/chat', 'HEAD /api/chat', 'HEAD /api/ps', 'HEAD /v1/models',
  'PUT /api/chat', 'PATCH /api/chat', 'PUT /api/pull', 'OPTIONS /api/tags', 'OPTIONS /api/pull', 'PROPFIND /', 'MKCOL /x', 'COPY /api/tags', 'MOVE /api/tags', 'LOCK /api/tags', 'SEARCH /api/tags', 'PURGE /api/tags',
  'FOO /api/tags', 'QUERY /api/tags', 'GETS /api/tags', 'GE /api/tags', 'POSTX /api/pull', 'X_POST /api/pull', 'BASELINE-CONTROL /api/tags',
].flatMap((line) => {
  const [method = '', target = ''] = line.split(' ')
  const row = (who: Who, expect: number[]): Case => ({ id: `method ${line} as ${who}`, who, method, target, expect, upstream: 'never' })
  return [row('stranger', [401]), row('user', [403]), row('admin', [403])]
})

const LIBRARY = "nginx reads only capitals as a method and answers 400 by itself; Go takes any word, and the stack's allowlist refuses it"

const TUNNEL = 'nginx answers 400 to a target without a slash by itself, 405 to any other CONNECT'
const STAR = 'nginx answers 400 to a target without a slash by itself, Go 200 and nothing else to OPTIONS *'

const odd: Case[] = [
  ...['get /api/tags', 'Post /api/pull', 'pull /api/pull', 'GET\t/api/tags', '{} /api/tags', 'GET: /api/tags'].map((line): Case => ({
    id: `method ${JSON.stringify(line)}`, who: 'user', method: '', target: '', first: `${line} HTTP/1.1`, expect: [400, 403], upstream: 'never', library: true, differs: LIBRARY,
  })),
  // The body of a trace would be the request, credential included.
  ...(['stranger', 'user', 'admin'] as const).map((who): Case => ({ id: `method TRACE as ${who}`, who, method: 'TRACE', target: '/api/tags', expect: [405], upstream: 'never' })),
  { id: 'method of 200 letters', who: 'user', method: '', target: '', first: `${'A'.repeat(200)} /api/tags HTTP/1.1`, expect: [403, 405], upstream: 'never', differs: 'Caddy refuses so long a word by itself' },
  ...['127.0.0.1:22', 'ollama-api:11434', 'localhost:11434', '/api/pull'].flatMap((target): Case[] => [
    { id: `method CONNECT ${target} as stranger`, who: 'stranger', method: 'CONNECT', target, expect: [400, 405], upstream: 'never', library: true, differs: TUNNEL },
    { id: `method CONNECT ${target}`, who: 'user', method: 'CONNECT', target, body: NO_MODEL, expect: [400, 405], upstream: 'never', library: true, differs: TUNNEL },
  ]),
  { id: 'method OPTIONS *', who: 'user', method: 'OPTIONS', target: '*', expect: [200, 400], upstream: 'never', library: true, differs: STAR },
  { id: 'method OPTIONS * as stranger', who: 'stranger', method: 'OPTIONS', target: '*', expect: [200, 400], upstream: 'never', library: true, differs: STAR },
  ...['DELETE', 'PUT', 'GET'].map((override): Case => ({
    id: `method override ${override}`, who: 'user', method: 'POST', target: '/api/show', headers: { 'X-HTTP-Method-Override': override, 'X-HTTP-Method': override, 'X-Method-Override': override }, body: '{}', expect: [400, 404], upstream: 'once',
  })),
  { id: 'method override in the query', who: 'user', method: 'POST', target: '/api/show?_method=DELETE', body: '{}', expect: [400, 404], upstream: 'once' },
]

export const methods: readonly Case[] = [...known, ...odd]
