// Reading a request and writing an answer, with errors in the shape of the path's API family.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export type Json = Record<string, unknown>

/** An error before the first byte of the answer. */
export class Refusal extends Error {
  status: number
  /** Fields beside `error`. Its presence asks for the native shape, whatever the path. */
  native: Json | undefined

  constructor(status: number, message: string, native?: Json) {
    super(message)
    this.status = status
    this.native = native
  }
}

/** Bytes of JSON kept for one request. Far above any real one, and below what a string can hold. */
const MOST = 400 << 20

/** Call it before anything asynchronous: the body is flowing. */
export function readJson(request: IncomingMessage): Promise<Json> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MOST) chunks.push(chunk)
      else chunks = []
    })
    request.once('close', () => reject(new Gone()))
    request.once('end', () => {
      if (size > MOST) return reject(new Refusal(500, 'the stand-in keeps no request of this size'))
      if (size === 0) return reject(new Refusal(400, 'missing request body'))
      try {
        const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) return resolve(value as Json)
        reject(new Refusal(400, 'json: cannot unmarshal into Go value of type api.Request'))
      } catch (error) {
        reject(new Refusal(400, `invalid request body: ${error instanceof Error ? error.message : String(error)}`))
      }
    })
  })
}

/** The client went away; there is nobody to tell. */
export class Gone extends Error {}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length }).end(body)
}

export function sendText(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text), ...headers }).end(text)
}

/** Writes one chunk at once; throws `Gone` when nobody reads any more. */
export async function sendChunk(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed) throw new Gone()
  if (response.write(text)) return
  await Promise.race([new Promise((resolve) => response.once('drain', resolve)), new Promise((resolve) => response.once('close', resolve))])
}

export const sendLine = (response: ServerResponse, value: unknown): Promise<void> => sendChunk(response, `${JSON.stringify(value)}\n`)

export const sendEvent = (response: ServerResponse, value: Json & { type: string }): Promise<void> =>
  sendChunk(response, `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`)

export async function pause(response: ServerResponse, milliseconds: number): Promise<void> {
  await sleep(milliseconds)
  if (response.destroyed) throw new Gone()
}

/** The same failure as each API family words it. */
export function errorBody(path: string, refusal: Refusal): Json {
  const { status, message, native } = refusal
  if (native || !path.startsWith('/v1/')) return { error: message, ...native }
  const kinds: Record<number, string> = { 400: 'invalid_request_error', 403: 'permission_error', 404: 'not_found_error' }
  if (path === '/v1/messages') return { type: 'error', error: { type: kinds[status] ?? 'api_error', message }, request_id: `req_${Date.now().toString(36)}` }
  return { error: { message, type: status === 403 ? 'api_error' : (kinds[status] ?? 'api_error'), param: null, code: null } }
}
