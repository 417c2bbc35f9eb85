// One way to the server of stamps.mjs, and what is heard on it. Connections are kept, as an SDK keeps them.

import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'

/** What a login gives a client. */
export interface Client {
  headers?: Record<string, string>
  ca?: string
  cert?: string
  key?: string
}

/** Milliseconds. */
export interface Heard {
  /** From the request to the first byte of the answer's body. */
  first: number
  /** From when a piece was sent to when it was read. */
  delays: number[]
  gaps: number[]
}

const ASK = JSON.stringify({ model: 'm', max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] })

export class Streamer {
  readonly #url: URL
  readonly #headers: Record<string, string>
  readonly #agent: http.Agent

  constructor(url: string, { headers = {}, ...tls }: Client) {
    this.#url = new URL(url)
    this.#headers = headers
    const kept = { keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity }
    // The container has another address than the certificate says.
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent({ ...kept, ...tls, checkServerIdentity: () => undefined }) : new http.Agent(kept)
  }

  /** As many at once, all connections open before. */
  async streams(path: string, count: number): Promise<Heard[]> {
    const many = <T>(one: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, one))
    await many(async () => (await this.#answer('GET', '/api/version')).resume().toArray())
    return many(() => this.#listen(path))
  }

  /** How long a request of so many megabytes takes, in milliseconds. */
  async upload(megabytes: number): Promise<number> {
    const body = Buffer.alloc(megabytes << 20, 'x')
    const start = performance.now()
    const response = await this.#answer('POST', '/api/chat', body)
    const [text = ''] = await response.setEncoding('utf8').toArray() as string[]
    if (text !== JSON.stringify({ size: body.length })) throw new Error(`the server got something else: ${response.statusCode} ${text}`)
    return performance.now() - start
  }

  async download(megabytes: number): Promise<number> {
    const start = performance.now()
    const response = await this.#answer('POST', '/api/chat', Buffer.from(JSON.stringify({ answer: megabytes << 20 })))
    let size = 0
    response.on('data', (bytes: Buffer) => (size += bytes.length))
    await once(response, 'end')
    if (size !== megabytes << 20) throw new Error(`${size} bytes came`)
    return performance.now() - start
  }

  close(): void {
    this.#agent.destroy()
  }

  async #listen(path: string): Promise<Heard> {
    const start = process.hrtime.bigint()
    const response = await this.#answer('POST', path, Buffer.from(ASK))
    if (response.statusCode !== 200) throw new Error(`${this.#url.href}: ${response.statusCode}`)
    const heard: Heard = { first: Number.NaN, delays: [], gaps: [] }
    let before = start
    let rest = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      const now = process.hrtime.bigint()
      if (heard.delays.length === 0) heard.first = ms(now - start)
      const pieces = (rest + text).split('\n')
      rest = pieces.pop() ?? ''
      for (const piece of pieces) {
        const sent = /@(\d+)@/.exec(piece)?.[1]
        if (sent === undefined) continue
        if (heard.delays.length > 0) heard.gaps.push(ms(now - before))
        heard.delays.push(ms(now - BigInt(sent)))
        before = now
      }
    })
    await once(response, 'end')
    if (heard.delays.length < 2) throw new Error(`${this.#url.href}: ${heard.delays.length} pieces came`)
    return heard
  }

  async #answer(method: string, path: string, body?: Buffer): Promise<http.IncomingMessage> {
    const { request } = this.#url.protocol === 'https:' ? https : http
    const headers = { ...this.#headers, ...(body && { 'Content-Type': 'application/json', 'Content-Length': body.length }) }
    const sent = request(new URL(path, this.#url), { method, headers, agent: this.#agent })
    sent.end(body)
    const [response] = await once(sent, 'response') as [http.IncomingMessage]
    return response
  }
}

const ms = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6
