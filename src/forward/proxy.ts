// One request of a local program, handed on with the login: bytes as they come, both ways, at the
// pace of the slower side. When one side goes, the other one ends at once.

import http from 'node:http'
import https from 'node:https'
import { Socket } from 'node:net'
import type { Problem } from '../errors.ts'
import { gate } from './gate.ts'
import { preflightHeaders, requestHeaders, responseHeaders } from './headers.ts'
import { refuse } from './refusal.ts'
import { isSafeFrom, type Target } from './target.ts'
import { trusting, type Identity } from './trust.ts'
import { unreachable } from './words.ts'

export interface Served {
  method: string
  /** Without the query, where somebody may have put a key. */
  path: string
  status: number
  /** Milliseconds until the last byte. */
  ms: number
  /** Who went away before the end, if anybody. */
  cut: 'client' | 'server' | null
}

export interface Forwarding {
  target: Target
  headers: Record<string, string>
  identity: Identity
  /** PEM; null: what this machine trusts. */
  ca: string | null
  origins: readonly string[]
  onServed(served: Served): void
  /** The stack couldn't be reached, or refused the login. */
  onTrouble(trouble: Problem): void
}

/** Below the 75 s after which the stack closes idle connections, and short, since a laptop that slept finds them dead. */
const KEEP_MS = 15_000
const CONNECT_MS = 10_000
/** After so much silence TCP asks whether the other side is still there. */
const PROBE_MS = 20_000

/** An answer may take an hour to begin, so nothing but connecting has a limit; a dead peer is found by TCP. */
export function agentFor({ target, identity, ca }: Pick<Forwarding, 'target' | 'identity' | 'ca'>, keepMs = KEEP_MS, isSafe = isSafeFrom): http.Agent {
  const kept = { keepAlive: true, keepAliveMsecs: PROBE_MS, timeout: keepMs }
  // Said here, since a variable of the environment would turn it off.
  if (target.tls) return new https.Agent({ ...kept, ...identity, ...trusting(ca), rejectUnauthorized: true })
  return target.insecure ? new http.Agent(kept) : new WatchedAgent(kept, isSafe)
}

/** A VPN may be off by now, and a name lead elsewhere: each connection is looked at before a byte is sent. */
class WatchedAgent extends http.Agent {
  readonly #isSafe: (source: string) => boolean

  constructor(options: http.AgentOptions, isSafe: (source: string) => boolean) {
    super(options)
    this.#isSafe = isSafe
  }

