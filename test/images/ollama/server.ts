// The server: gin's order of things (redirect, then CORS, then Host, then the route), on Node.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { messages } from './anthropic.ts'
import { errorBody, Gone, Refusal, sendJson, sendText } from './answer.ts'
import { cors, corsRules, hostAllowed } from './cors.ts'
import type { Settings } from './environment.ts'
import { createHeads, type Head, type Heads } from './heads.ts'
import type { Loaded } from './inference.ts'
import { ensureKeys, signInUrl } from './keys.ts'
import { accessLine, type Log } from './log.ts'
import * as manage from './manage.ts'
import * as native from './native.ts'
import * as openai from './openai.ts'
import { pull } from './pull.ts'
import { find, type Found, type Route } from './routes.ts'
import { openStore, type Store } from './store.ts'

export interface Standin {
  settings: Settings
  store: Store
  loaded: Map<string, Loaded>
  heads: Heads
  signIn: string
  /** Milliseconds between two words; pulls are faster in the same measure. */
  gap: number
}

export interface Call {
  request: IncomingMessage
  response: ServerResponse
  standin: Standin
  /** The open segment of the route's path, decoded. */
  param: string
}

type Handler = (call: Call) => void | Promise<void>

const running: Handler = ({ response }) => sendText(response, 200, 'Ollama is running', { 'Content-Type': 'text/plain; charset=utf-8' })
const version: Handler = ({ response }) => sendJson(response, 200, { version: VERSION })

export const USUAL_GAP = 30

/** Set when the image is built, from its tag. */
export const VERSION = process.env.STANDIN_VERSION ?? '0.0.0'

const HANDLERS: Record<Route, Handler> = {
  'HEAD /': running, 'GET /': running,
  'HEAD /api/version': version, 'GET /api/version': version,
  'GET /api/status': manage.status,
  'HEAD /api/tags': native.tags, 'GET /api/tags': native.tags, 'GET /api/ps': native.ps, 'POST /api/show': manage.show,
  'POST /api/pull': pull, 'POST /api/push': manage.push, 'POST /api/create': manage.create, 'POST /api/copy': manage.copy, 'DELETE /api/delete': manage.remove,
  'HEAD /api/blobs/:digest': manage.blobHead, 'POST /api/blobs/:digest': manage.blobUpload,
  'POST /api/me': manage.me, 'POST /api/signout': manage.signout, 'DELETE /api/user/keys/:encodedKey': manage.signout,
  'POST /api/experimental/web_search': manage.webSearch, 'POST /api/experimental/web_fetch': manage.webFetch,
  'GET /api/experimental/model-recommendations': ({ response }) => sendJson(response, 200, { recommendations: [] }),
  'POST /api/generate': native.generate, 'POST /api/chat': native.chat, 'POST /api/embed': native.embed, 'POST /api/embeddings': native.embeddings,
  'POST /v1/chat/completions': openai.chatCompletions, 'POST /v1/completions': openai.completions, 'POST /v1/embeddings': openai.openaiEmbeddings,
  'POST /v1/responses': openai.responses, 'POST /v1/audio/transcriptions': openai.transcriptions,
  'GET /v1/models': openai.models, 'GET /v1/models/:model': openai.modelByName, 'POST /v1/messages': messages,
}

/** Go adds a page for those who only look, and nothing for those who send. */
function redirect(method: string, response: ServerResponse, { status, location }: Extract<Found, { kind: 'redirect' }>): void {
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(status, { Location: location, 'Content-Length': 0 }).end()
  const words = status === 301 ? 'Moved Permanently' : 'Temporary Redirect'
  sendText(response, status, `<a href="${location.replaceAll('&', '&amp;')}">${words}</a>.\n\n`, { Location: location, 'Content-Type': 'text/html; charset=utf-8' })
}

/** Throws in the words to print when it can't start. Not yet listening. */
export function createStandin(settings: Settings, log: Log, gap = USUAL_GAP): { server: Server; standin: Standin } {
  const rules = corsRules(settings.origins)
  const signIn = signInUrl(ensureKeys(settings.keys, log.line))
  const standin: Standin = { settings, store: openStore(settings.models, settings.noPrune), loaded: new Map(), heads: createHeads(), signIn, gap }
  const guarded = isIP(settings.host) ? /^127\.|^::1$/.test(settings.host) : settings.host === 'localhost'

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const start = performance.now()
    const { method = '', url: target = '' } = request
    const head: Head = { method, target, headers: request.rawHeaders, body: 0 }
    standin.heads.add(head)
    request.on('data', (chunk: Buffer) => (head.body += chunk.length))
    const address = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
    const found = find(method, target, request.headers['x-forwarded-prefix'] as string | undefined)

    if (found.kind === 'server') return void response.writeHead(200, { 'Content-Length': 0 }).end()
    const refuse = (status: number, text: string): void => sendText(response, status, text, { Connection: 'close', 'Content-Type': 'text/plain; charset=utf-8' })
    if (found.kind === 'malformed') return refuse(400, '400 Bad Request')
    if ((request.headers['transfer-encoding'] ?? 'chunked') !== 'chunked') return refuse(501, 'Unsupported transfer encoding')
    if (found.kind === 'redirect') return redirect(method, response, found)
    response.once('close', () => log.line(accessLine(response.statusCode, performance.now() - start, address, method, target)))

    if (found.kind === 'method') response.setHeader('Allow', found.allow)
    const verdict = cors(rules, request)
    for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
    if (verdict.status) return void response.writeHead(verdict.status, verdict.status === 204 ? {} : { 'Content-Length': 0 }).end()
    if (guarded && !hostAllowed(request.headers.host ?? '')) return void response.writeHead(403, { 'Content-Length': 0 }).end()
    if (found.kind === 'method') return sendText(response, 405, '405 method not allowed')
    if (found.kind === 'missing') return sendText(response, 404, '404 page not found')

    const path = found.route.slice(found.route.indexOf(' ') + 1)
    const fail = (error: unknown): void => {
      if (error instanceof Gone || response.destroyed) return void response.destroy()
      const refusal = error instanceof Refusal ? error : new Refusal(500, error instanceof Error ? error.message : String(error))
      // Too late for a status: cut the connection, so that nobody takes the rest for the whole.
      if (response.headersSent) return void response.destroy()
      sendJson(response, refusal.status, errorBody(path, refusal))
    }
    try {
      Promise.resolve(HANDLERS[found.route]({ request, response, standin, param: found.param })).catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  // Go's server has none of Node's time limits, and a proxy that keeps connections must not be hung up on.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, maxHeaderSize: 1 << 20 }, serve)
  // Node hands CONNECT over as a bare socket; Ollama has no such route.
  server.on('connect', (request: IncomingMessage, socket: NodeJS.WritableStream) => {
    standin.heads.add({ method: 'CONNECT', target: request.url ?? '', headers: request.rawHeaders, body: 0 })
    socket.end('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\nConnection: close\r\n\r\n404 page not found')
  })
  return { server, standin }
}
