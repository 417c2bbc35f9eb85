// A request byte for byte as written, for what no well-behaved client would send.

import net from 'node:net'
import tls from 'node:tls'
import type { Login } from '../../stacks/stack.ts'
import type { Door } from '../../src/http.ts'

export interface RawReply {
  /** 0: the connection ended without an answer. */
  status: number
  /** Header lines, lower-case names; a name that came twice has both values. */
  headers: Map<string, string[]>
  body: string
  /** Everything that came, for requests that may be answered twice. */
  text: string
}

/** Sends `bytes` and reads until the server closes or has been silent for `quiet` ms after an answer. */
export function raw(door: Door, login: Login | null, bytes: string, quiet = 300): Promise<RawReply> {
  const name = new URL(door.url).hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket: net.Socket = door.ca === null
      ? net.connect(door.connect)
      : tls.connect({
          ...door.connect,
          ca: door.ca,
          ...(net.isIP(name) ? { checkServerIdentity: () => undefined } : { servername: name }),
          ...(login?.cert && login.key ? { cert: login.cert, key: login.key } : {}),
        })
    let text = ''
    let done = false
    const finish = (): void => {
      if (done) return
      done = true
      socket.destroy()
      resolve(parse(text))
    }
    socket.setEncoding('latin1')
    socket.setTimeout(5000, finish)
    socket.on(door.ca === null ? 'connect' : 'secureConnect', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\r\n\r\n')) socket.setTimeout(quiet)
    })
    socket.on('end', finish)
    socket.on('close', finish)
    socket.on('error', (error) => (text === '' && 'code' in error && error.code === 'ECONNREFUSED' ? reject(error) : finish()))
  })
}

function parse(text: string): RawReply {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0)
  let body = rest.join('\r\n\r\n')
  if (/chunked/i.test(headers.get('transfer-encoding')?.[0] ?? '')) body = unchunk(body)
  return { status, headers, body, text }
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