  override createConnection(...how: Parameters<http.Agent['createConnection']>): ReturnType<http.Agent['createConnection']> {
    const socket = super.createConnection(...how)
    // First in line: what is to be written waits for the same event.
    if (socket instanceof Socket) socket.once('connect', () => {
      if (!this.#isSafe(socket.localAddress ?? '')) socket.destroy(Object.assign(new Error('others could read it'), { code: 'E_INSECURE_HTTP' }))
    })
    return socket
  }
}

interface Call {
  incoming: http.IncomingMessage
  response: http.ServerResponse
  /** The page that may read the answer. */
  origin: string | null
  cut: Served['cut']
}

export function forwarder(options: Forwarding): { handler: http.RequestListener; close(): void } {
  const judge = gate(options.origins)
  const agent = agentFor(options)
  const handler: http.RequestListener = (incoming, response) => {
    const call: Call = { incoming, response, origin: null, cut: null }
    report(call, options)
    const verdict = judge(incoming)
    if ('status' in verdict) return refuse(response, pathOf(incoming), verdict)
    call.origin = verdict.origin
    if (verdict.origin !== null && incoming.method === 'OPTIONS') return void response.writeHead(204, preflightHeaders(incoming, verdict.origin)).end()
    relay(call, agent, options)
  }
  return { handler, close: () => agent.destroy() }
}

const pathOf = ({ url = '/' }: http.IncomingMessage): string => url.replace(/[?#].*$/s, '')

function report(call: Call, { onServed }: Forwarding): void {
  const { incoming, response } = call
  const started = performance.now()
  response.on('close', () => {
    if (!response.writableFinished) call.cut ??= 'client'
    onServed({ method: incoming.method ?? '', path: pathOf(incoming), status: response.headersSent ? response.statusCode : 0, ms: performance.now() - started, cut: call.cut })
  })
}

/** `again`: a second attempt, which is the last one. */
function relay(call: Call, agent: http.Agent, options: Forwarding, again = false): void {
  const { incoming, response, origin } = call
  const { target, ca, headers, onTrouble } = options
  const { method = 'GET', url: path = '/' } = incoming
  const fail = (error: unknown): void => {
    if (response.destroyed) return
    const trouble = unreachable(target, error, ca !== null)
    onTrouble(trouble)
    refuse(response, path, { status: 502, why: `${trouble.message} ${trouble.hint}` }, origin)
  }
  let outgoing: http.ClientRequest
  try {
    outgoing = (target.tls ? https : http).request({ host: target.host, port: target.port, method, path, agent, headers: requestHeaders(incoming, target, headers) })
  } catch {
    return refuse(response, path, { status: 400, why: 'The request is malformed.' }, origin)
  }
  const hasBody = incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0
  let settled = false
  const clientGone = (): void => { if (!response.writableFinished) outgoing.destroy() }
  response.once('close', clientGone)
  outgoing.setSocketKeepAlive(true, PROBE_MS)
  outgoing.on('socket', (socket) => limitConnecting(outgoing, socket, target.tls))
  outgoing.on('response', (answer) => {
    settled = true
    handBack(call, answer, options)
  })
  outgoing.on('error', (error) => {
    if (settled) return
    settled = true
    response.off('close', clientGone)
    // The stack closed a kept connection in this very moment. Asked again, unless that could do something twice.
    if (!again && outgoing.reusedSocket && !hasBody && /^(?:GET|HEAD)$/.test(method)) relay(call, agent, options, true)
    else fail(error)
  })
  outgoing.on('close', () => {
    if (!settled) fail(Object.assign(new Error('no answer'), { code: 'ECONNRESET' }))
  })
  if (!hasBody) return void outgoing.end()
  // Node would wait for the first byte of the body.
  outgoing.flushHeaders()
  incoming.pipe(outgoing)
}

function handBack(call: Call, answer: http.IncomingMessage, { target, onTrouble }: Forwarding): void {
  const { incoming, response, origin } = call
  // What local programs hold isn't the login; nor could they send another one.
  if (answer.statusCode === 401) {
    answer.resume()
    const trouble = loginRefused(target)
    onTrouble(trouble)
    return refuse(response, pathOf(incoming), { status: 401, why: `${trouble.message} ${trouble.hint}` }, origin)
  }
  answer.on('error', () => {}) // It is 'close' that tells.
  answer.on('close', () => {
    if (answer.complete || response.destroyed) return
    call.cut = 'server'
    // An answer cut off must not look like a whole one; before HTTP/1.1 the end of the connection was the end of the answer.
    if (incoming.httpVersion === '1.1') response.destroy()
    else response.socket?.resetAndDestroy()
  })
  response.writeHead(answer.statusCode ?? 502, responseHeaders(answer, origin))
  response.flushHeaders()
  answer.pipe(response)
}

function limitConnecting(outgoing: http.ClientRequest, socket: NodeJS.EventEmitter, tls: boolean): void {
  if (outgoing.reusedSocket) return
  const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error('no connection within 10 s'), { code: 'ETIMEDOUT' })), CONNECT_MS)
  const clear = (): void => clearTimeout(timer)
  socket.once(tls ? 'secureConnect' : 'connect', clear)
  outgoing.once('close', clear)
}

function loginRefused({ url }: Target): Problem {
  return {
    code: 'E_LOGIN',
    message: 'The stack refuses the login that ollama-stack connect was started with: it was changed or has ended.',
    hint: `Ask the owner for a new one, then: ollama-stack connect ${url}`,
  }
}
