// One HTTP request as a client would send it: raw path, exact headers, our CA, a client
// certificate. No redirects, no cookies, no retries: the checks want to see what really comes.

import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import type { Login } from '../../stacks/stack.ts'
import { outOfTime } from './clock.ts'
import { StackError } from '../errors.ts'

export interface Door {
  /** What clients are told. */
  url: string
  /** Where it is reached from this machine. */
  connect: { host: string; port: number }
  /** What is trusted, PEM: a CA's certificate or the server's own; null for plain HTTP. */
  ca: string | null
}

export interface Ask {
  method?: string
  path: string
  login?: Login | undefined
  headers?: Record<string, string>
  body?: string
  agent?: http.Agent
  signal?: AbortSignal
  /** Milliseconds without a byte; 10 s unless told. */
  idle?: number
  tls?: { minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2'; maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'; ciphers?: string }
}

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

/** The other side ended the handshake: a refused certificate or protocol, not a network fault. */
export class TlsAlert extends Error {}

/** Resolves with the whole body. Throws TlsAlert, or E_NO_ANSWER when nothing answers. */
export async function ask(door: Door, request: Ask): Promise<Reply> {
  const response = await open(door, request)
  let body = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) body += chunk
  } catch (error) {
    throw explain(door, error)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

/** Resolves at the response head; the body streams. */
export function open(door: Door, request: Ask): Promise<http.IncomingMessage> {
  const url = new URL(door.url)
  const { method = 'GET', path, login, headers = {}, body, agent, signal, idle = 10_000 } = request
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const options: https.RequestOptions = {
    host: door.connect.host,
    port: door.connect.port,
    method,
    path,
    agent: agent ?? false,
    headers: {
      host: url.host,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...login?.headers,
      ...headers,
    },
    ...(signal ? { signal } : {}),
    ...(door.ca === null ? {} : tlsOptions(door.ca, name, request)),
  }
  return new Promise((resolve, reject) => {
    const outgoing = (door.ca === null ? http : https).request(options)
    outgoing.setTimeout(idle, () => outgoing.destroy(new Error(`no answer for ${idle / 1000} s`)))
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(explain(door, error)))
    outgoing.end(body)
  })
}

function tlsOptions(ca: string, name: string, { login, tls }: Ask): https.RequestOptions {
  return {
    ca,
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
    // Checked against the name that clients use, wherever we connect to.
    ...(isIP(name) ? { servername: '', checkServerIdentity: (_host, cert) => checkIp(name, cert) } : { servername: name }),
    ...(login?.cert && login.key ? { cert: login.cert, key: login.key } : {}),
    ...tls,
  }
}

/** Node sends no SNI for an address and would check the address that it connected to. */
function checkIp(ip: string, cert: { subjectaltname?: string }): Error | undefined {
  const names = cert.subjectaltname?.split(', ') ?? []
  return names.some((entry) => sameIp(entry.replace('IP Address:', ''), ip)) ? undefined : new Error(`the certificate doesn't name ${ip}`)
}

function sameIp(a: string, b: string): boolean {
  const plain = (ip: string): string => (isIP(ip) === 6 ? new URL(`http://[${ip}]`).hostname : ip)
  return plain(a) === plain(b)
}

function explain(door: Door, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (error.name === 'AbortError' || error instanceof StackError) return error
  const code = 'code' in error ? String(error.code) : ''
  const { host, port } = door.connect
  if (/^ERR_SSL_|^EPROTO$/.test(code)) return new TlsAlert(error.message, { cause: error })
  const late = outOfTime(error)
  if (late !== null) {
    return new StackError('E_CLOCK', `${host}:${port} can't be talked to: ${late}.`, {
      hint: 'If it is right, have the certificate renewed: ollama-stack up', cause: error,
    })
  }
  // A server that refuses a client certificate may reset before its alert is read.
  if (door.ca !== null && code === 'ECONNRESET') return new TlsAlert('connection reset during the handshake', { cause: error })
  return new StackError('E_NO_ANSWER', `Nothing usable answers at ${host}:${port}: ${error.message || code}.`, {
    hint: './ollama-stack status shows whether the stack runs, ./ollama-stack up starts it.',
    cause: error,
  })
}

/** Keeps one connection open between requests, to see what a logged-in client sees. */
export function keptAlive(door: Door): http.Agent & { opened: () => number } {
  let opened = 0
  const agent = new (door.ca === null ? http : https).Agent({ keepAlive: true, maxSockets: 1 })
  const create = agent.createConnection.bind(agent)
  agent.createConnection = ((...args: Parameters<typeof create>) => {
    opened++
    return create(...args)
  })
  return Object.assign(agent, { opened: () => opened })
}
