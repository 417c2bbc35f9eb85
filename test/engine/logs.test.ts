// The day after: `logs` and `status` of a running stack, for each login. Nothing of them ever holds a secret.

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Access, Login } from '../../stacks/stack.ts'
import { raw } from '../../src/attacks/raw.ts'
import { ask } from '../../src/net/http.ts'
import type { Status } from '../../src/running/status.ts'
import { Tmux } from '../terminal/keys.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, run, workspace, type CreateDocument, type Outcome } from './project.ts'

interface Row { time: string; service: string; stream: string; line: string; access?: Access }

const program = join(import.meta.dirname, '../../dist/ollama-stack.js')
const place = workspace()
const rows = Object.values(stacks).map((stack) => ({ id: stack.id, name: `test-logs-${stack.id}`, dir: join(place.dir, stack.id) }))
const made = new Map<string, CreateDocument>()

beforeAll(() => Promise.all(rows.map(async ({ id, name, dir }) => {
  const { code, stdout } = await create([dir, '--auth', id, '--name', name, '--user', 'ann:admin', '--user', 'bob', '--port', String(await freePort()), '--no-start', '--model', 'none', '--yes', '--json'])
  expect(code, stdout).toBe(0)
  made.set(id, JSON.parse(stdout) as CreateDocument)
  const up = await ollamaStack(['up', '-C', dir, '--json'])
  expect(up.code, up.stdout).toBe(0)
})))
afterAll(async () => {
  await Promise.all(rows.map(({ dir }) => ollamaStack(['down', '--volumes', '--yes', '-C', dir])))
  place.remove()
})

const parsed = (text: string): Row[] => text.trimEnd().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row)

/** What the tests of one stack ask. */
function of({ id, name, dir }: (typeof rows)[number]) {
  const own = made.get(id)
  const [ann, bob] = own?.users ?? []
  if (!own || !ann || !bob) throw new Error(`${id} was not made`)
  const at = door(own)
  const login = loginOf(own, bob)
  const logs = (...args: string[]): Promise<Outcome> => ollamaStack(['logs', '-C', dir, ...args])
  const accesses = async (...args: string[]): Promise<Access[]> => parsed((await logs('proxy', '--json', ...args)).stdout).flatMap(({ access }) => access ?? [])
  /** Until the log has what was asked before: a path that it shows is the last. */
  const settled = async (number: number): Promise<string> => {
    const path = `/ollama-stack-test-${number.toString(16).padStart(8, '0')}`
    await ask(at, { path, login })
    await expect.poll(async () => (await docker('logs', '--tail', '20', `${name}-proxy-1`)).stdout, { timeout: 5000 }).toContain(path)
    return path
  }
  return { ann, bob, at, login, logs, accesses, settled }
}

