// A request byte for byte as written, for what no well-behaved client would send.

import net from 'node:net'
import tls from 'node:tls'
import type { Login } from '../../stacks/stack.ts'
import type { Door } from '../net/http.ts'

export interface RawReply {
  /** 0: the connection ended without an answer. */
  status: number
  /** Header lines, lower-case names; a name that came twice has both values. */
  headers: Map<string, string[]>
  body: string
  /** The statuses of everything that came. */
  statuses: number[]
  /** The other side ended the connection. */
  closed: boolean
}

export interface RawOptions {
  signal?: AbortSignal
  /** So many milliseconds may pass before the first byte. */
  patience?: number
  /** So many milliseconds of silence after an answer are its end. */
  quiet?: number
  /** Whatever name is asked for in the handshake, in place of the stack's own. */
  servername?: string
}

/** Sends `bytes` and reads until the server closes or has been silent for a while. Rejects when nothing listens. */
export function raw(door: Door, login: Login | null, bytes: string, { signal, patience = 8000, quiet = 300, servername }: RawOptions = {}): Promise<RawReply> {
  const { protocol, hostname } = new URL(door.url)
  const name = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket: net.Socket = protocol === 'http:'
      ? net.connect(door.connect)
      : tls.connect({
          ...door.connect,
          ca: door.ca ?? undefined,
          allowPartialTrustChain: true,
          ...(servername !== undefined || net.isIP(name) ? { servername: servername ?? '', checkServerIdentity: () => undefined } : { servername: name }),
          ...(login?.cert && login.key ? { cert: login.cert, key: login.key } : {}),
        })
    let text = ''
    const finish = (closed: boolean): void => {
      signal?.removeEventListener('abort', stop)
      socket.destroy()
      resolve({ ...parse(text), closed })
    }
    const stop = (): void => {
      socket.destroy()
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', stop, { once: true })
    socket.setEncoding('latin1')
    socket.setTimeout(patience, () => finish(false))
    socket.on(protocol === 'http:' ? 'connect' : 'secureConnect', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\r\n\r\n')) socket.setTimeout(quiet)
    })
    socket.on('end', () => finish(true))
    socket.on('close', () => finish(true))
    // After a refusal the other side may reset what it hasn't read.
    socket.on('error', (error: NodeJS.ErrnoException) => (text === '' && error.code === 'ECONNREFUSED' ? reject(error) : finish(true)))
  })
}

/** What a socket said, as one or more answers. None of our bodies holds a status line. */
export function parse(text: string): Omit<RawReply, 'closed'> {
  // "Go on" is no answer yet; "switching protocols" would be one.
  const answers = text.replace(/^(?:HTTP\/1\.1 100 [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, '')
  const statuses = [...answers.matchAll(/HTTP\/\d\.\d (\d{3})/g)].map(([, status]) => Number(status))
  const [head = '', ...rest] = answers.split('\r\n\r\n')
  const headers = new Map<string, string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const after = rest.join('\r\n\r\n')
  const length = headers.get('content-length')?.[0]
  const body = /chunked/i.test(headers.get('transfer-encoding')?.[0] ?? '') ? unchunk(after) : after.slice(0, length === undefined ? undefined : Number(length))
  return { status: statuses[0] ?? 0, headers, body, statuses }
}

function unchunk(body: string): string {
  let out = ''
  for (let rest = body; ; ) {
    const match = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(rest)
    if (!match) return out
    const size = parseInt(match[1] ?? '0', 16)
    if (size === 0) return out
    out += rest.slice(match[0].length, match[0].length + size)
    rest = rest.slice(match[0].length + size + 2)
  }
}
