// The local door of `connect` against plain servers: what goes through, how it flows, how it ends.

import { createHash } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'
import { agentFor } from '../../src/forward/proxy.ts'
import { targetOf } from '../../src/forward/target.ts'
import { closeAll, fake, opened, raw, until } from './connect-rig.ts'

afterEach(closeAll)

/** Answers with what arrived. */
const echo = (request: IncomingMessage, response: ServerResponse): void => {
  let body = ''
  request.setEncoding('latin1').on('data', (text: string) => (body += text))
  request.on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })))
}

interface Echo { method: string; url: string; headers: Record<string, string>; body: string }

describe('where the login goes', () => {
  test('over plain HTTP not a byte is sent from an address whose way others can read, wherever the name led before', async () => {
    const seen: string[] = []
    const { url } = await fake((request, response) => { seen.push(request.url ?? ''); response.end() })
    const sent: string[] = []
    const code = (target: string, insecure: boolean): Promise<unknown> => new Promise((resolve) => {
      const place = { target: targetOf(target, insecure), identity: {}, ca: null }
      const agent = agentFor(place, 200, (from) => { sent.push(from); return false })
      http.get({ host: '127.0.0.1', port: place.target.port, agent }, (response) => resolve(response.statusCode)).on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    expect(await code(url, false)).toBe('E_INSECURE_HTTP')
    expect({ seen, sent }).toEqual({ seen: [], sent: ['127.0.0.1'] })
    expect(await code(url, true)).toBe(200)
  })

  test('the certificate counts, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const now = new Date()
    const [ours, theirs] = await Promise.all(['ours', 'theirs'].map((name) => makeCa({ name, now })))
    if (!ours || !theirs) throw new Error('no CAs')
    let asked = 0
    const { url } = await fake((_request, response) => { asked++; response.end() }, await makeServerCert({ ca: theirs, hosts: ['127.0.0.1'], now }))
    const door = await opened(url, { ca: ours.cert })
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    try {
      expect((await fetch(`${door.url}/api/tags`)).status).toBe(502)
    } finally {
      vi.unstubAllEnvs()
    }
    expect({ asked, troubles: door.troubles }).toEqual({ asked: 0, troubles: ['E_CERT_CHANGED'] })
  })
})

describe('what goes through', () => {
  test('the login is ours; of the caller only what the stack knows goes on', async () => {
    const { url } = await fake(echo)
    const door = await opened(url)
    const response = await fetch(`${door.url}/api/chat?x=1`, {
      method: 'POST', body: '{"a":1}',
      headers: { authorization: 'Bearer mine', 'x-api-key': 'mine', cookie: 'a=b', origin: 'http://localhost:3000', 'x-forwarded-for': '1.2.3.4', 'content-type': 'application/json', 'anthropic-version': '2023-06-01', te: 'trailers' },
    })
    const { method, url: target, headers, body } = await response.json() as Echo
    expect({ method, target, body }).toEqual({ method: 'POST', target: '/api/chat?x=1', body: '{"a":1}' })
    const { 'user-agent': agent, ...rest } = headers
    expect(agent).toBeTypeOf('string')
    expect(rest).toEqual({ host: new URL(url).host, connection: 'keep-alive', accept: '*/*', 'content-type': 'application/json', 'content-length': '7', 'anthropic-version': '2023-06-01', authorization: 'Bearer secret' })
  })

  test('of the answer: all but what belongs to the stack\'s own door', async () => {
    const { url } = await fake((_request, response) => {
      response.writeHead(207, { 'set-cookie': 'a=b', 'strict-transport-security': 'max-age=1', 'access-control-allow-origin': '*', 'x-hop': '1', connection: 'x-hop', 'retry-after': '7', 'content-type': 'application/x-ndjson' })
      response.end('{}\n')
    })
    const door = await opened(url)
    const response = await fetch(door.url)
    expect([response.status, await response.text()]).toEqual([207, '{}\n'])
    const names = [...response.headers.keys()]
    expect(names).toEqual(['connection', 'content-type', 'date', 'keep-alive', 'retry-after', 'transfer-encoding', 'vary', 'via'])
  })

  test.each(['GET', 'DELETE', 'OPTIONS', 'POST'])('a chunked body of %s stays a body, and is no next request', async (method) => {
    const seen: string[] = []
    const { url } = await fake((request, response) => { seen.push(`${request.method} ${request.url}`); echo(request, response) })
    const door = await opened(url)
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'
    const { text } = await raw(door.port, `${method} /one HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`)
    expect(seen).toEqual([`${method} /one`])
    expect(text).toContain(JSON.stringify(hidden))
  })

  test.each<[string, string, RegExp]>([
    ['both lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1.1 400 /],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd', /^HTTP\/1.1 400 /],
    ['an unknown coding', 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1.1 501 /],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: localhost\n\n', /^HTTP\/1.1 400 /],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : localhost\r\n\r\n', /^HTTP\/1.1 400 /],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 421 /],
    ['a whole URL', 'GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 400 /],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 405 /],
  ])('%s: refused, and nothing arrives', async (_what, bytes, answer) => {
    let seen = 0
    const { url } = await fake((_request, response) => { seen++; response.end() })
    const door = await opened(url)
    expect((await raw(door.port, bytes)).text).toMatch(answer)
    expect(seen).toBe(0)
  })

  test('Upgrade, which Java sends with every request, is passed over', async () => {
    const { url } = await fake(echo)
    const door = await opened(url)
    const { text } = await raw(door.port, 'GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1.1 200 /)
    expect(text).not.toMatch(/h2c|http2-settings/i)
  })
})

describe('browsers', () => {
  const status = async (port: number, head: string): Promise<number> => Number((await raw(port, `${head}\r\nConnection: close\r\n\r\n`)).text.slice(9, 12))

  test.each<[string, number]>([
    ['GET / HTTP/1.1\r\nHost: localhost:11434', 200],
    ['GET / HTTP/1.1\r\nHost: LOCALHOST', 200],
    ['GET / HTTP/1.1\r\nHost: ollama.localhost:11434', 200],
    ['GET / HTTP/1.1\r\nHost: [::1]:11434', 200],
    ['GET / HTTP/1.1\r\nHost: 172.17.0.1:11434', 200],
    ['GET / HTTP/1.1\r\nHost: host.docker.internal:11434', 200],
    ['GET / HTTP/1.1\r\nHost: evil.example:11434', 421],
    ['GET / HTTP/1.1\r\nHost: localhost.evil.example', 421],
    ['GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example', 421],
    ['GET / HTTP/1.1\r\nHost: 127.1', 421],
    ['GET / HTTP/1.1\r\nHost: localhost:1@evil.example', 421],
    ['GET / HTTP/1.1\r\nHost:', 421],
    ['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nOrigin: http://localhost:3000', 200],
    ['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nOrigin: vscode-webview://0a1b', 200],
    ['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nOrigin: https://chat.example.com', 200],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: null', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example/file://x', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000.evil.example', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost.evil.example', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://chat.example.com.evil.example', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: https://evil.example', 403],
    ['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors', 403],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate', 200],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate', 200],
  ])('%j: %i', async (head, expected) => {
    let seen = 0
    const { url } = await fake((_request, response) => { seen++; response.end() })
    const door = await opened(url, { origins: ['https://chat.example.com'] })
    expect(await status(door.port, head)).toBe(expected)
    expect(seen).toBe(expected === 200 ? 1 : 0)
  })

  test('an allowed page gets the permissions that a bare Ollama gives, and no preflight goes on', async () => {
    let seen = 0
    const { url } = await fake((_request, response) => { seen++; response.setHeader('access-control-allow-origin', '*').end() })
    const door = await opened(url)
    const preflight = await raw(door.port, 'OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: app://obsidian.md\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,x-stainless-os\r\nConnection: close\r\n\r\n')
    expect(preflight.text).toMatch(/^HTTP\/1.1 204 /)
    expect(preflight.text).toContain('Access-Control-Allow-Origin: app://obsidian.md\r\n')
    expect(preflight.text).toContain('Access-Control-Allow-Headers: content-type,x-stainless-os\r\n')
    expect(seen).toBe(0)
    const { text } = await raw(door.port, 'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: app://obsidian.md\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    expect(text.match(/access-control-allow-origin: .*/gi)).toEqual(['Access-Control-Allow-Origin: app://obsidian.md'])
  })
})

describe('how it flows', () => {
  test('each chunk at once, both ways', async () => {
    const { url } = await fake((request, response) => { response.flushHeaders(); request.pipe(response) })
    const door = await opened(url)
    const request = http.request(door.url, { method: 'POST', path: '/api/chat' })
    request.flushHeaders()
    const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve))
    const got: string[] = []
    response.setEncoding('utf8').on('data', (text: string) => got.push(text))
    for (const word of ['one', 'two', 'three']) {
      request.write(word)
      await until(() => got.at(-1) === word, 500)
    }
    request.end()
    await new Promise((resolve) => response.on('end', resolve))
    expect(got).toEqual(['one', 'two', 'three'])
  })

  test('100 MB arrive whole', async () => {
    const body = Buffer.alloc(100 << 20, 'x')
    const { url } = await fake((request, response) => {
      const hash = createHash('sha256')
      request.on('data', (part: Buffer) => hash.update(part)).on('end', () => response.end(hash.digest('hex')))
    })
    const door = await opened(url)
    const response = await fetch(`${door.url}/api/blobs/x`, { method: 'POST', body })
    expect(await response.text()).toBe(createHash('sha256').update(body).digest('hex'))
  })

  test('a stack that reads slowly holds the client back: nothing is collected on the way', async () => {
    const { url } = await fake((request) => void request.pause())
    const door = await opened(url)
    const request = http.request(door.url, { method: 'POST', path: '/api/blobs/x' })
    request.on('error', () => {})
    let sent = 0
    const part = Buffer.alloc(64 << 10)
    const more = (): void => { while (sent < 100 << 20 && request.write(part)) sent += part.length }
    request.on('drain', more)
    more()
    await sleep(500)
    // What the kernel holds on four sockets, and a little of ours.
    expect(sent).toBeLessThan(32 << 20)
    request.destroy()
  })

  test('who reads slowly holds the stack back', async () => {
    let sent = 0
    const { url } = await fake((_request, response) => {
      const more = (): void => { while (sent < 64 << 20 && response.write(Buffer.alloc(64 << 10))) sent += 64 << 10 }
      response.on('drain', () => { sent += 64 << 10; more() })
      more()
    })
    const door = await opened(url)
    const request = http.get(door.url)
    const response = await new Promise<IncomingMessage>((resolve) => request.on('response', resolve))
    response.pause()
    await sleep(500)
    // What the kernel holds on four sockets, and a little of ours.
    expect(sent).toBeLessThan(32 << 20)
    request.destroy()
    await until(() => door.served.length === 1)
    expect(door.served).toMatchObject([{ status: 200, cut: 'client' }])
  })

  test('connections to the stack are used again', async () => {
    const ports = new Set<number>()
    const { url } = await fake((request, response) => { ports.add(request.socket.remotePort ?? 0); response.end('{}') })
    const door = await opened(url)
    for (let i = 0; i < 5; i++) await (await fetch(door.url)).text()
    expect(ports.size).toBe(1)
  })
})