/** Requests with a secret, and with what terminals obey, in every place there is: as nobody, and with this login's own header. */
function everywhere(secret: string, host: string, { headers }: Login): string[] {
  const escapes = '\x1b]0;owned\x07\xc2\x9b31m\x9b2J\x7f'
  const targets = [
    `/${secret}`, `/api/tags/${secret}`, `/api/tags?key=${secret}`, `/?${secret}`, `/api/tags#${secret}`, `/api/tags;${secret}`, `/api/${secret}/tags`, `//${secret}`,
    `http://bob:${secret}@${host}/api/tags`, `http://${secret}/api/tags`, secret, `/${escapes}`, `/api/tags?${escapes}`,
  ]
  const names = [
    'Cookie', 'Authorization', 'Proxy-Authorization', 'X-Api-Key', 'Api-Key', 'Referer', 'User-Agent', 'Origin', 'Accept', 'Content-Type', 'Content-Encoding', 'Anthropic-Version', 'X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Expect', 'Upgrade',
    'Range', secret,
  ]
  const bodies = [`{"model":"no-such","prompt":"${secret}"}`, `{"${secret}":`, secret]
  const heads = [
    ...targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`),
    ...[`${secret} /api/tags HTTP/1.1`, `GET /api/tags ${secret}`, `GET${escapes} / HTTP/1.1`].map((first) => `${first}\r\nHost: ${host}\r\n`),
    ...[`bob:${secret}@${host}`, `${secret}.example`].map((name) => `GET /api/tags HTTP/1.1\r\nHost: ${name}\r\n`),
    ...names.flatMap((name) => [secret, `Token ${secret}`, `Basic ${secret}`, escapes].map((value) => `GET /api/version HTTP/1.1\r\nHost: ${host}\r\n${name}: ${value}\r\n`)),
  ]
  const texts = [...heads.map((head) => `${head}Connection: close\r\n\r\n`), ...bodies.map((body) => `POST /api/show HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`)]
  return [...texts, ...Object.entries(headers).flatMap(([name, value]) => texts.map((text) => text.replace('\r\n', `\r\n${name}: ${value}\r\n`)))]
}

describe('a request is one line: who, from where, what, status, until the first byte, in all, how much', () => {
  test.concurrent.for(rows)('$id', async (row, { expect }) => {
    const { at, login, logs, accesses, settled } = of(row)
    const { body } = await ask(at, { path: '/api/version?x=1', login })
    const path = await settled(1)
    const all = await accesses('--user', 'BOB')
    const access = all.find(({ path }) => path === '/api/version')
    expect(access).toEqual({
      at: expect.any(String), person: 'bob', address: expect.stringMatching(/^10\.\d+\.\d+\.9$/), method: 'GET', path: '/api/version', status: 200,
      bytes: body.length, seconds: expect.any(Number), firstByte: expect.any(Number), refused: null,
    })
    expect(access?.seconds).toBeLessThan(5)
    expect(Math.abs(Date.parse(String(access?.at)) - Date.now())).toBeLessThan(60_000)
    expect(all.find((one) => one.path === path)).toMatchObject({ status: 403, firstByte: null })
    expect((await logs('--user', 'bob')).stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d proxy \| bob 10\.\S+ +GET \/api\/version +200 in \d+ ms, first byte \d+ ms, \d+ B$/m)
  })
})

describe('what was refused is nobody\'s, and status says how often, from where and why', () => {
  test.concurrent.for(rows)('$id', async (row, { expect }) => {
    const { id, dir } = row
    const { at, accesses, settled } = of(row)
    const wrong: Login = id === 'mtls' ? { headers: {} } : { headers: { Authorization: id === 'basic' ? `Basic ${Buffer.from('bob:wrong').toString('base64')}` : `Bearer olsk_${'x'.repeat(43)}` } }
    expect((await ask(at, { path: '/api/ps', login: wrong })).status).toBe(401)
    if (id === 'mtls') {
      const crt = join(place.dir, 'other.crt')
      await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${crt}.key`, '-out', crt, '-subj', '/CN=bob', '-days', '2'])
      await expect(ask(at, { path: '/api/ps', login: { headers: {}, cert: readFileSync(crt, 'utf8'), key: readFileSync(`${crt}.key`, 'utf8') } })).rejects.toThrow()
    }
    const reason = { basic: 'wrong name or password', bearer: 'unknown key', mtls: 'a certificate of another CA' }[id] ?? ''
    await settled(2)
    const all = await accesses()
    expect(all.find(({ refused }) => refused === reason)).toMatchObject({ person: null, address: expect.stringMatching(/\.9$/) })
    // Nobody's, so it isn't among bob's either.
    expect(all.filter(({ path, refused, person }) => (path === '/api/ps' || refused !== null) && person !== null)).toEqual([])
    const now = JSON.parse((await ollamaStack(['status', '--json', '-C', dir])).stdout) as Status
    expect(now).toMatchObject({
      running: true, users: 2, people: [{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }],
      services: [{ name: 'proxy', state: 'running', health: 'healthy' }, { name: 'ollama', state: 'running', health: 'healthy' }],
    })
    expect(now.refused).toMatchObject({ hour: 1, day: 1 })
    expect(now.refused?.latest.find((one) => one.reason === reason)).toMatchObject({ times: 1, address: expect.stringMatching(/\.9$/) })
    for (const { since } of now.services) expect(Date.now() - Date.parse(String(since))).toBeLessThan(300_000)
    const text = (await ollamaStack(['status', '-C', dir])).stdout
    expect(text).toMatch(/^proxy +running, healthy, (?:for \d+ \w+|just started) +\(/m)
    expect(text).toMatch(/^Login +\w+; ann \(admin.*\), bob \(user/m)
    expect(text).toContain(reason)
  })
})

describe('a secret is in no log, wherever somebody put it, and no escape sequence acts on a terminal', () => {
  test.concurrent.for(rows)('$id', async (row, { expect }) => {
    const { name, dir } = row
    const { ann, bob, at, login, logs, settled } = of(row)
    const secret = String(bob.secret)
    const statuses: number[] = []
    const all = everywhere(secret, new URL(at.url).host, login)
    for (let start = 0; start < all.length; start += 6) {
      statuses.push(...await Promise.all(all.slice(start, start + 6).map(async (text) => (await raw(at, login, text, { patience: 2000, quiet: 50 })).status)))
    }
    // Some get in, some are refused by the login and some by the proxy itself.
    for (const status of [200, row.id === 'mtls' ? 421 : 401, 400, 403]) expect(statuses).toContain(status)
    await settled(3)
    const [text, json, status, proxy, ollama] = (await Promise.all([logs(), logs('--json'), ollamaStack(['status', '-C', dir]), docker('logs', `${name}-proxy-1`), docker('logs', `${name}-ollama-1`)])).map(({ stdout, stderr }) => stdout + stderr)
    const places = { text, json, status, proxy, ollama }
    const forms = [secret, Buffer.from(`bob:${secret}`).toString('base64'), encodeURIComponent(secret), String(ann.secret)]
    for (const [where, said = ''] of Object.entries(places)) {
      expect(said.length, where).toBeGreaterThan(200)
      for (const form of forms) expect(said.includes(form), `${where}: ${said.slice(Math.max(0, said.indexOf(form) - 300), said.indexOf(form))}`).toBe(false)
      expect(said, where).not.toMatch(/[^\P{Cc}\n]|owned/u)
    }
  })
})

