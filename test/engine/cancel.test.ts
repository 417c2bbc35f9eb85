// Ctrl-C: exit 130, what was made so far is told, nothing half-made and nobody made for tests stays.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../../src/net/http.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, workspace, type CreateDocument, type Outcome } from './project.ts'

const place = workspace()
const names: string[] = []

interface Running {
  /** Resolves when it has said so, on stdout or stderr. */
  says(what: string | RegExp): Promise<void>
  interrupt(): void
  ended(): boolean
  outcome: Promise<Outcome & { signal: NodeJS.Signals | null }>
}

function start(program: 'create' | 'ollama-stack', args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist', `${program}.js`), ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const outcome = new Promise<Outcome & { signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code: code ?? -1, signal, stdout, stderr }))
  })
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    outcome, ended,
    interrupt: () => void child.kill('SIGINT'),
    says: (what) => until(() => {
      if (ended()) throw new Error(`it ended before it said ${what}: ${stdout}${stderr}`)
      return (stdout + stderr).match(what) !== null
    }),
  }
}

async function until(done: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !(await done()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${done}`)
  }
}

interface Made {
  name: string
  dir: string
  process: Running
}

async function begin(name: string, ...args: string[]): Promise<Made> {
  names.push(name)
  const dir = join(place.dir, name)
  return { name, dir, process: start('create', [dir, '--user', 'ann:admin', '--port', String(await freePort()), '--yes', ...args]) }
}

const running = async (name: string): Promise<number> =>
  (await dockerOk('ps', '-q', '--filter', `label=com.docker.compose.project=${name}`)).split('\n').filter(Boolean).length

/** What a cancelled `create --json` leaves: the whole document, and nobody made for tests. */
async function cancelled({ dir, process }: Made): Promise<CreateDocument> {
  const { code, signal, stdout, stderr } = await process.outcome
  const document = JSON.parse(stdout) as CreateDocument
  expect({ code, signal, error: document.error?.code }, stdout).toEqual({ code: 130, signal: null, error: 'E_CANCELLED' })
  expect(document.error?.message).toMatch(/^Cancelled\. /)
  expect(document.error?.message).toContain(dir)
  expect(document.project.dir).toBe(dir)
  expect(document.users).toMatchObject([{ name: 'ann', role: 'admin', secret: expect.stringMatching(/\S{20}/) }])
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(testPeople(dir)).toBe(0)
  return document
}

const testPeople = (dir: string): number => readFileSync(join(dir, 'credentials/keys'), 'utf8').split('ollama-stack-test-').length - 1

async function letsIn(document: CreateDocument): Promise<number> {
  const [first] = document.users
  if (!first) throw new Error('nobody in the document')
  return (await ask(door(document), { path: '/api/tags', login: loginOf(document, first) })).status
}

afterAll(async () => {
  for (const name of names) await docker('compose', '-p', name, 'down', '-v', '--remove-orphans')
  place.remove()
})

describe('create', () => {
  test('before anything is written, while the engine takes its time to answer', async () => {
    const path = join(place.dir, 'silent.sock')
    const silent = createServer()
    const asked = new Promise((resolve) => silent.once('connection', resolve).listen(path))
    const dir = join(place.dir, 'early')
    const process = start('create', [dir, '--port', String(await freePort()), '--yes', '--json'], { DOCKER_HOST: `unix://${path}` })
    await asked
    const then = performance.now()
    process.interrupt()
    const { code, stdout } = await process.outcome
    silent.close()
    expect({ code, document: JSON.parse(stdout) as object }).toEqual({ code: 130, document: { error: { code: 'E_CANCELLED', message: 'Cancelled. Nothing was written.', hint: '' } } })
    expect(performance.now() - then).toBeLessThan(1000)
    expect(existsSync(dir)).toBe(false)
  })

  // From the first network to the start of the last container.
  test.each([0, 150, 300, 600])('while the engine creates, after %i ms', async (ms) => {
    const made = await begin(`test-cancel-create-${ms}`, '--json')
    await made.process.says('Start the stack')
    await sleep(ms)
    made.process.interrupt()
    const document = await cancelled(made)
    expect(document).toMatchObject({ started: false, model: null, checks: [] })
    expect(document.error?.hint).toContain(`${made.dir}/ollama-stack up`)
    expect(await remains(made.name)).toEqual([])
    expect(await dockerOk('volume', 'ls', '-q', '--filter', `name=${made.name}_models`)).toBe('')
  })

  test('while waiting for healthy; the secret of the document opens the door later', async () => {
    const made = await begin('test-cancel-health', '--json', '--model', 'none')
    await until(async () => (await running(made.name)) === 2)
    made.process.interrupt()
    const document = await cancelled(made)
    expect(document.started).toBe(false)
    expect(document.error?.message).toContain('taken back')
    expect(await remains(made.name)).toEqual([])
    // As the hint says.
    const up = await ollamaStack(['up', '-C', made.dir, '--json'])
    expect(up.code, up.stdout).toBe(0)
    expect(await letsIn(document)).toBe(200)
  })

  test('without --json: the secret is on stdout', async () => {
    const made = await begin('test-cancel-plain')
    await made.process.says('Start the stack')
    made.process.interrupt()
    const { code, stdout, stderr } = await made.process.outcome
    expect(code).toBe(130)
    expect(stdout).toMatch(/ann {2}key: \S{20}/)
    expect(stderr).toMatch(new RegExp(`^Cancelled\\. .*${made.dir}`, 'm'))
    expect(await remains(made.name)).toEqual([])
  })

  test('a second time: at once, but not without the secret', async () => {
    const made = await begin('test-cancel-twice', '--json')
    await until(async () => (await running(made.name)) === 2)
    made.process.interrupt()
    await sleep(30)
    const then = performance.now()
    made.process.interrupt()
    const document = await cancelled(made)
    expect(performance.now() - then).toBeLessThan(500)
    expect(document.started).toBe(false)
    // Taking back takes longer than that; so this is what has to be told.
    expect(await remains(made.name)).not.toEqual([])
    expect(document.error?.hint).toContain(`${made.dir}/ollama-stack down`)
    expect((await ollamaStack(['down', '-C', made.dir, '--json'])).code).toBe(0)
    expect(await remains(made.name)).toEqual([])
  })

  test('during the checks: the stack runs, and those that were done are told', async () => {
    const made = await begin('test-cancel-checks', '--json', '--model', 'gemma3:1b')
    await made.process.says('Trying the door')
    await sleep(400)
    const then = performance.now()
    made.process.interrupt()
    const document = await cancelled(made)
    expect(performance.now() - then).toBeLessThan(1500)
    expect(document).toMatchObject({ started: true, model: 'gemma3:1b' })
    expect(document.checks.slice(0, 2)).toMatchObject([{ id: 'credentials', ok: true }, { id: 'proxy-answers', ok: true }])
    expect(document.checks.map(({ id }) => id)).not.toContain('generation')
    expect(document.error?.hint).toContain(`${made.dir}/ollama-stack test`)
    expect(await letsIn(document)).toBe(200)
  })
})

