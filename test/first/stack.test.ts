// The first minute of a stack: made by npm create, used without a network, taken down by a global install.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { asRoot, docker, freePort, remains } from '../engine/project.ts'
import type { Outcome } from '../setup/shell.ts'
import { npmSaid } from './installed.ts'
import { stranger, type Stranger } from './stranger.ts'

const NAME = 'test-first'
let ann: Stranger
let port: number
let made: Outcome

beforeAll(async () => {
  ann = stranger(inject('registry'))
  port = await freePort()
  made = await ann.run('npm', 'create', 'ollama-stack@latest', NAME, '--', '--auth', 'bearer', '--port', String(port), '--yes')
})

afterAll(async () => {
  const left = await remains(NAME)
  if (left.length > 0) await ann.run(join(ann.here, NAME, 'ollama-stack'), 'down', '--volumes', '--yes')
  ann.leave()
})

test('npm create: a stack that runs, tried by itself, its key shown once, and what to type next', async () => {
  expect({ code: made.code, err: made.code === 0 ? '' : made.err, said: npmSaid(made.err) }).toEqual({ code: 0, err: '', said: [] })
  // Data on stdout, what goes on meanwhile on stderr.
  const key = /^admin +admin +key: (\S+)$/m.exec(made.out)?.[1] ?? ''
  expect(key.length).toBeGreaterThan(30)
  expect(made.err).not.toContain(key)
  expect(made.err).toMatch(/^ok {2}The test model answers, streamed token by token/m)
  expect(made.err).not.toMatch(/^(?:FAIL|no) /m)
  const command = made.out.split('\n').find((line) => line.startsWith('  curl '))?.trim() ?? ''
  const { code, out } = await ann.run('sh', '-c', command)
  expect({ code, models: (JSON.parse(out) as { models: { name: string }[] }).models.map(({ name }) => name) }).toEqual({ code: 0, models: ['gemma3:1b'] })
  expect(made.out.trimEnd().split('\n').slice(-2)).toEqual([
    `See it:        ${ann.here}/${NAME}/ollama-stack status`,
    `Take it down:  ${ann.here}/${NAME}/ollama-stack down`,
  ])
  expect(made.err.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^npx create-ollama-stack@latest ${ann.here}/${NAME} .*--port ${port} .*--yes$`))
})

test('the project goes on without npm and without a network', async () => {
  rmSync(join(ann.home, '.npm'), { recursive: true })
  const launcher = join(ann.here, NAME, 'ollama-stack')
  const [command, args] = asRoot('unshare', '--net', launcher, 'status', '--json')
  const { code, out, err } = await ann.run(command, ...args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(JSON.parse(out)).toMatchObject({ name: NAME, running: true, users: 1, models: [{ name: 'gemma3:1b' }], services: [{ state: 'running', health: 'healthy' }, { state: 'running', health: 'healthy' }] })
  // Nothing of npm came back.
  expect(readdirSync(ann.home)).not.toContain('.npm')
})

test('a global install finds the project from within, and leaves nothing of it on the engine', async () => {
  expect(await ann.run('npm', 'install', '--global', 'create-ollama-stack')).toMatchObject({ code: 0, err: '' })
  const { code, err } = await ann.run('sh', '-c', `cd ${NAME}/proxy && ollama-stack down --volumes --yes`)
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  expect(await remains(NAME)).toEqual([])
  expect((await docker('volume', 'ls', '-q', '--filter', `label=com.docker.compose.project=${NAME}`)).stdout).toBe('')
  expect(readFileSync(join(ann.here, NAME, 'compose.yaml'), 'utf8')).toContain('x-ollama-stack:')
})
