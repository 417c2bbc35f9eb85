// The request matrix: one table, the same answers from every stack. Each case goes out with a
// User-Agent of its own, which is one of the few headers that reach Ollama, so what the recording
// stand-in saw can be told apart.

import { ROUTES } from '../../stacks/routes.ts'

export type Who = 'stranger' | 'user' | 'admin'

export interface Case {
  id: string
  who: Who
  method: string
  target: string
  headers?: Record<string, string>
  body?: string
  /** Any of these statuses. */
  expect: number[]
  /** Whether it may reach Ollama. If so, it must arrive once with the same method and target. */
  upstream: boolean
  /** Too broken to parse, so the HTTP library itself answers 400, with a body of its own. */
  unparsable?: true
  /** null sends none. */
  host?: string | null
  /** The one Access-Control-Allow-Origin of the answer; without it no Access-Control header at all. */
  allowed?: string
}

/** What Ollama itself may answer to a request that the proxy let through. */
const OLLAMA = [200, 201, 204, 400, 404, 405, 500]

const routes: Case[] = ROUTES.flatMap(({ method, path, role }) => {
  const body = method === 'POST' || method === 'DELETE' ? '{}' : undefined
  const row = (who: Who, expect: number[], upstream: boolean): Case => ({
    id: `route ${method} ${path} as ${who}`, who, method, target: path, ...(body ? { body } : {}), expect, upstream,
  })
  return [
    row('stranger', [401], false),
    role === 'admin' ? row('user', [403], false) : row('user', OLLAMA, true),
    row('admin', OLLAMA, true),
  ]
})

const closed: Case[] = [
  'POST /api/me', 'POST /api/signout', 'DELETE /api/user/keys/abc', 'POST /api/experimental/web_search', 'POST /api/experimental/web_fetch',
  'GET /api/experimental/model-recommendations', 'POST /api/some-later-endpoint', 'GET /v1/some-later-endpoint', 'GET /debug/pprof/', 'GET /metrics',
  'POST /api/tags', 'GET /api/pull', 'PUT /api/chat', 'PATCH /api/chat', 'TRACE /api/tags', 'FOO /api/tags', 'OPTIONS /api/tags', 'GET /api/blobs/sha256:abc',
].flatMap((line) => {
  const [method = '', target = ''] = line.split(' ')
  const rows = (who: Who, expect: number[]): Case => ({ id: `closed ${line} as ${who}`, who, method, target, expect, upstream: false })
  return [rows('stranger', [401, 405]), rows('user', [403, 405]), rows('admin', [403, 405])]
})

/** Each of these is routed or redirected to pull by Ollama, or might be. */
const spellings: Case[] = [
  '/api/pull/', '//api/pull', '/api//pull', '/api/./pull', '/./api/pull', '/api/x/../pull', '/api/tags/../pull', '/api/%70ull', '/api%2Fpull', '/api%2fpull',
  '/api/%2e/pull', '/api/%2e%2e/api/pull', '/api/tags%2f..%2fpull', '/api/pull;x=1', '/api/pull#/api/tags', '/api/pull%23', '/api/Pull', '/API/PULL',
  '/api/%2570ull', '/api%5cpull', '/api\\pull', '/api/%u0070ull', '/api/pull/%2e', '/%2e%2e/api/pull', '/api/pull%20', '/api/pull%0a', '/api/pull%0d%0a',
  '/api/pull%00', '/api/pull?x=1', '/api/tags%3f/../pull', '/v1/models/../../api/pull', '/v1/models/%2e%2e%2f%2e%2e%2fapi%2fpull', '/v1/models/..%2fpull',
].map((target) => ({
  id: `spelling POST ${target}`, who: 'user' as const, method: 'POST', target, body: '{}', expect: [400, 403, 404], upstream: false, ...(target.includes('%u') && { unparsable: true }),
}))

const oddButAllowedNames: Case[] = [
  '/api/%74ags', '//api/tags', '/api/./tags', '/api/tags/', '/API/tags', '/api/tags#x', '/api/tags%20', '/v1/models/', '/v1/models/a/b', '/v1//models',
].map((target) => ({ id: `spelling GET ${target}`, who: 'user' as const, method: 'GET', target, expect: [400, 403], upstream: false }))

