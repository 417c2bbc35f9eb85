// Ctrl-C at each call that `up` makes to the engine, and an engine that falls silent at one. A relay in front of the
// engine's socket says when. Each ends with nothing half-made and a next `up` that works.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { create, docker, dockerOk, freePort, ollamaStack, remains, workspace, type CreateDocument, type Outcome } from './project.ts'
import { relay, type Relay } from './relay.ts'

type Failure = NonNullable<CreateDocument['error']>

const place = workspace()
const names: string[] = []

afterAll(async () => {
  for (const name of names) await docker('compose', '-p', name, 'down', '-v', '--remove-orphans')
  place.remove()
})

async function project(name: string): Promise<string> {
  names.push(name)
  const dir = join(place.dir, name)
  const { code, stdout } = await create([dir, '--user', 'ann:admin', '--port', String(await freePort()), '--model', 'none', '--no-start', '--yes', '--json'])
  expect(code, stdout).toBe(0)
  return dir
}

/** Runs a command; what `at` does when the engine is called like that, and when it ended. */
async function upTo(when: RegExp, at: (child: { interrupt: () => void }, relay: Relay) => void, ...args: string[]): Promise<Outcome & { met: boolean; ms: number }> {
  let met = false
  let child: ReturnType<typeof spawn> | undefined
  let since = performance.now()
  const front = await relay(join(place.dir, `${names.length}-${Math.random().toString(36).slice(2, 8)}.sock`), (call) => {
    if (met || !when.test(call)) return
    met = true
    since = performance.now()
    at({ interrupt: () => void child?.kill('SIGINT') }, front)
  })
  const started = spawn(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...front.env } })
  child = started
  let [stdout, stderr] = ['', '']
  started.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  started.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number>((resolve) => started.on('close', (exit) => resolve(exit ?? -1)))
  front.close()
  return { code, stdout, stderr, met, ms: performance.now() - since }
}

const errorOf = ({ stdout }: Outcome): Failure => (JSON.parse(stdout) as { error: Failure }).error
const volumes = (name: string): Promise<string> => dockerOk('volume', 'ls', '-q', '--filter', `label=com.docker.compose.project=${name}`)

const NOTHING_LEFT = 'What was started has been taken back from the engine.'
const STAGES: [stage: string, when: RegExp, says: string][] = [
  ['the first look', /^GET \/images/, 'The engine is left as it is.'],
  ['the network', /^POST \/networks\/create/, NOTHING_LEFT],
  ['the volume', /^POST \/volumes\/create/, NOTHING_LEFT],
  ['the container', /^POST \/containers\/create/, NOTHING_LEFT],
  ['the start', /^POST \/containers\/\w+\/start/, NOTHING_LEFT],
  ['the health', /^GET \/events/, NOTHING_LEFT],
]
const WITHIN_MS = 26_000
const LOST = { code: 'E_ENGINE_LOST', message: 'The Docker Engine stopped answering: no answer for 20 s.', hint: expect.stringContaining('docker info') as string }

// The files of three projects: what takes long is waiting for an engine that is silent.
describe.concurrent('up, status, down and user list', () => {
  test('Ctrl-C at each stage of up: 130, nothing half-made, and it says so', async () => {
    const name = 'test-faults-ctrl-c'
    const dir = await project(name)
    for (const [stage, when, says] of STAGES) {
      const outcome = await upTo(when, ({ interrupt }) => interrupt(), 'up', '-C', dir)
      expect([stage, outcome.met, outcome.code, errorOf(outcome)], outcome.stderr).toEqual([stage, true, 130, { code: 'E_CANCELLED', message: `Cancelled. ${says}`, hint: '' }])
      expect([stage, await remains(name), await volumes(name)]).toEqual([stage, [], ''])
    }
    const up = await ollamaStack(['up', '-C', dir, '--json'])
    expect(up.code, up.stdout).toBe(0)
  })

  test('the engine falls silent: each ends, and says so', async () => {
    const dir = await project('test-faults-silent')
    expect((await ollamaStack(['up', '-C', dir, '--json'])).code).toBe(0)
    const [status, down, list] = await Promise.all([
      upTo(/^GET \/networks/, (_, front) => front.freeze(), 'status', '-C', dir),
      upTo(/^POST \/containers\/\w+\/stop/, (_, front) => front.freeze(), 'down', '-C', dir),
      upTo(/^GET \/containers\/\w+\/logs/, (_, front) => front.freeze(), 'user', 'list', '-C', dir),
    ])
    for (const { met, ms } of [status, down, list]) expect([met, ms < WITHIN_MS], `${ms} ms`).toEqual([true, true])
    expect([status, down].map((outcome) => [outcome.code, errorOf(outcome)])).toEqual([[1, LOST], [1, LOST]])
    // Who is listed stands in the files; the engine only knows when they last came in.
    expect([list.code, JSON.parse(list.stdout)], list.stderr).toMatchObject([0, [{ name: 'ann' }]])
    const again = await ollamaStack(['up', '-C', dir, '--json'])
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { running: true, changed: [], problems: [] }])
  })

  test('the engine falls silent in the middle of up: what is left is named, and the next up goes on from there', async () => {
    const name = 'test-faults-silent-up'
    const dir = await project(name)
    const outcome = await upTo(/^POST \/containers\/create/, (_, front) => front.freeze(), 'up', '-C', dir)
    expect([outcome.code, outcome.ms < WITHIN_MS], `${outcome.ms} ms`).toEqual([1, true])
    const { code, message, hint } = errorOf(outcome)
    expect([code, hint]).toEqual(['E_ENGINE_LOST', expect.stringContaining('goes on from what is there')])
    expect(message).toBe(`${LOST.message}\nLeft on the engine: volume ${name}_models, network ${name}_egress, network ${name}_backend, network ${name}_edge.`)
    expect(await remains(name)).toHaveLength(3)
    const again = await ollamaStack(['up', '-C', dir, '--json'])
    expect([again.code, (JSON.parse(again.stdout) as { changed: string[] }).changed]).toEqual([0, [expect.stringContaining('create container'), expect.stringContaining('create container')]])
  })
})
