// The numbers of docs/limits.md, as a client meets them, on all three stacks at once. Methods, hosts,
// HTTP/0.9 and what is malformed: src/attacks. 100 MB that pass: stacks.test.ts. Guesses: basic.test.ts.

import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Login, Stack } from '../../stacks/stack.ts'
import { isJsonError } from '../../src/attacks/judge.ts'
import { parse } from '../../src/attacks/raw.ts'
import { ask, open, type Door } from '../../src/net/http.ts'
import { create, dockerOk, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'

interface Running {
  stack: Stack
  name: string
  dir: string
  at: Door
  ann: Login
  bob: Login
}

const all = Object.values(stacks)
const place = workspace()
const running = new Map<string, Running>()

beforeAll(async () => {
  const made = await Promise.all(all.map(async (stack): Promise<Running> => {
    const name = `test-limits-${stack.id}`
    const dir = join(place.dir, name)
    const { stdout } = await create([dir, '--auth', stack.id, '--tls', 'private', '--user', 'ann:admin', '--user', 'bob', '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
    const document = JSON.parse(stdout) as CreateDocument
    const [ann, bob] = document.users.map((user) => loginOf(document, user))
    if (!ann || !bob || document.error) throw new Error(stdout)
    return { stack, name, dir, at: door(document), ann, bob }
  }))
  for (const one of made) running.set(one.stack.id, one)
})
afterAll(async () => {
  await Promise.all([...running.values()].map(({ dir }) => ollamaStack(['down', '--volumes', '--yes', '-C', dir])))
  place.remove()
})

const of = (id: string): Running => {
  const one = running.get(id)
  if (!one) throw new Error(`${id} doesn't run`)
  return one
}

function trusting({ at }: Running, login?: Login): tls.ConnectionOptions {
  return { ...at.connect, ca: at.ca ?? '', allowPartialTrustChain: true, servername: '', checkServerIdentity: () => undefined, ...(login?.cert && login.key ? { cert: login.cert, key: login.key } : {}) }
}

interface Line {
  socket: tls.TLSSocket
  /** What has come so far. */
  text: () => string
  /** Milliseconds from the start until the other side closed. */
  closed: Promise<number>
}

function connect(one: Running, login?: Login): Promise<Line> {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const socket = tls.connect(trusting(one, login))
    let text = ''
    const closed = new Promise<number>((end) => socket.on('end', () => end(performance.now() - start)).on('close', () => end(performance.now() - start)))
    socket.setEncoding('latin1').on('data', (chunk: string) => { text += chunk })
    socket.on('error', reject)
    socket.on('secureConnect', () => resolve({ socket, text: () => text, closed }))
  })
}

const lines = (headers: Record<string, string>): string => Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')

const head = (first: string, login: Login, headers: Record<string, string> = {}): string => `${first}\r\n${lines({ Host: 'localhost', ...login.headers, ...headers })}\r\n`

/** The first answer to these bytes. */
async function answer(one: Running, login: Login, ...parts: (string | Buffer)[]): Promise<{ status: number; body: string }> {
  const line = await connect(one, login)
  for (const part of parts) line.socket.write(part)
  await Promise.race([line.closed, until(() => /\r\n\r\n[^]*[}\]]/.test(line.text()))])
  line.socket.destroy()
  return parse(line.text())
}