const origins: Case[] = ['https://foreign.example', 'null', 'http://localhost', 'file://', 'https://FOREIGN.example'].flatMap((origin) => [
  { id: `origin ${origin} POST`, who: 'user' as const, method: 'POST', target: '/api/chat', headers: { Origin: origin, 'Content-Type': 'text/plain' }, body: '{"model":"x"}', expect: [403], upstream: false },
  { id: `origin ${origin} DELETE`, who: 'admin' as const, method: 'DELETE', target: '/api/delete', headers: { Origin: origin }, body: '{}', expect: [403], upstream: false },
  { id: `origin ${origin} GET`, who: 'user' as const, method: 'GET', target: '/api/tags', headers: { Origin: origin }, expect: [200, 403], upstream: true },
  { id: `origin ${origin} preflight`, who: 'stranger' as const, method: 'OPTIONS', target: '/api/chat', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' }, expect: [204, 403], upstream: false },
])

/** The stacks under test are made with `--origin https://app.example.com --origin 'onlyoffice://*'`. */
export const ORIGINS = ['https://app.example.com', 'onlyoffice://*']

const permitted: Case[] = ['https://app.example.com', 'onlyoffice://desktop', 'onlyoffice://'].flatMap((origin) => {
  const headers = { Origin: origin }
  const asks = { ...headers, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization, x-api-key, anthropic-version, x-stainless-os', 'Access-Control-Request-Private-Network': 'true' }
  return [
    { id: `allowed ${origin} preflight`, who: 'stranger' as const, method: 'OPTIONS', target: '/api/chat', headers: asks, expect: [204], upstream: false, allowed: origin },
    { id: `allowed ${origin} preflight with a body`, who: 'stranger' as const, method: 'OPTIONS', target: '/v1/messages', headers: asks, body: '{}', expect: [204], upstream: false, allowed: origin },
    { id: `allowed ${origin} preflight of a closed path`, who: 'stranger' as const, method: 'OPTIONS', target: '/api/me', headers: asks, expect: [204], upstream: false, allowed: origin },
    { id: `allowed ${origin} without a login`, who: 'stranger' as const, method: 'POST', target: '/api/chat', headers, body: '{}', expect: [401], upstream: false, allowed: origin },
    { id: `allowed ${origin} GET`, who: 'user' as const, method: 'GET', target: '/api/tags', headers, expect: [200], upstream: true, allowed: origin },
    { id: `allowed ${origin} POST`, who: 'user' as const, method: 'POST', target: '/api/show', headers: { ...headers, 'Content-Type': 'text/plain' }, body: '{}', expect: OLLAMA, upstream: true, allowed: origin },
    { id: `allowed ${origin} 403`, who: 'user' as const, method: 'POST', target: '/api/pull', headers, body: '{}', expect: [403], upstream: false, allowed: origin },
    { id: `allowed ${origin} 413`, who: 'user' as const, method: 'POST', target: '/api/show', headers: { ...headers, 'Content-Length': '200000000', Connection: 'close' }, expect: [413], upstream: false, allowed: origin },
    { id: `allowed ${origin} 421`, who: 'user' as const, method: 'GET', target: '/api/tags', headers, host: 'foreign.example', expect: [421], upstream: false, allowed: origin },
  ]
})

/** Near misses, each from a page that somebody else could have. */
const nearly: Case[] = [
  'https://app.example.com:8443', 'http://app.example.com', 'https://appXexample.com', 'https://app.example.com.evil.io', 'https://evilapp.example.com', 'https://APP.example.com', 'https://xn--pp-uia.example.com',
  'https://app.example.com/', 'https://app.example.com https://evil.io', 'https://evil.io,https://app.example.com', 'onlyoffice:desktop', 'xonlyoffice://desktop', 'https://a%0d%0aSet-Cookie:x=1', 'https://user@app.example.com',
].flatMap((origin) => [
  { id: `nearly ${origin} preflight`, who: 'stranger' as const, method: 'OPTIONS', target: '/api/chat', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' }, expect: [204, 403], upstream: false },
  { id: `nearly ${origin} POST`, who: 'user' as const, method: 'POST', target: '/api/chat', headers: { Origin: origin }, body: '{}', expect: [403], upstream: false },
])

const hosts: Case[] = ['foreign.example', 'localhost.foreign.example', 'foreign.example:8880', '169.254.169.254.foreign.example', '10.0.0.1.foreign.example', 'ollama', '-', 'localhost:foreign.example', 'localhost:x', 'localhost:999999', '[localhost', 'localhost]', '999.1.1.1'].map((host) => ({
  id: `host ${host}`, who: 'user' as const, method: 'GET', target: '/api/tags', host, expect: [400, 421], upstream: false,
}))

const knownHosts: Case[] = ['localhost', 'LOCALHOST:8880', '127.0.0.1', '192.168.77.5:8880', '[::1]', '[fe80::1]:8443', 'host.docker.internal'].map((host) => ({
  id: `host ${host}`, who: 'user' as const, method: 'GET', target: '/api/version', host, expect: [200], upstream: true,
}))

const stripped: Case[] = [
  { id: 'client headers', who: 'user', method: 'GET', target: '/api/version', expect: [200], upstream: true, headers: {
    Cookie: 'session=1', 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-User': 'admin', 'X-Remote-User': 'admin', 'X-Key-Id': 'admin', 'X-Client-CN': 'admin', 'X-SSL-Client-S-DN': 'CN=admin',
    'X-Original-URL': '/api/pull', 'X-Rewrite-URL': '/api/pull', 'X-HTTP-Method-Override': 'DELETE', Forwarded: 'for=6.6.6.6', 'Proxy-Authorization': 'Basic eDp5', Content_Length: '5', X_Forwarded_For: '1.1.1.1' } },
  { id: 'upgrade h2c', who: 'user', method: 'GET', target: '/api/version', expect: [200], upstream: true, headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA' } },
  { id: 'upgrade websocket', who: 'user', method: 'GET', target: '/api/version', expect: [200], upstream: true, headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' } },
  { id: 'connection names authorization', who: 'user', method: 'GET', target: '/api/version', expect: [200], upstream: true, headers: { Connection: 'keep-alive, Authorization, X-Api-Key, Host' } },
  { id: 'method override', who: 'user', method: 'POST', target: '/api/show', headers: { 'X-HTTP-Method-Override': 'DELETE' }, body: '{}', expect: OLLAMA, upstream: true },
]

const queryOk: Case[] = [
  { id: 'query kept', who: 'user', method: 'GET', target: '/api/tags?x=1&y=%2F..%2F', expect: [200], upstream: true },
  { id: 'key in query', who: 'stranger', method: 'GET', target: '/api/tags?access_token=abc', expect: [401], upstream: false },
]

export const CASES: readonly Case[] = [
  ...routes, ...closed, ...spellings, ...oddButAllowedNames, ...origins, ...permitted, ...nearly, ...hosts, ...knownHosts, ...stripped, ...queryOk,
]

/** Request headers that may reach Ollama, lower-case. Everything else is the proxy's to keep. */
export const MAY_ARRIVE = new Set([
  'host', 'connection', 'content-type', 'content-encoding', 'content-length', 'transfer-encoding', 'accept', 'accept-encoding', 'user-agent',
  'anthropic-version', 'anthropic-beta', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host',
])

export function bytesOf(test: Case, host: string, login: Record<string, string>, agent: string): string {
  const lines = [`${test.method} ${test.target} HTTP/1.1`]
  if (test.host !== null) lines.push(`Host: ${test.host ?? host}`)
  lines.push(`User-Agent: ${agent}`)
  for (const [name, value] of Object.entries({ ...login, ...test.headers })) lines.push(`${name}: ${value}`)
  if (test.body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(test.body)}`)
  if (!test.headers?.['Connection']) lines.push('Connection: close')
  return `${lines.join('\r\n')}\r\n\r\n${test.body ?? ''}`
}
