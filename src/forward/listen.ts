// The local door itself: where it listens, and who sits there if it can't.

import http from 'node:http'
import { processOn } from '../engine/ports.ts'
import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { codeOf, StackError } from '../errors.ts'
import { MARK } from './headers.ts'
import { freePort } from '../net/port-free.ts'
import { quoted } from '../ui/quoted.ts'

/**
 * Listens on all of `addresses`; of the two loopback addresses one may be missing. Throws E_PORT_TAKEN and E_BIND.
 * Strict parsing: what Node's parser didn't understand never goes on.
 */
export async function listen(addresses: readonly string[], port: number, handler: http.RequestListener): Promise<{ urls: string[]; close(): void }> {
  const servers: http.Server[] = []
  const close = (): void => servers.forEach((server) => { server.close(); server.closeAllConnections() })
  const urls: string[] = []
  try {
    for (const address of addresses) {
      const server = http.createServer({ insecureHTTPParser: false, maxHeaderSize: 64 * 1024, requestTimeout: 0, keepAliveTimeout: 75_000, noDelay: true }, handler)
      // A tunnel to wherever the caller likes: no. (Upgrade needs no handler: without one Node ignores it.)
      server.on('connect', (_request, socket) => socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))
      try {
        await opened(server, address, port)
      } catch (error) {
        const code = codeOf(error)
        // A machine without IPv6.
        if (address === '::1' && urls.length > 0 && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) continue
        throw await explain(error, address, port)
      }
      servers.push(server)
      const at = server.address()
      urls.push(urlOf(address, typeof at === 'object' && at !== null ? at.port : port))
    }
    return { urls, close }
  } catch (error) {
    close()
    throw error
  }
}

const urlOf = (address: string, port: number): string => `http://${address.includes(':') ? `[${address}]` : address}:${port}`

function opened(server: http.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function explain(cause: unknown, address: string, port: number): Promise<unknown> {
  const code = codeOf(cause)
  if (code === 'EADDRNOTAVAIL') return new StackError('E_BIND', `${address} is not an address of this machine.`, { hint: 'Give one that is, or leave --bind out.', cause })
  if (code === 'EACCES') return new StackError('E_PORT', `Only root may listen on port ${port}.`, { hint: `Give one from 1024 up: --port ${OLLAMA_PORT}`, cause })
  if (code !== 'EADDRINUSE') return cause
  const free = await freePort(address, port + 1)
  return new StackError('E_PORT_TAKEN', `Port ${port} of ${address} is taken: ${await whoHas(address, port)}.`, {
    hint: `Stop it, or take another port: --port ${free}, and tell the tools: OLLAMA_HOST=127.0.0.1:${free}`,
    cause,
  })
}

/** Asked over HTTP, then of the system. */
async function whoHas(address: string, port: number): Promise<string> {
  const asked = await version(address, port)
  if (asked?.via.includes(MARK)) return 'another ollama-stack connect listens there'
  if (asked?.ollama) return `an Ollama of this machine listens there (version ${asked.ollama})`
  const owner = process.platform === 'linux' ? await processOn(address, port) : null
  return owner !== null && owner.name !== '' ? `the program ${quoted(owner.name).slice(1, -1)} (process ${owner.pid}) listens there` : 'another program listens there'
}

function version(host: string, port: number): Promise<{ via: string; ollama: string } | null> {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path: '/api/version', agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { if (body.length < 1000) body += text })
      response.on('close', () => resolve({ via: response.headers.via ?? '', ollama: /^\{"version":"([\w.+-]+)"\}\s*$/.exec(body)?.[1] ?? '' }))
      response.on('error', () => resolve(null))
    })
    // Whatever is there may speak without an end.
    const most = setTimeout(() => request.destroy(), 1500)
    request.on('close', () => clearTimeout(most))
    request.on('error', () => resolve(null))
  })
}
