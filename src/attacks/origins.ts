// Web pages: what an allowed one gets, and what all the others don't.

import { originPattern } from '../../stacks/origins.ts'
import { NO_MODEL, OLLAMA, type Case } from './case.ts'

const ASKS = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization, x-api-key, anthropic-version, x-stainless-os', 'Access-Control-Request-Private-Network': 'true' }

/** Of pages that nobody allowed. */
const FOREIGN = ['https://foreign.example', 'null', 'http://localhost', 'file://', 'https://FOREIGN.example', 'https://a%0d%0aSet-Cookie:x=1', 'chrome-extension://foreign', '*', 'https://*', 'x'.repeat(8000)]

function refused(origin: string): Case[] {
  const label = origin.slice(0, 60)
  const headers = { Origin: origin }
  return [
    { id: `origin ${label} preflight`, who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers: { ...headers, ...ASKS }, expect: [204], upstream: 'never' },
    { id: `origin ${label} preflight with a login`, who: 'user', method: 'OPTIONS', target: '/api/chat', headers: { ...headers, ...ASKS }, expect: [204], upstream: 'never' },
    // The browser attaches a password or certificate that it remembers, and asks nobody before a simple request.
    { id: `origin ${label} simple POST`, who: 'user', method: 'POST', target: '/api/chat', headers: { ...headers, 'Sec-Fetch-Site': 'cross-site', 'Content-Type': 'text/plain' }, body: NO_MODEL, expect: [403], upstream: 'never' },
    { id: `origin ${label} POST without a login`, who: 'stranger', method: 'POST', target: '/api/chat', headers, body: NO_MODEL, expect: [403], upstream: 'never' },
    { id: `origin ${label} DELETE`, who: 'admin', method: 'DELETE', target: '/api/delete', headers, body: '{}', expect: [403], upstream: 'never' },
    { id: `origin ${label} GET`, who: 'user', method: 'GET', target: '/api/tags', headers, expect: [200], upstream: 'once' },
    { id: `origin ${label} GET without a login`, who: 'stranger', method: 'GET', target: '/api/tags', headers, expect: [401], upstream: 'never' },
  ]
}

function permitted(origin: string): Case[] {
  const headers = { Origin: origin }
  const asks = { ...headers, ...ASKS }
  return [
    { id: `allowed ${origin} preflight`, who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers: asks, expect: [204], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} preflight with a body`, who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers: asks, body: '{}', expect: [204], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} preflight of a closed path`, who: 'stranger', method: 'OPTIONS', target: '/api/me', headers: asks, expect: [204], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} preflight with a login`, who: 'user', method: 'OPTIONS', target: '/api/chat', headers: asks, expect: [204], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} OPTIONS that is no preflight`, who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers, body: '{}', expect: [401], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} without a login`, who: 'stranger', method: 'POST', target: '/api/chat', headers, body: '{}', expect: [401], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} GET`, who: 'user', method: 'GET', target: '/api/tags', headers, expect: [200], upstream: 'once', allowed: origin },
    { id: `allowed ${origin} POST`, who: 'user', method: 'POST', target: '/api/show', headers: { ...headers, 'Content-Type': 'text/plain' }, body: '{}', expect: OLLAMA, upstream: 'once', allowed: origin },
    { id: `allowed ${origin} 403`, who: 'user', method: 'POST', target: '/api/pull', headers, body: '{}', expect: [403], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} 404`, who: 'user', method: 'POST', target: '/api/show', headers, body: NO_MODEL, expect: [404], upstream: 'once', allowed: origin },
    { id: `allowed ${origin} 413`, who: 'user', method: 'POST', target: '/api/show', headers: { ...headers, 'Content-Length': '200000000', Connection: 'close' }, expect: [413], upstream: 'never', allowed: origin },
    { id: `allowed ${origin} 421`, who: 'user', method: 'GET', target: '/api/tags', headers, host: 'foreign.example', expect: [421], upstream: 'never', allowed: origin },
  ]
}

/** Each a page that somebody else could have. */
function nearly(allowed: string): string[] {
  const [scheme = '', host = ''] = allowed.split('://')
  if (host === '*') return [`${scheme}:desktop`, `x${scheme}://desktop`, `${scheme}://desktop https://evil.example`, `${scheme}s://desktop`]
  const [first = '', ...rest] = host.split('.')
  return [
    `${allowed}:8443`, `${allowed}:443`, `${scheme === 'https' ? 'http' : 'https'}://${host}`, `${scheme}://${host.replace('.', 'X')}`, `${allowed}.evil.example`, `${scheme}://evil${host}`, `${scheme}://evil.${host}`, `${scheme}://${host.toUpperCase()}`,
    `${scheme}://xn--${first}-uia.${rest.join('.')}`, `${allowed}/`, `${allowed}.`, `${allowed}%00`, `${allowed} https://evil.example`, `https://evil.example ${allowed}`, `https://evil.example,${allowed}`, `${allowed},https://evil.example`, `https://evil.example#${allowed}`,
    `${scheme}://user@${host}`, `https://evil.example/?${allowed}`, `${allowed}@evil.example`, `"${allowed}"`,
  ].filter((origin) => origin !== allowed)
}

/** `allowed` as in `--origin`. */
export function origins(allowed: readonly string[]): Case[] {
  const good = allowed.flatMap((one) => (one.endsWith('://*') ? [one.replace('*', 'desktop'), one.replace('*', '')] : [one]))
  const pattern = allowed.length === 0 ? null : new RegExp(originPattern(allowed))
  const foreign = new Set([...FOREIGN, ...allowed.flatMap(nearly)].filter((origin) => !pattern?.test(origin)))
  const [first] = good
  const twice: Case[] = first === undefined ? [] : [[first, 'https://evil.example'], ['https://evil.example', first]].map((pair): Case => ({
    id: `two origins, ${pair[0]} first`, who: 'user', method: 'POST', target: '/api/chat', lines: pair.map((origin) => `Origin: ${origin}`), body: NO_MODEL, expect: [400, 403], upstream: 'never',
  }))
  return [
    ...[...foreign].flatMap(refused),
    ...good.flatMap(permitted),
    ...twice,
    { id: 'OPTIONS without an origin', who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers: { 'Access-Control-Request-Method': 'POST' }, body: '{}', expect: [401], upstream: 'never' },
    { id: 'OPTIONS without an origin, with a login', who: 'user', method: 'OPTIONS', target: '/api/chat', headers: { 'Access-Control-Request-Method': 'POST' }, expect: [403], upstream: 'never' },
    { id: 'preflight for a foreign name', who: 'stranger', method: 'OPTIONS', target: '/api/chat', headers: { Origin: 'https://foreign.example', ...ASKS }, host: 'foreign.example', expect: [421], upstream: 'never' },
  ]
}
