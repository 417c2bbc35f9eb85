// What the local door says when it can't do what was asked, as clients of the path's API family read it.

import type { ServerResponse } from 'node:http'
import { permission } from './headers.ts'

/** Names from OpenAI's and Anthropic's API references. */
const ANTHROPIC: Record<number, string> = { 401: 'authentication_error', 403: 'permission_error', 502: 'api_error' }

export function refuse(response: ServerResponse, path: string, { status, why }: { status: number; why: string }, origin: string | null = null): void {
  const body = JSON.stringify(shape(path, status, why))
  response.writeHead(status, [...permission(origin), 'Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))])
  response.end(body)
}

function shape(path: string, status: number, message: string): object {
  if (/^\/v1\/messages(?:[/?]|$)/.test(path)) return { type: 'error', error: { type: ANTHROPIC[status] ?? 'invalid_request_error', message } }
  if (!path.startsWith('/v1/')) return { error: message }
  return { error: { message, type: status >= 500 ? 'server_error' : status === 403 ? 'permission_error' : 'invalid_request_error', param: null, code: status === 401 ? 'invalid_api_key' : null } }
}