describe('how it ends', () => {
  test('the client goes: the stack is told at once', async () => {
    let gone = 0
    const { url } = await fake((_request, response) => {
      response.write('{"n":1}\n')
      response.on('close', () => (gone = performance.now()))
    })
    const door = await opened(url)
    const controller = new AbortController()
    const response = await fetch(`${door.url}/api/generate?key=hidden`, { method: 'POST', body: '{}', signal: controller.signal })
    await response.body?.getReader().read()
    const then = performance.now()
    controller.abort()
    await until(() => gone > 0)
    expect(gone - then).toBeLessThan(1000)
    await until(() => door.served.length > 0)
    expect(door.served).toMatchObject([{ method: 'POST', path: '/api/generate', status: 200, cut: 'client' }])
  })

  test('the client goes before the answer began', async () => {
    let gone = false
    const { url } = await fake((request) => void request.socket.on('close', () => (gone = true)))
    const door = await opened(url)
    const request = http.get(door.url)
    request.on('error', () => {})
    await sleep(100)
    request.destroy()
    await until(() => gone)
    await until(() => door.served.length > 0)
    expect(door).toMatchObject({ served: [{ status: 0, cut: 'client' }], troubles: [] })
  })

  test('the client goes in the middle of its body', async () => {
    let heard = 0
    let whole: boolean | undefined
    const { url } = await fake((request) => {
      request.on('data', (part: Buffer) => (heard += part.length)).on('error', () => {}).on('close', () => (whole = request.complete))
    })
    const door = await opened(url)
    const request = http.request(door.url, { method: 'POST', headers: { 'content-length': 1000 } })
    request.on('error', () => {})
    request.write('x'.repeat(100))
    await until(() => heard === 100)
    request.destroy()
    await until(() => whole !== undefined)
    expect(whole).toBe(false)
    expect(door.troubles).toEqual([])
  })

  test.each(['1.1', '1.0'])('the stack goes in mid-answer: a client of HTTP/%s sees that it is no whole one', async (version) => {
    const { url } = await fake((request, response) => {
      response.write('{"n":1}\n')
      setTimeout(() => request.socket.destroy(), 50)
    })
    const door = await opened(url)
    const { text, reset, ended } = await raw(door.port, `GET / HTTP/${version}\r\nHost: localhost\r\n\r\n`, 1000)
    expect(text).toContain('{"n":1}')
    // No last chunk; and before chunks were invented, no orderly end.
    expect(text).not.toContain('0\r\n\r\n')
    expect(version === '1.1' ? ended : reset).toBe(true)
    await until(() => door.served.length > 0)
    expect(door.served).toMatchObject([{ cut: 'server' }])
  })

  test('the stack is away: told in words and in JSON, and the next request tries again', async () => {
    const first = await fake(echo)
    const door = await opened(first.url)
    first.close()
    await sleep(20)
    const away = await fetch(`${door.url}/v1/chat/completions`, { method: 'POST', body: '{}' })
    expect([away.status, await away.json()]).toMatchObject([502, { error: { type: 'server_error', message: expect.stringMatching(/^Nothing listens at 127\.0\.0\.1:\d+\. .*ollama-stack status/) } }])
    expect(door.troubles).toEqual(['E_REFUSED'])
    await fake(echo, undefined, Number(new URL(first.url).port))
    expect((await fetch(`${door.url}/api/tags`)).status).toBe(200)
  })

  test('a kept connection that the stack closed meanwhile: asked again, unless that could do something twice', async () => {
    let answers = 0
    const { url } = await fake((request, response) => {
      // The second request on a connection finds it closing.
      if (answers++ % 2 === 1) request.socket.destroy()
      else response.end('{}')
    })
    const door = await opened(url)
    const statuses = async (method: string): Promise<number[]> => [(await fetch(door.url, { method })).status, (await fetch(door.url, { method })).status]
    expect(await statuses('GET')).toEqual([200, 200])
    answers = 0
    expect(await statuses('DELETE')).toEqual([200, 502])
  })

  test('the stack takes the login no more: 401 in words, without a question for a password', async () => {
    const { url } = await fake((_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="Ollama"' }).end('{"error":"A valid name"}'))
    const door = await opened(url)
    const response = await fetch(`${door.url}/v1/messages`)
    expect(response.headers.get('www-authenticate')).toBeNull()
    expect([response.status, await response.json()]).toEqual([401, { type: 'error', error: { type: 'authentication_error', message: expect.stringMatching(/^The stack refuses the login .* ollama-stack connect http/) } }])
    expect(door.troubles).toEqual(['E_LOGIN'])
  })

  test('a connection is kept for a while; an answer may take longer than that', async () => {
    const ports: number[] = []
    const { url } = await fake((request, response) => { ports.push(request.socket.remotePort ?? 0); setTimeout(() => response.end('late'), 500) })
    const agent = agentFor({ target: targetOf(url), identity: {}, ca: null }, 200)
    const ask = (): Promise<number> => new Promise((resolve, reject) => {
      http.get(url, { agent }, (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0))).on('error', reject)
    })
    expect([await ask(), await ask()]).toEqual([200, 200])
    await sleep(400)
    expect(await ask()).toBe(200)
    expect([ports[0] === ports[1], ports[1] === ports[2]]).toEqual([true, false])
    agent.destroy()
  })
})
