// Which headers go through. Raw headers, as Node has them: name, value, name, value.

import type { IncomingMessage } from 'node:http'
import type { Target } from './target.ts'

/**
 * These and no others: the caller's own credential, cookies, Origin, Upgrade and whatever belongs to
 * one connection stay here by construction. The stack hands on the same ones to Ollama.
 */
const REQUEST = ['accept', 'content-type', 'content-encoding', 'content-length', 'user-agent', 'anthropic-version', 'anthropic-beta'] as const

export function requestHeaders({ headers }: Pick<IncomingMessage, 'headers'>, target: Target, login: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = { host: new URL(target.url).host }
  for (const name of REQUEST) {
    const value = headers[name]
    if (typeof value === 'string') out[name] = value
  }
  // As it came, so that Node frames the body for any method: it wouldn't for GET or DELETE, and a
  // body without a frame is the next request.
  if (headers['transfer-encoding'] !== undefined) {
    delete out['content-length']
    out['transfer-encoding'] = 'chunked'
  }
  return { ...out, ...login }
}

/** Of one connection (RFC 9110, 7.6.1), of the stack's own door, or nothing for who talks to localhost. */
const DROPPED = /^(?:connection|keep-alive|proxy-.*|transfer-encoding|te|trailer|upgrade|via|www-authenticate|set-cookie2?|strict-transport-security|alt-svc|access-control-.*|vary|server)$/

export function responseHeaders({ rawHeaders, headers }: Pick<IncomingMessage, 'rawHeaders' | 'headers'>, origin: string | null): string[] {
  const named = new Set((headers.connection ?? '').toLowerCase().split(',').map((name) => name.trim()))
  const out: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (!DROPPED.test(name) && !named.has(name)) out.push(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  }
  return [...out, ...permission(origin)]
}

/** For a browser: this page may read the answer. And a mark by which another `connect` knows this one. */
export function permission(origin: string | null): string[] {
  const cors = origin === null ? [] : ['Access-Control-Allow-Origin', origin]
  return ['Via', `1.1 ${MARK}`, 'Vary', 'Origin', ...cors]
}

export const MARK = 'ollama-stack-connect'

/** The answer to a preflight of an allowed page, as a bare Ollama gives it. */
export function preflightHeaders({ headers }: Pick<IncomingMessage, 'headers'>, origin: string): string[] {
  const asked = headers['access-control-request-headers'] ?? ''
  return [
    ...permission(origin),
    'Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE',
    ...(/^[A-Za-z0-9, _-]{1,1000}$/.test(asked) ? ['Access-Control-Allow-Headers', asked] : []),
    ...(headers['access-control-request-private-network'] === 'true' ? ['Access-Control-Allow-Private-Network', 'true'] : []),
    'Access-Control-Max-Age', '600',
  ]
}
