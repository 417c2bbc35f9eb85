// For the tests of `connect`: plain servers in the place of a stack, and raw connections to the local door.

import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { listen } from '../../src/forward/listen.ts'
import { forwarder, type Forwarding, type Served } from '../../src/forward/proxy.ts'
import { targetOf } from '../../src/forward/target.ts'

const closing: (() => void)[] = []

/** After each test. */
export function closeAll(): void {
  for (const close of closing.splice(0)) close()
}

/** A server on 127.0.0.1; its URL. */
export async function fake(handler: http.RequestListener, tls?: https.ServerOptions, port = 0): Promise<{ url: string; server: http.Server; close(): void }> {
  const server = tls === undefined ? http.createServer(handler) : https.createServer(tls, handler)
  // The other side may hang up during the handshake: that is what is tested.
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const close = (): void => { server.close(); server.closeAllConnections() }
  closing.push(close)
  return { url: `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`, server, close }
}

export interface Opened {
  url: string
  port: number
  served: Served[]
  troubles: string[]
}

/** The local door to `url`, on a port of its own. */
export async function opened(url: string, more: Partial<Forwarding> = {}): Promise<Opened> {
  const served: Served[] = []
  const troubles: string[] = []
  const { handler, close } = forwarder({
    target: targetOf(url), headers: { authorization: 'Bearer secret' }, identity: {}, ca: null, origins: [],
    onServed: (one) => served.push(one), onTrouble: ({ code }) => troubles.push(code), ...more,
  })
  const door = await listen(['127.0.0.1'], 0, handler)
  closing.push(() => { door.close(); close() })
  const [at = ''] = door.urls
  return { url: at, port: Number(new URL(at).port), served, troubles }
}

/** Sends these bytes, and resolves with all that comes until the connection ends or is silent for `quiet` ms. `reset`: it was torn down. */
export function raw(port: number, bytes: string, quiet = 300): Promise<{ text: string; reset: boolean; ended: boolean }> {
  return new Promise((resolve) => {
    let text = ''
    let reset = false
    let ended = false
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('latin1').setTimeout(quiet, () => socket.destroy())
    socket.on('data', (part: string) => (text += part))
    socket.on('end', () => (ended = true))
    socket.on('error', () => (reset = true))
    socket.on('close', () => resolve({ text, reset, ended }))
  })
}

export async function until(done: () => boolean, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !done(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${done}`)
  }
}
