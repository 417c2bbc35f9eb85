// `connect` as a user gets it: the packed package alone, run by npx without a network, in front of
// the unmodified `ollama` client, for each login.

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { topFingerprint } from '../../src/certs/top-cert.ts'
import { create, docker, freePort, ollamaStack, run, workspace, type CreateDocument } from './project.ts'

/** As much of the client's own types as is used here. */
interface Client {
  list(): Promise<{ models: { name: string }[] }>
  pull(request: { model: string; stream: true }): Promise<AsyncIterable<{ status: string }> & { abort(): void }>
  generate(request: { model: string; prompt: string; stream: true }): Promise<AsyncIterable<{ response: string; done: boolean }>>
}

const place = workspace()
const clients = join(import.meta.dirname, '../clients')
let tarball: string
let Ollama: new (options: { host: string }) => Client

beforeAll(async () => {
  const { code, stderr } = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', place.dir], { cwd: join(import.meta.dirname, '../..') })
  expect(code, stderr).toBe(0)
  tarball = join(place.dir, readdirSync(place.dir).find((name) => name.endsWith('.tgz')) ?? '')
  if (!existsSync(join(clients, 'node_modules/ollama'))) await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clients })
  const client = await import(pathToFileURL(createRequire(join(clients, 'package.json')).resolve('ollama')).href) as { Ollama: typeof Ollama }
  Ollama = client.Ollama
})

/** What the owner hands over, and nothing else: each login another way to trust and to give the secret. */
const GIVEN: Record<string, (made: CreateDocument) => { args: string[]; secret: string }> = {
  basic: ({ project, users: [ann] }) => ({ args: ['--user', 'ann', '--ca', project.ca ?? ''], secret: ann?.secret ?? '' }),
  bearer: ({ project, users: [ann] }) => ({ args: ['--fingerprint', topFingerprint(readFileSync(join(project.dir, 'certs/server/server.crt'), 'utf8')) ?? ''], secret: ann?.secret ?? '' }),
  // The CA is in there too.
  mtls: ({ users: [ann] }) => ({ args: ['--p12', ann?.files?.p12 ?? ''], secret: ann?.secret ?? '' }),
}

interface Running {
  name: string
  dir: string
  door: ChildProcess
  url: string
  said(): string
}

const all = new Map<string, Running>()
// At the same time: most of it is waiting.
beforeAll(() => Promise.all(Object.keys(stacks).map(async (id) => all.set(id, await start(id)))))
afterAll(async () => {
  await Promise.all([...all.values()].map(async ({ dir, door }) => {
    // npx and what it started.
    if (door.pid !== undefined && door.exitCode === null) process.kill(-door.pid, 'SIGINT')
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  }))
  place.remove()
})

async function start(id: string): Promise<Running> {
  const name = `test-connect-${id}`
  const dir = join(place.dir, name)
  const outcome = await create([dir, '--name', name, '--auth', id, '--tls', 'private', '--user', 'ann:admin', '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
  expect(outcome.code, outcome.stdout).toBe(0)
  const made = JSON.parse(outcome.stdout) as CreateDocument
  const given = GIVEN[id]?.(made) ?? { args: [], secret: '' }
  // A machine of its own: no project, no cache, no network.
  const home = join(place.dir, `home-${id}`)
  mkdirSync(home)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const door = spawn('npx', ['--offline', '--yes', '-p', tarball, 'ollama-stack', 'connect', made.project.url, ...given.args, '--secret-stdin', '--port', String(port), '--verbose'], {
    cwd: home, env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), npm_config_cache: join(home, 'npm') }, stdio: ['pipe', 'pipe', 'pipe'], detached: true,
  })
  let said = ''
  for (const stream of [door.stdout, door.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  door.stdin.end(given.secret)
  all.set(id, { name, dir, door, url, said: () => said })
  await until(() => { if (door.exitCode !== null) throw new Error(said); return said.includes('Listening on ') })
  expect(said).toContain(`Listening on ${url} and http://[::1]:${port}, forwarding to ${made.project.url} with the `)
  expect(said).not.toContain(given.secret)
  return { name, dir, door, url, said: () => said }
}

describe.each(Object.keys(stacks))('%s', (id) => {
  let name: string
  let dir: string
  let door: ChildProcess
  let url: string
  let said: () => string
  let ollama: Client
  beforeAll(() => {
    const running = all.get(id)
    if (!running) throw new Error(`${id} isn't running`)
    ;({ name, dir, door, url, said } = running)
    ollama = new Ollama({ host: url })
  })

  /** Ollama's own log of a path. */
  const access = async (path: string): Promise<string[]> => {
    const { stdout, stderr } = await docker('logs', `${name}-ollama-1`)
    return `${stdout}${stderr}`.split('\n').filter((line) => line.includes(`"${path}"`))
  }

  test('the ollama client lists, pulls and streams', async () => {
    expect(await ollama.list()).toEqual({ models: [] })
    const statuses: string[] = []
    for await (const { status } of await ollama.pull({ model: 'gemma3:1b', stream: true })) statuses.push(status)
    expect(statuses.at(-1)).toBe('success')
    expect((await ollama.list()).models.map((model) => model.name)).toEqual(['gemma3:1b'])
    const times: number[] = []
    let text = ''
    for await (const part of await ollama.generate({ model: 'gemma3:1b', prompt: 'Hello', stream: true })) {
      times.push(performance.now())
      text += part.response
    }
    expect(text).toContain('stand-in')
    // One by one, as the stand-in speaks: a word in 30 ms.
    expect(new Set(times.map((time) => Math.floor(time / 15))).size).toBeGreaterThan(8)

    const { length: before } = await access('/api/pull')
    // Who goes away ends the work: this pull would take 20 s.
    const pull = await ollama.pull({ model: 'slow:1b', stream: true })
    await expect((async () => { for await (const part of pull) if (part.status.startsWith('pulling')) pull.abort() })()).rejects.toThrow(/abort/i)
    await until(async () => (await access('/api/pull')).length === before + 1, 5000)
    expect((await access('/api/pull')).at(-1)).toMatch(/ \| +(?:\d+\.\d+ms|[0-4]\.\d+s) \| /)
    expect(said()).toMatch(/POST \/api\/pull {2}200 {2}\d+ ms {2}\(the client went away\)/)
  })

  test('64 streams at the same time, each whole', async () => {
    const texts = await Promise.all(Array.from({ length: 64 }, async () => {
      const parts: string[] = []
      for await (const { response } of await ollama.generate({ model: 'gemma3:1b', prompt: 'Hello', stream: true })) parts.push(response)
      return parts
    }))
    expect(new Set(texts.map((parts) => parts.join(''))).size).toBe(1)
    expect(Math.min(...texts.map((parts) => parts.length))).toBeGreaterThan(10)
  })

  test('a login that was replaced: told to the client and, once, to the user', async () => {
    const { code, stderr } = await ollamaStack(['user', 'rotate', 'ann', '-C', dir])
    expect(code, stderr).toBe(0)
    await until(async () => (await fetch(`${url}/api/tags`)).status === 401)
    const answer = await fetch(`${url}/api/tags`)
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^The stack refuses the login that ollama-stack connect was started with/) })
    expect(said().match(/Warning: The stack refuses the login/g)).toHaveLength(1)
    expect(door.exitCode).toBeNull()
  })
})

async function until(done: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !(await done()); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${done}`)
  }
}