describe('a model that takes long', () => {
  let made: Made
  let document: CreateDocument
  const ids = (): Promise<string> => dockerOk('ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.project=${made.name}`)
  const stack = (...args: string[]): Running => start('ollama-stack', [...args, '-C', made.dir, '--json'])

  beforeAll(async () => {
    made = await begin('test-cancel-pull', '--json', '--model', 'slow:1b')
    await made.process.says('Pull slow:1b')
    await sleep(1500)
    made.process.interrupt()
    document = await cancelled(made)
  })

  test('create: the stack runs without it, and the hint says how to go on', async () => {
    expect(document).toMatchObject({ started: true, model: null, checks: [] })
    expect(document.error?.hint).toContain(`${made.dir}/ollama-stack pull slow:1b`)
    expect(await letsIn(document)).toBe(200)
  })

  test('pull: exit 130, and what to type', async () => {
    const process = stack('pull', 'slow:1b')
    await process.says('Pull slow:1b')
    await until(() => testPeople(made.dir) === 1)
    await sleep(500)
    process.interrupt()
    const { code, stdout } = await process.outcome
    const { error } = JSON.parse(stdout) as CreateDocument
    expect({ code, error: error?.code }).toEqual({ code: 130, error: 'E_CANCELLED' })
    expect(error?.message).toContain('slow:1b')
    expect(error?.hint).toContain('ollama-stack pull slow:1b')
    expect(testPeople(made.dir)).toBe(0)
  })

  test('test: exit 130, nobody is left', async () => {
    const process = stack('test')
    await until(() => testPeople(made.dir) === 2)
    process.interrupt()
    const { code, stdout } = await process.outcome
    expect({ code, error: (JSON.parse(stdout) as CreateDocument).error?.code }).toEqual({ code: 130, error: 'E_CANCELLED' })
    expect(testPeople(made.dir)).toBe(0)
  })

  test('up that replaces a container: the old one is back', async () => {
    const before = await ids()
    const file = join(made.dir, 'compose.yaml')
    const original = readFileSync(file, 'utf8')
    writeFileSync(file, original.replace('pids_limit: 64', 'pids_limit: 65').replace('pids_limit: 4096', 'pids_limit: 4095'))
    const process = stack('up')
    await until(async () => {
      const now = await ids()
      return now !== before && now.split('\n').length === 2
    })
    process.interrupt()
    const { code, stdout } = await process.outcome
    expect({ code, error: (JSON.parse(stdout) as CreateDocument).error }).toEqual({
      code: 130, error: { code: 'E_CANCELLED', message: expect.stringMatching(/^Cancelled\. .*taken back/) as string, hint: expect.any(String) as string },
    })
    expect((await ids()).split('\n').sort()).toEqual(before.split('\n').sort())
    writeFileSync(file, original)
    await expect.poll(() => letsIn(document), { timeout: 5000 }).toBe(200)
  })

  test('up that waits for another one: told at once, and it changes nothing afterwards', async () => {
    const lock = join(made.dir, '.ollama-stack.lock')
    const file = join(made.dir, 'compose.yaml')
    const original = readFileSync(file, 'utf8')
    const before = await ids()
    writeFileSync(lock, `${globalThis.process.pid}\n`)
    writeFileSync(file, original.replace('pids_limit: 64', 'pids_limit: 66'))
    try {
      const process = stack('up')
      await process.says('Waiting for another ollama-stack')
      const then = performance.now()
      process.interrupt()
      expect(await process.outcome).toMatchObject({ code: 130, stdout: expect.stringContaining('E_CANCELLED') as string })
      expect(performance.now() - then).toBeLessThan(500)
      rmSync(lock)
      expect(await ids()).toBe(before)
    } finally {
      rmSync(lock, { force: true })
      writeFileSync(file, original)
    }
  })

  test('down: the first waits for what is under way, the second ends at once', async () => {
    // A signal that nginx ignores: the engine waits for 10 s.
    const file = join(made.dir, 'compose.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('stop_signal: SIGQUIT', 'stop_signal: SIGURG'))
    expect((await ollamaStack(['up', '-C', made.dir, '--json'])).code).toBe(0)
    const process = stack('down')
    await process.says('Stop and remove')
    await sleep(1000)
    process.interrupt()
    await sleep(1000)
    expect(process.ended()).toBe(false)
    const then = performance.now()
    process.interrupt()
    expect(await process.outcome).toMatchObject({ code: 130, signal: null })
    expect(performance.now() - then).toBeLessThan(500)
  })
})

test('the same create after a cancelled one: the name and the port are free again', async () => {
  const made = await begin('test-cancel-again', '--json', '--model', 'none')
  await made.process.says('Start the stack')
  made.process.interrupt()
  const document = await cancelled(made)
  const again = await create([join(place.dir, 'again'), '--name', made.name, '--port', new URL(document.project.url).port, '--model', 'none', '--yes', '--json'])
  expect(again.code, again.stdout).toBe(0)
})
