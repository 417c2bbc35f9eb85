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

describe('Ctrl-C', () => {
  test.concurrent.each([
    ['at the first look', /^GET \/images/, 'The engine is left as it is.'],
    ['at the network', /^POST \/networks\/create/, 'What was started has been taken back from the engine.'],
    ['at the volume', /^POST \/volumes\/create/, 'What was started has been taken back from the engine.'],
    ['at the container', /^POST \/containers\/create/, 'What was started has been taken back from the engine.'],
    ['at the start', /^POST \/containers\/\w+\/start/, 'What was started has been taken back from the engine.'],
    ['at the health', /^GET \/events/, 'What was started has been taken back from the engine.'],
  ])('%s', async (stage, when, says) => {
    const name = `test-faults-${stage.replaceAll(' ', '-')}`
    const dir = await project(name)
    const outcome = await upTo(when, ({ interrupt }) => interrupt(), 'up', '-C', dir)
    expect([outcome.met, outcome.code, errorOf(outcome)], outcome.stderr).toEqual([true, 130, { code: 'E_CANCELLED', message: `Cancelled. ${says}`, hint: '' }])
    expect([await remains(name), await volumes(name)]).toEqual([[], ''])
    if (stage !== 'at the container') return
    const up = await ollamaStack(['up', '-C', dir, '--json'])
    expect(up.code, up.stdout).toBe(0)
  })
})

describe('an engine that falls silent', () => {
  const WITHIN_MS = 25_000
  test.concurrent.each([
    ['status', /^GET \/networks/],
    ['down', /^POST \/containers\/\w+\/stop/],
    ['user list', /^GET \/containers\/\w+\/logs/],
  ])('%s ends, and says so', async (command, when) => {
    const name = `test-faults-silent-${command.replaceAll(' ', '-')}`
    const dir = await project(name)
    expect((await ollamaStack(['up', '-C', dir, '--json'])).code).toBe(0)
    const outcome = await upTo(when, (_, front) => front.freeze(), ...command.split(' '), '-C', dir)
    expect([outcome.met, outcome.ms < WITHIN_MS], `${outcome.ms} ms`).toEqual([true, true])
    // Who is listed stands in the files; the engine only knows when they last came in.
    if (command === 'user list') expect([outcome.code, JSON.parse(outcome.stdout)], outcome.stderr).toMatchObject([0, [{ name: 'ann' }]])
    else expect([outcome.code, errorOf(outcome)]).toEqual([1, { code: 'E_ENGINE_LOST', message: 'The Docker Engine stopped answering: no answer for 20 s.', hint: expect.stringContaining('docker info') as string }])
    const again = await ollamaStack(['up', '-C', dir, '--json'])
    expect([again.code, (JSON.parse(again.stdout) as { running: boolean }).running]).toEqual([0, true])
  })

  test.concurrent('up: what is left is named, and the next up goes on from there', async () => {
    const name = 'test-faults-silent-up'
    const dir = await project(name)
    const outcome = await upTo(/^POST \/containers\/create/, (_, front) => front.freeze(), 'up', '-C', dir)
    expect([outcome.code, outcome.ms < WITHIN_MS]).toEqual([1, true])
    const { code, message, hint } = errorOf(outcome)
    expect([code, hint]).toEqual(['E_ENGINE_LOST', expect.stringContaining('goes on from what is there')])
    expect(message).toBe(`The Docker Engine stopped answering: no answer for 20 s.\nLeft on the engine: volume ${name}_models, network ${name}_egress, network ${name}_backend, network ${name}_edge.`)
    expect(await remains(name)).toHaveLength(3)
    const again = await ollamaStack(['up', '-C', dir, '--json'])
    expect([again.code, (JSON.parse(again.stdout) as { changed: string[] }).changed]).toEqual([0, [expect.stringContaining('create container'), expect.stringContaining('create container')]])
  })
})
