// A running stack gets other settings: what runs is not cut off where it can be avoided, and another login
// lets nobody in with an old key.

import { readFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Login } from '../../stacks/stack.ts'
import { ask, open, type Door } from '../../src/net/http.ts'
import { create, dockerOk, door, freePort, loginOf, ollamaStack, remains, workspace, type CreateDocument } from './project.ts'

const place = workspace()
const name = 'test-configure'
const dir = join(place.dir, name)
const page = 'https://chat.example.com'
let at: Door
let ann: Login

beforeAll(async () => {
  const made = document(await create([dir, '--auth', 'bearer', '--user', 'ann:admin', '--port', String(await freePort()), '--yes', '--json']))
  at = door(made)
  ann = login(made)
})
afterAll(async () => {
  await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  place.remove()
})

function document({ code, stdout }: { code: number; stdout: string }): CreateDocument & { changed: string[] } {
  expect(code, stdout).toBe(0)
  return JSON.parse(stdout) as CreateDocument & { changed: string[] }
}
function login(made: CreateDocument): Login {
  const [first] = made.users
  if (!first) throw new Error('nobody was made')
  return loginOf(made, first)
}
const configure = (...flags: string[]) => ollamaStack(['configure', '-C', dir, '--json', '--yes', ...flags])
const containers = (): Promise<string> => dockerOk('ps', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`, '--format', '{{.ID}} {{.Image}}')
const allowedFor = async (origin: string): Promise<unknown> => (await ask(at, { method: 'OPTIONS', path: '/api/tags', headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' } })).headers['access-control-allow-origin']

test('an origin and a rate: in force, with the same containers, and a running stream arrives whole', async () => {
  const before = await containers()
  const response = await open(at, { method: 'POST', path: '/api/generate', login: ann, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 300 } }) })
  let text = ''
  const whole = (async () => {
    for await (const part of response) text += String(part)
    return performance.now()
  })()
  const inForce = expect.poll(() => allowedFor(page), { timeout: 20_000, interval: 50 }).toBe(page).then(() => performance.now())
  const { checks, changed } = document(await configure('--origin', page, '--rate', '5/s'))
  expect(changed.map((path) => path.slice(dir.length + 1)).sort()).toEqual(['compose.yaml', 'proxy/origins.conf', 'proxy/rate.conf'])
  expect(checks.filter(({ ok }) => ok !== true).map(({ id }) => id)).toEqual([])
  expect(checks.find(({ id }) => id === 'rate-limit')?.detail).toMatch(/429/)
  expect(await containers()).toBe(before)
  // It was on its way when the proxy read its files anew.
  expect(await whole).toBeGreaterThan(await inForce)
  const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { done: boolean })
  expect([response.statusCode, lines.length > 50, lines.at(-1)?.done]).toEqual([200, true, true])
})

test('only the files, or killed before the proxy was told: up tells it, once', async () => {
  document(await configure('--origin', 'https://other.example.com', '--no-start'))
  expect(await allowedFor(page)).toBe(page)
  const up = async (): Promise<unknown> => (JSON.parse((await ollamaStack(['up', '-C', dir, '--json'])).stdout) as { changed: string[] }).changed
  expect(await up()).toEqual(['reload proxy'])
  expect([await allowedFor('https://other.example.com'), await allowedFor(page)]).toEqual(['https://other.example.com', undefined])
  expect(await up()).toEqual([])
})

test("somebody else's port: refused before anything is written, by name", async () => {
  const server = net.createServer()
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)))
  const before = readFileSync(join(dir, 'compose.yaml'), 'utf8')
  const { code, stdout } = await configure('--port', String(port))
  server.close()
  expect([code, (JSON.parse(stdout) as CreateDocument).error]).toEqual([1, expect.objectContaining({ code: 'E_PORT_TAKEN', message: expect.stringMatching(/Nothing was written/) })])
  expect(readFileSync(join(dir, 'compose.yaml'), 'utf8')).toBe(before)
})

test('another login, encrypted, on every address and the same port: the old key is refused, the new password is let in, the models stay', async () => {
  const old = ann
  const made = document(await configure('--auth', 'basic', '--tls', 'private', '--bind', '0.0.0.0'))
  at = door(made)
  const now = login(made)
  expect(made).toMatchObject({ started: true, project: { auth: 'basic', tls: 'private' }, users: [{ name: 'ann', role: 'admin' }] })
  expect(made.checks.filter(({ ok }) => ok === false)).toEqual([])
  const tags = await ask(at, { path: '/api/tags', login: now })
  expect([(await ask(at, { path: '/api/tags', login: old })).status, tags.status, tags.body.includes('gemma3:1b')]).toEqual([401, 200, true])
  expect((await containers()).split('\n').map((line) => line.split(' ')[1]).sort()).toEqual(['nginx:1.30', 'ollama/ollama:0.32.15'])
  expect((await remains(name)).length).toBeGreaterThan(0)
})
