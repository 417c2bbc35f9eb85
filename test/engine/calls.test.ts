// What `up` asks of the engine when there is nothing to do, seen by a relay: no change, and nothing twice but what
// a change in between could make another. And that a connection kept for more doesn't keep the program.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { create, docker, freePort, ollamaStack, run, workspace } from './project.ts'
import { relay } from './relay.ts'

const NAME = 'test-calls'
const place = workspace()

afterAll(async () => {
  await docker('compose', '-p', NAME, 'down', '-v', '--remove-orphans')
  place.remove()
})

test('a second up changes nothing, and looks at each thing as often as it has to', async () => {
  const dir = join(place.dir, NAME)
  const made = await create([dir, '--user', 'ann:admin', '--port', String(await freePort()), '--model', 'none', '--no-start', '--yes', '--json'])
  expect(made.code, made.stdout).toBe(0)
  expect((await ollamaStack(['up', '-C', dir])).code).toBe(0)

  const calls: string[] = []
  const front = await relay(join(place.dir, 'engine.sock'), (call) => calls.push(call.replace(/\?.*/, '').replace(/\/[0-9a-f]{64}(?=\/|$)/, '/ID')))
  const again = await ollamaStack(['up', '-C', dir, '--json'], { env: front.env })
  front.close()
  expect([again.code, (JSON.parse(again.stdout) as { changed: string[] }).changed]).toEqual([0, []])

  const counted = Object.fromEntries([...new Set(calls)].sort().map((call) => [call, calls.filter((other) => other === call).length]))
  // Those that aren't GET only look into containers: which models are loaded, whether memory ran out.
  expect(Object.keys(counted).filter((call) => !call.startsWith('GET '))).toEqual(['POST /containers/ID/exec', 'POST /exec/ID/start'])
  // Before, for the wait, and for the status at the end.
  for (const [list, most] of [['containers/json', 3], ['networks', 2], ['volumes', 2], ['version', 1], ['info', 1]] as const) expect([list, counted[`GET /${list}`]]).toEqual([list, most])
  expect(calls.length, JSON.stringify(counted)).toBeLessThanOrEqual(34)
})

test('over ssh, a command that is done ends', async () => {
  const bin = join(place.dir, 'bin')
  mkdirSync(bin)
  // As if the engine's machine were this one.
  writeFileSync(join(bin, 'ssh'), '#!/bin/sh\nunset DOCKER_HOST\nwhile [ "$1" != "--" ]; do shift; done\nshift 2\nexec "$@"\n')
  chmodSync(join(bin, 'ssh'), 0o755)
  const { code, stdout, stderr } = await run('timeout', ['60', process.execPath, join(import.meta.dirname, '../../dist/ollama-stack.js'), 'status', '--json', '-C', join(place.dir, NAME)], { env: { DOCKER_HOST: 'ssh://me@box', PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ name: NAME, running: true })
})