describe('logs, of one stack', () => {
  const row = rows.find(({ id }) => id === 'bearer')
  if (!row) throw new Error('no such stack')
  const { dir, name } = row
  const request = async (): Promise<unknown> => {
    const { at, login } = of(row)
    return ask(at, { path: '/api/version', login })
  }
  const start = (args: string[]): { child: ChildProcess; out: () => string; ended: Promise<number | null> } => {
    const child = spawn(process.execPath, [program, ...args, '-C', dir])
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
    return { child, out: () => out, ended: new Promise((resolve) => child.on('exit', resolve)) }
  }

  test('all services in the order of time, without the questions that Ollama\'s container asks itself', async () => {
    await request()
    const { stdout } = await ollamaStack(['logs', '-C', dir])
    expect(stdout).toMatch(/ ollama \| .*Listening on/)
    expect(stdout).toMatch(/ proxy {2}\| bob /)
    expect(stdout).not.toContain('[GIN]')
    expect((await ollamaStack(['logs', 'ollama', '-C', dir])).stdout).toMatch(/\[GIN\].* \| GET +"\/api\/version"/)
    expect(Object.values(await docker('logs', `${name}-ollama-1`)).join('')).toMatch(/\[GIN\].*\.2 \| HEAD/)
    const times = parsed((await ollamaStack(['logs', '--json', '-C', dir])).stdout).map(({ time }) => time)
    expect(times).toEqual([...times].sort())
    expect(new Set(parsed((await ollamaStack(['logs', '-n', '1', '--json', '-C', dir])).stdout).map(({ service }) => service))).toEqual(new Set(['proxy', 'ollama']))
    expect((await ollamaStack(['logs', 'proxy', '--since', '2020-01-01', '--tail', '3', '-C', dir])).stdout.trimEnd().split('\n')).toHaveLength(3)
  })

  test('follows over a restart and into a new container, each line once, until Ctrl-C', async () => {
    const { child, out, ended } = start(['logs', 'proxy', '-f', '-n', '0', '--json'])
    const seen = (): number => parsed(out().slice(0, out().lastIndexOf('\n') + 1)).filter(({ access }) => access?.path === '/api/version').length
    /** Until it answers, as after a restart. */
    const answered = (): Promise<void> => expect.poll(() => request().then(() => true, () => false), { timeout: 10_000 }).toBe(true)
    const comes = async (count: number): Promise<void> => {
      await answered()
      await expect.poll(seen, { timeout: 10_000 }).toBe(count)
    }
    // It is there once it has shown something.
    await expect.poll(async () => { await request(); return seen() }, { timeout: 10_000, interval: 500 }).toBeGreaterThan(0)
    await sleep(500)
    const before = seen()
    await comes(before + 1)
    await dockerOk('restart', '-t', '1', `${name}-proxy-1`)
    await comes(before + 2)
    const { code, stderr } = await run('docker', ['compose', 'up', '-d', '--force-recreate', 'proxy'], { cwd: dir })
    expect(code, stderr).toBe(0)
    await comes(before + 3)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(seen()).toBe(before + 3)
    expect(out()).not.toContain('"error"')
  })

  test('a closed pipe ends it', async () => {
    const { code, stdout } = await run('sh', ['-c', `'${process.execPath}' '${program}' logs -C '${dir}' | head -n 1`])
    expect([code, stdout.split('\n')]).toEqual([0, [expect.stringMatching(/ (?:proxy|ollama) +\|/), '']])
  })

  test('status --watch: a document for each change, also when Ollama goes', async () => {
    const { child, out, ended } = start(['status', '--watch', '--json'])
    const states = (): string[] => out().trimEnd().split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as Status).services.map(({ state }) => state).join(' '))
    await expect.poll(states, { timeout: 10_000 }).toEqual(['running running'])
    await dockerOk('stop', '-t', '1', `${name}-ollama-1`)
    await expect.poll(() => states().at(-1), { timeout: 4000 }).toBe('running exited')
    await dockerOk('start', `${name}-ollama-1`)
    await expect.poll(() => states().at(-1), { timeout: 10_000 }).toBe('running running')
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(out()).not.toContain('"error"')
  })

  test('status --watch on a terminal: in place, and the cursor is back after Ctrl-C', async () => {
    const tmux = new Tmux()
    try {
      const pane = tmux.open(`'${process.execPath}' '${program}' status --watch`, { cwd: dir, columns: 60 })
      await pane.see(/^proxy +running, healthy/m)
      expect(pane.cursorVisible()).toBe(false)
      await dockerOk('pause', `${name}-ollama-1`)
      const paused = await pane.see(/^ollama +paused/m)
      await dockerOk('unpause', `${name}-ollama-1`)
      expect(paused.match(/^proxy /gm)).toHaveLength(1)
      await pane.see(/^ollama +running/m)
      pane.key('C-c')
      expect(await pane.see('exit 130')).toMatch(/^ollama +running/m)
      expect(pane.cursorVisible()).toBe(true)
      expect(pane.everything().match(/^proxy /gm)).toHaveLength(1)
    } finally {
      tmux.kill()
    }
  })
})
