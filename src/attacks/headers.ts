// Headers by which a client claims what only the proxy may say, or would have it do.

import type { Case, Who } from './case.ts'

/** Whoever believes one of these lets anybody in. */
const CLAIMS: Record<string, string> = {
  'X-Remote-User': 'admin', 'Remote-User': 'admin', 'X-Forwarded-User': 'admin', 'X-Authenticated-User': 'admin', 'X-Auth-Request-User': 'admin', 'X-WEBAUTH-USER': 'admin', 'X-User': 'admin', 'X-Person': 'admin', 'X-Role': 'admin', 'X-Roles': 'admin', 'X-Need': 'user', 'X-Busy': '', 'X-Key-Id': 'admin',
  'X-Client-CN': 'admin', 'X-Client-Cert': 'CN=admin', 'X-SSL-Client-S-DN': 'CN=admin', 'X-SSL-Client-Verify': 'SUCCESS', 'X-Forwarded-Client-Cert': 'Subject="CN=admin"', 'X-Client-Verify': 'SUCCESS', 'Ssl-Client-Subject-Dn': 'CN=admin',
  'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '127.0.0.1', 'True-Client-IP': '127.0.0.1', 'CF-Connecting-IP': '127.0.0.1', 'X-Client-IP': '127.0.0.1', Forwarded: 'for=127.0.0.1;proto=https', Via: '1.1 localhost',
  'X-Original-URL': '/api/version', 'X-Rewrite-URL': '/api/version', 'X-Forwarded-Uri': '/api/version', 'X-Forwarded-Prefix': '/api', 'X-Forwarded-Method': 'GET', 'X-Accel-Redirect': '/api/pull', 'X-Sendfile': '/credentials/keys', Authentication: 'x', 'X-Authorization': 'x', Referer: 'http://localhost/', 'X-Requested-With': 'XMLHttpRequest',
}

const claims: Case[] = [
  { id: 'claims of a stranger', who: 'stranger', method: 'GET', target: '/api/tags', headers: CLAIMS, expect: [401], upstream: 'never' },
  { id: 'claims of a stranger, to pull', who: 'stranger', method: 'POST', target: '/api/pull', headers: CLAIMS, body: '{}', expect: [401], upstream: 'never' },
  { id: 'claims of a user, to pull', who: 'user', method: 'POST', target: '/api/pull', headers: CLAIMS, body: '{}', expect: [403], upstream: 'never' },
  { id: 'claims of a user', who: 'user', method: 'GET', target: '/api/version', headers: CLAIMS, expect: [200], upstream: 'once' },
  ...['kube-probe/1.30', 'ELB-HealthChecker/2.0', 'GoogleHC/1.0', 'curl/8.0 (healthcheck)', 'ollama/0.32 (amd64 linux) Go/go1.26'].map((agent): Case => ({
    // The agent tells requests apart, so this one comes second.
    id: `a stranger called ${agent}`, who: 'stranger', method: 'GET', target: '/', lines: [`User-Agent: ${agent}`], expect: [401], upstream: 'never',
  })),
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Uri', 'X-Forwarded-Path'].map((name): Case => ({
    id: `${name} says pull`, who: 'user', method: 'POST', target: '/api/show', headers: { [name]: '/api/pull' }, body: '{}', expect: [400, 404], upstream: 'once',
  })),
]

const passed = (id: string, headers: Record<string, string>, more: Partial<Case> = {}): Case => ({ id, who: 'user', method: 'GET', target: '/api/version', headers, expect: [200], upstream: 'once', ...more })

/** A good request; what it brings along stays with the proxy. */
const stripped: Case[] = [
  passed('cookies and other credentials', { Cookie: 'session=1', 'Proxy-Authorization': 'Basic eDp5', 'X-Auth-Token': 'x', 'Api-Key': 'x', 'X-CSRF-Token': 'x', Proxy: 'http://evil.example' }),
  passed('underscores', { Content_Length: '5', X_Forwarded_For: '1.1.1.1', X_Forwarded_Host: 'evil.example', Transfer_Encoding: 'chunked' }),
  passed('upgrade h2c', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA' }),
  passed('upgrade websocket', { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' }),
  passed('upgrade TLS', { Connection: 'Upgrade', Upgrade: 'TLS/1.2' }),
  passed('connection names authorization', { Connection: 'keep-alive, Authorization, X-Api-Key, Host' }, { front: [401] }),
  passed('connection close names authorization', { Connection: 'close, Authorization' }, { front: [401] }),
  passed("connection names the proxy's own headers", { Connection: 'close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Forwarded-Host, Host, Content-Length, User-Agent', 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6' }),
  passed('connection comes twice', {}, { lines: ['Connection: close', 'Connection: Authorization'], front: [401] }),
  passed('ranges and conditions', { Range: 'bytes=0-3', 'If-None-Match': '*', 'If-Modified-Since': 'Sat, 21 Nov 2026 12:00:00 GMT', 'Cache-Control': 'only-if-cached', 'Max-Forwards': '0', TE: 'trailers' }),
  passed('an encoding that would break streaming', { 'Accept-Encoding': 'gzip, br' }),
]

const upgraded: Case[] = (['stranger', 'user'] as const).map((who: Who) => ({
  id: `upgrade on a closed path as ${who}`, who, method: 'GET', target: '/api/pull', headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' }, expect: [who === 'user' ? 403 : 401], upstream: 'never',
}))

const big: Case[] = [
  { id: 'a header of 20 kB', who: 'user', method: 'GET', target: '/api/version', headers: { 'X-Big': 'x'.repeat(20_000) }, expect: [200], upstream: 'once' },
  { id: 'a header of 200 kB', who: 'user', method: 'GET', target: '/api/version', headers: { 'X-Big': 'x'.repeat(200_000) }, expect: [431], upstream: 'never', library: true },
  { id: '5,000 headers', who: 'user', method: 'GET', target: '/api/version', lines: Array.from({ length: 5000 }, (_, index) => `X-${index}: ${'x'.repeat(40)}`), expect: [400, 431], upstream: 'never', library: true, differs: 'some count headers, some their bytes' },
]

export const headers: readonly Case[] = [...claims, ...stripped, ...upgraded, ...big]