async function until(done: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !(await done()); await sleep(10)) if (Date.now() > end) throw new Error(`not within ${ms / 1000} s`)
}

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${1000 + index}`, 'a'.repeat(992)]))
const target = (length: number): string => `/api/version?${'a'.repeat(length - '/api/version?'.length)}`
const MiB = 1 << 20

describe.each(all)('$id', (stack) => {
  test('heads and targets: 64 kB, 16 kB', async () => {
    const one = of(stack.id)
    const get = async (path: string, headers: Record<string, string> = {}): Promise<number> => (await answer(one, one.bob, head(`GET ${path} HTTP/1.1`, one.bob, { ...headers, Connection: 'close' }))).status
    expect(await Promise.all([
      get('/api/version', { 'X-Big': 'a'.repeat(60_000) }), get('/api/version', { 'X-Big': 'a'.repeat(72_000) }), get('/api/version', many(60)), get('/api/version', many(72)),
      get(target(16_384)), get(target(16_385)), get(target(16_384), { 'X-Big': 'a'.repeat(40_000) }),
    ])).toEqual([200, 431, 200, 431, 200, 414, 200])
  })

  test('bodies: 1 MiB, 100 MiB where a model reads them; refused before they are sent, and in chunks when they are too long', async () => {
    const one = of(stack.id)
    const announced = (path: string, length: number) => answer(one, one.bob, head(`POST ${path} HTTP/1.1`, one.bob, { 'Content-Length': String(length) }))
    const chunked = (path: string, length: number) => {
      const chunk = Buffer.from(`${MiB.toString(16)}\r\n${' '.repeat(MiB)}\r\n`)
      return answer(one, one.bob, head(`POST ${path} HTTP/1.1`, one.bob, { 'Transfer-Encoding': 'chunked' }), ...Array.from({ length: length / MiB }, () => chunk), '1\r\n \r\n0\r\n\r\n')
    }
    const refused = await Promise.all([announced('/api/show', MiB + 1), announced('/v1/messages', 100 * MiB + 1), chunked('/api/show', MiB), chunked('/api/chat', 100 * MiB)])
    expect(refused.map(({ status, body }) => [status, isJsonError(body)])).toEqual(refused.map(() => [413, true]))
    const whole = await answer(one, one.bob, head('POST /api/show HTTP/1.1', one.bob, { 'Content-Length': String(MiB), Connection: 'close' }), ' '.repeat(MiB))
    expect(whole.status).toBe(400)
  })

  test('no head of 60 kB takes long to read, before a login', async () => {
    const one = of(stack.id)
    for (const value of [`Bearer a${' '.repeat(60_000)}x`, `Bearer${' '.repeat(60_000)}\tx`, `Basic ${'A'.repeat(60_000)}`, 'AAAA'.repeat(15_000), `Bearer ${'a '.repeat(30_000)}`]) {
      const start = performance.now()
      expect((await answer(one, { headers: {} }, head('GET /api/tags HTTP/1.1', { headers: { Authorization: value } }))).status).toBe(401)
      expect(performance.now() - start, value.slice(0, 10)).toBeLessThan(500)
    }
  })

  test('HTTP/1.0 is answered, and the connection closed', async () => {
    const one = of(stack.id)
    const line = await connect(one, one.bob)
    line.socket.write(head('GET /api/version HTTP/1.0', one.bob))
    expect(await line.closed).toBeLessThan(5000)
    expect(parse(line.text())).toMatchObject({ status: 200, body: '{"version":"0.32.15"}' })
  })

  test('HTTP/2: the same numbers, and so many streams of a connection', async () => {
    const one = of(stack.id)
    const session = http2.connect(one.at.url, { ...trusting(one, one.bob), maxSendHeaderBlockLength: 1 << 20 })
    session.on('error', () => undefined)
    const status = (path: string, headers: Record<string, string> = {}): Promise<number> => new Promise((resolve) => {
      const stream = session.request({ ':path': path, ...one.bob.headers, ...headers })
      stream.on('response', (reply) => resolve(reply[':status'] ?? 0)).on('error', () => resolve(0)).on('close', () => resolve(0)).resume()
    })
    try {
      expect(await Promise.all([status(target(16_384)), status(target(16_385)), status('/api/version', { 'x-big': 'a'.repeat(60_000) })])).toEqual([200, 414, 200])
      // Caddy sets no number of its own: it is the one of Go's HTTP/2.
      expect(session.remoteSettings.maxConcurrentStreams).toBe(stack.id === 'mtls' ? 250 : 100)
      // nginx ends the connection, Go answers.
      expect([0, 431]).toContain(await status('/api/version', { 'x-big': 'a'.repeat(72_000) }))
    } finally {
      session.destroy()
    }
  })
})

test('200 clients that send a letter a second hold up nobody, and none of them lasts longer than 15 s; nor who says nothing', async () => {
  await Promise.all(all.map(async (stack) => {
    const one = of(stack.id)
    const speechless = net.connect(one.at.connect)
    const start = performance.now()
    const noHandshake = new Promise<number>((resolve) => speechless.on('close', () => resolve(performance.now() - start)).resume())
    const slow = await Promise.all(Array.from({ length: 200 }, () => connect(one)))
    for (const { socket } of slow) socket.write('GET /api/version HTTP/1.1\r\nX-Slow: ')
    const silent = await connect(one)
    const letters = setInterval(() => { for (const { socket } of slow) if (socket.writable) socket.write('a') }, 1000)
    const times: number[] = []
    try {
      for (const end = performance.now() + 5000; performance.now() < end; await sleep(100)) {
        const asked = performance.now()
        expect((await ask(one.at, { path: '/api/version', login: one.bob })).status).toBe(200)
        times.push(performance.now() - asked)
      }
      const ended = [await noHandshake, ...await Promise.all([...slow, silent].map(({ closed }) => closed))]
      expect([Math.min(...ended) > 14_000, Math.max(...ended) < 19_000], `${stack.id}: ${Math.min(...ended)} to ${Math.max(...ended)} ms`).toEqual([true, true])
    } finally {
      clearInterval(letters)
    }
    expect(Math.max(...times), `${stack.id}: ${times.map(Math.round)}`).toBeLessThan(500)
  }))
})

test('what would take longer than a test may is what the files say', () => {
  const file = (id: string, path: string): string => readFileSync(join(running.get(id)?.dir ?? '', 'proxy', path), 'utf8')
  for (const id of ['basic', 'bearer']) {
    expect(file(id, 'common.conf')).toMatch(/^client_body_timeout 60s;\nsend_timeout 60s;\nkeepalive_timeout 75s;$/m)
    expect(file(id, 'upstream.conf')).toMatch(/^proxy_connect_timeout 2s;\nproxy_send_timeout 3600s;\nproxy_read_timeout 3600s;$/m)
  }
  expect(file('mtls', 'Caddyfile')).toMatch(/^\t\t\tidle 75s$/m)
  expect(file('mtls', 'upstream.caddy')).toMatch(/^\t\tdial_timeout 2s\n\t\tresponse_header_timeout 3600s\n\t\tread_timeout 3600s\n\t\twrite_timeout 3600s$/m)
})

interface Held {
  finish(): Promise<number[]>
  hangUp(): void
}

const status = async ({ at }: Running, login: Login): Promise<number> => (await ask(at, { path: '/api/version', login })).status

/** Requests whose bodies aren't there yet; each ends when its last letter comes, or when it hangs up. */
async function hold(one: Running, login: Login, count: number): Promise<Held> {
  const held = await Promise.all(Array.from({ length: count }, () => connect(one)))
  for (const { socket } of held) socket.write(`${head('POST /api/show HTTP/1.1', login, { 'Content-Length': '2', Connection: 'close' })}{`)
  return {
    async finish() {
      for (const { socket } of held) socket.write('}')
      await Promise.all(held.map(({ closed }) => closed))
      return held.map(({ text }) => parse(text()).status)
    },
    hangUp() { for (const { socket } of held) socket.destroy() },
  }
}

/** As many as there may be, of whom none was there before. */
async function exactly64(one: Running, login: Login): Promise<Held> {
  const held = await hold(one, login, 63)
  await sleep(300)
  expect(await status(one, login)).toBe(200)
  const last = await hold(one, login, 1)
  await until(async () => (await status(one, login)) === 429)
  return { finish: async () => [...await held.finish(), ...await last.finish()], hangUp() { held.hangUp(); last.hangUp() } }
}

// Stock Caddy can't count people.
describe.each(all.filter(({ limitsRate }) => limitsRate))('$id: 64 requests of one person at the same time', (stack) => {
  test('one more is told to come again in a second; others notice nothing, not even with a stranger under their name', async () => {
    const one = of(stack.id)
    const { ann, bob, at } = one
    const held = await exactly64(one, ann)
    const { headers, body } = await ask(at, { path: '/api/version', login: ann })
    expect([headers['retry-after'], JSON.parse(body)]).toEqual(['1', { error: 'Too many requests. Try again later.' }])
    expect(JSON.parse((await ask(at, { path: '/v1/models', login: ann })).body)).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
    const wrong = { headers: { Authorization: stack.id === 'basic' ? `Basic ${btoa('bob:wrong-password')}` : `Bearer olsk_${'A'.repeat(43)}` } }
    let guessing = true
    const guesses = Promise.all(Array.from({ length: 100 }, async () => {
      while (guessing) expect([401, 429]).toContain(await status(one, wrong))
    }))
    try {
      for (let times = 0; times < 5; times++) {
        await sleep(100)
        expect(await status(one, bob)).toBe(200)
      }
    } finally {
      guessing = false
      await guesses
    }
    expect((await held.finish()).filter((code) => code !== 400)).toEqual([])
    await until(async () => (await status(one, ann)) === 200)
  })

  test('nothing is left of 300 that hung up: while they sent, while they were answered', async () => {
    const one = of(stack.id)
    const { ann, at } = one
    for (let round = 0; round < 5; round++) {
      const sending = await hold(one, ann, 30)
      const answered = await Promise.all(Array.from({ length: 30 }, () => open(at, { method: 'POST', path: '/api/pull', login: ann, body: '{"model":"gemma3:1b"}' })))
      expect(new Set(answered.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
      for (const response of answered) response.destroy()
      sending.hangUp()
      await until(async () => (await status(one, ann)) === 200)
    }
    const held = await exactly64(one, ann)
    held.hangUp()
  })

  test('nor of those that were refused later', async () => {
    const one = of(stack.id)
    const { ann, at } = one
    const body = `${(MiB + 1).toString(16)}\r\n${' '.repeat(MiB + 1)}\r\n0\r\n\r\n`
    await until(async () => (await status(one, ann)) === 200)
    for (let round = 0; round < 3; round++) {
      const refused = await Promise.all(Array.from({ length: 30 }, () => answer(one, ann, head('POST /api/show HTTP/1.1', ann, { 'Transfer-Encoding': 'chunked' }), body)))
      expect(new Set(refused.map((reply) => reply.status))).toEqual(new Set([413]))
    }
    expect((await ask(at, { path: '/api/pull', login: ann })).status).toBe(403)
    const held = await exactly64(one, ann)
    held.hangUp()
  })
})

describe('bearer', () => {
  test('a person is counted, not a key', async () => {
    const one = of('bearer')
    const { stdout } = await ollamaStack(['user', 'rotate', 'bob', '--overlap', '1h', '-C', one.dir, '--json'])
    const { secret } = JSON.parse(stdout) as { secret: string }
    const second = { headers: { Authorization: `Bearer ${secret}` } }
    await until(async () => (await status(one, second)) === 200)
    const held = await exactly64(one, one.bob)
    expect(await status(one, second)).toBe(429)
    held.hangUp()
    await until(async () => (await status(one, second)) === 200)
  })

  test('workers that are killed keep nobody out', async () => {
    const one = of('bearer')
    await exactly64(one, one.ann)
    await dockerOk('exec', `${one.name}-proxy-1`, 'sh', '-c', 'for p in /proc/[0-9]*; do ! grep -q "[w]orker process" $p/cmdline || kill -9 ${p#/proc/}; done')
    await until(() => status(one, one.ann).then((code) => code === 200, () => false))
    const held = await exactly64(one, one.ann)
    held.hangUp()
  })
})
