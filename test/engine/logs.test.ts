// The day after: `logs` and `status` of a running stack, for each login. Nothing of them ever holds a secret.

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Access, Login } from '../../stacks/stack.ts'
import { raw } from '../../src/attacks/raw.ts'
import { ask, type Door } from '../../src/http.ts'
import type { Status } from '../../src/status.ts'
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

describe.each(rows)('$id', ({ id, name, dir }) => {
  const own = (): CreateDocument => made.get(id) as CreateDocument
  const [ann, bob] = [0, 1].map((index) => (): CreateDocument['users'][number] => own().users[index] as CreateDocument['users'][number]) as [() => CreateDocument['users'][number], () => CreateDocument['users'][number]]
  const at = (): Door => door(own())
  const login = (): Login => loginOf(own(), bob())
  const logs = (...args: string[]): Promise<Outcome> => ollamaStack(['logs', '-C', dir, ...args])
  const accesses = async (...args: string[]): Promise<Access[]> => parsed((await logs('proxy', '--json', ...args)).stdout).flatMap(({ access }) => access ?? [])
  const status = async (): Promise<Status> => JSON.parse((await ollamaStack(['status', '--json', '-C', dir])).stdout) as Status
  /** A path that the log shows. */
  const marked = (number: number): string => `/ollama-stack-test-${number.toString(16).padStart(8, '0')}`
  const until = async (path: string): Promise<Access> => {
    const find = async () => (await accesses()).find((one) => one.path === path)
    await expect.poll(find, { timeout: 5000 }).toBeDefined()
    return await find() as Access
  }

  test('a request is one line: who, from where, what, status, until the first byte, in all, how much', async () => {
    const { body } = await ask(at(), { path: '/api/version?x=1', login: login() })
    await ask(at(), { path: marked(1), login: login() })
    await until(marked(1))
    const all = await accesses('--user', 'BOB')
    const access = all.find(({ path }) => path === '/api/version')
    expect(access).toEqual({
      at: expect.any(String), person: 'bob', address: expect.stringMatching(/^10\.\d+\.\d+\.9$/), method: 'GET', path: '/api/version', status: 200,
      bytes: body.length, seconds: expect.any(Number), firstByte: expect.any(Number), refused: null,
    })
    expect(access?.seconds).toBeLessThan(5)
    expect(Math.abs(Date.parse(String(access?.at)) - Date.now())).toBeLessThan(60_000)
    expect(all.find(({ path }) => path === marked(1))).toMatchObject({ status: 403, firstByte: null })
    expect((await logs('--user', 'bob')).stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d proxy \| bob 10\.\S+ +GET \/api\/version +200 in \d+ ms, first byte \d+ ms, \d+ B$/m)
  })

  test('what was refused is nobody\'s, and status says how often, from where and why', async () => {
    const wrong: Login = id === 'mtls' ? { headers: {} } : { headers: { Authorization: id === 'basic' ? `Basic ${Buffer.from('bob:wrong').toString('base64')}` : `Bearer olsk_${'x'.repeat(43)}` } }
    expect((await ask(at(), { path: '/api/ps', login: wrong })).status).toBe(401)
    if (id === 'mtls') {
      const crt = join(place.dir, 'other.crt')
      await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${crt}.key`, '-out', crt, '-subj', '/CN=bob', '-days', '2'])
      await expect(ask(at(), { path: '/api/ps', login: { headers: {}, cert: readFileSync(crt, 'utf8'), key: readFileSync(`${crt}.key`, 'utf8') } })).rejects.toThrow()
    }
    const reason = { basic: 'wrong name or password', bearer: 'unknown key', mtls: 'a certificate of another CA' }[id] ?? ''
    await expect.poll(async () => (await accesses()).find(({ refused }) => refused === reason), { timeout: 5000 }).toMatchObject({ person: null, address: expect.stringMatching(/\.9$/) })
    expect((await accesses('--user', 'bob')).filter(({ path, refused }) => path === '/api/ps' || refused !== null)).toEqual([])
    const now = await status()
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

  test('a secret is in no log, wherever somebody put it, and no escape sequence acts on a terminal', async () => {
    const { host } = new URL(own().project.url)
    const secret = String(bob().secret)
    const told = login().headers['Authorization']
    const escapes = '\x1b]0;owned\x07\xc2\x9b31m\x9b2J\x7f'
    const bodies = [`{"model":"no-such","prompt":"${secret}"}`, `{"${secret}":`, secret]
    const requests = [
      ...[`/${secret}`, `/api/tags/${secret}`, `/api/tags?key=${secret}`, `/?${secret}`, `/api/tags#${secret}`, `/api/tags;${secret}`, `/api/${secret}/tags`, `//${secret}`, `http://bob:${secret}@${host}/api/tags`, `http://${secret}/api/tags`, secret, `/${escapes}`]
        .map((target) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`),
      `${secret} /api/tags HTTP/1.1\r\nHost: ${host}\r\n`, `GET /api/tags ${secret}\r\nHost: ${host}\r\n`, `GET /api/tags HTTP/1.1\r\nHost: bob:${secret}@${host}\r\n`, `GET /api/tags HTTP/1.1\r\nHost: ${secret}.example\r\n`,
      ...['Cookie', 'Authorization', 'Proxy-Authorization', 'X-Api-Key', 'Api-Key', 'Referer', 'User-Agent', 'Origin', 'Accept', 'Content-Type', 'Content-Encoding', 'Anthropic-Version', 'X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Expect', 'Upgrade', 'Range', secret]
        .flatMap((header) => [secret, `Token ${secret}`, `Basic ${secret}`, escapes].map((value) => `GET /api/version HTTP/1.1\r\nHost: ${host}\r\n${header}: ${value}\r\n`)),
    ]
    const texts = [...requests.map((head) => `${head}Connection: close\r\n\r\n`), ...bodies.map((body) => `POST /api/show HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`)]
    // Each as a stranger and as bob, who has his own header too; his certificate in any case.
    const all = [...texts, ...(told === undefined ? [] : texts.map((text) => text.replace('\r\n', `\r\nAuthorization: ${told}\r\n`)))]
    const answers: number[] = []
    for (let start = 0; start < all.length; start += 6) {
      answers.push(...await Promise.all(all.slice(start, start + 6).map(async (text) => (await raw(at(), login(), text, { patience: 2000, quiet: 50 })).status)))
    }
    expect(new Set(answers)).toContain(200)
    await ask(at(), { path: marked(2), login: login() })
    await until(marked(2))
    const places = {
      text: (await logs()).stdout, json: (await logs('--json')).stdout, status: (await ollamaStack(['status', '-C', dir])).stdout,
      proxy: Object.values(await docker('logs', `${name}-proxy-1`)).join(''), ollama: Object.values(await docker('logs', `${name}-ollama-1`)).join(''),
    }
    const forms = [secret, Buffer.from(`bob:${secret}`).toString('base64'), encodeURIComponent(secret), String(ann().secret)]
    for (const [where, text] of Object.entries(places)) {
      expect(text.length, where).toBeGreaterThan(200)
      for (const form of forms) expect(text.includes(form), `${where}: ${text.slice(Math.max(0, text.indexOf(form) - 300), text.indexOf(form))}`).toBe(false)
    }
    for (const where of ['text', 'json', 'status'] as const) expect(places[where]).not.toMatch(/[^\P{Cc}\n]/u)
    for (const { line } of parsed(places.json)) expect(line).not.toContain('owned')
  }, 60_000)
})

describe('logs, of one stack', () => {
  const { dir, name } = rows[1] as (typeof rows)[number]
  const own = (): CreateDocument => made.get('bearer') as CreateDocument
  const request = async (): Promise<unknown> => ask(door(own()), { path: '/api/version', login: loginOf(own(), own().users[0] as CreateDocument['users'][number]) })
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
    expect(stdout).toMatch(/ proxy {2}\| ann /)
    expect(stdout).not.toMatch(/\[GIN\].*\.2 \| HEAD/)
    expect(Object.values(await docker('logs', `${name}-ollama-1`)).join('')).toMatch(/\[GIN\].*\.2 \| HEAD/)
    const times = parsed((await ollamaStack(['logs', '--json', '-C', dir])).stdout).map(({ time }) => time)
    expect(times).toEqual([...times].sort())
    expect(new Set(parsed((await ollamaStack(['logs', '-n', '1', '--json', '-C', dir])).stdout).map(({ service }) => service))).toEqual(new Set(['proxy', 'ollama']))
    expect((await ollamaStack(['logs', 'proxy', '--since', '2020-01-01', '--tail', '3', '-C', dir])).stdout.trimEnd().split('\n')).toHaveLength(3)
  })

  test('follows over a restart and into a new container, each line once, until Ctrl-C', async () => {
    const { child, out, ended } = start(['logs', 'proxy', '-f', '-n', '0', '--json'])
    const seen = (): number => parsed(out().slice(0, out().lastIndexOf('\n') + 1)).filter(({ access }) => access?.path === '/api/version').length
    const comes = async (count: number): Promise<void> => {
      await request()
      await expect.poll(seen, { timeout: 10_000 }).toBe(count)
    }
    const ready = () => docker('inspect', '-f', '{{.State.Health.Status}}', `${name}-proxy-1`).then(({ stdout }) => stdout.trim())
    // It is there once it has shown something.
    await expect.poll(async () => { await request(); return seen() }, { timeout: 10_000 }).toBeGreaterThan(0)
    const first = seen()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const before = Math.max(first, seen())
    await comes(before + 1)
    await dockerOk('restart', '-t', '1', `${name}-proxy-1`)
    await expect.poll(ready, { timeout: 15_000 }).toBe('healthy')
    await comes(before + 2)
    const { code, stderr } = await run('docker', ['compose', 'up', '-d', '--wait', '--force-recreate', 'proxy'], { cwd: dir })
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
