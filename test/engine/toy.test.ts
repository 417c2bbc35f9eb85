// A stack that was added by a folder and a line (test/toy) stands up to what the others do: the smoke tests, its own
// bad logins among them, and the whole attack matrix.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withToy } from '../toy/place.ts'
import { freePort, ollamaStack, remains, run, workspace, type CreateDocument } from './project.ts'

const name = 'test-toy'
const place = workspace()
const dir = join(place.dir, name)
let copy: string
beforeAll(() => { copy = withToy() })
afterAll(async () => {
  await ollamaStack(['-C', dir, 'down', '--volumes', '--yes'])
  rmSync(copy, { recursive: true, force: true })
  place.remove()
  expect(await remains(name)).toEqual([])
})

test('create: up, and every smoke test passed', async () => {
  const { code, stdout, stderr } = await run(process.execPath, [join(copy, 'dist/create.js'), dir, '--auth', 'toy', '--user', 'ann', '--user', 'bob', '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
  const { checks, started } = JSON.parse(stdout) as CreateDocument
  expect({ code, started, wrong: checks.filter(({ ok }) => !ok) }, stderr).toEqual({ code: 0, started: true, wrong: [] })
  expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['refuses-wrong-token', 'refuses-longer-token']))
})

test('the attack matrix finds nothing, with the launcher of the project', async () => {
  const { code, stdout } = await run(join(dir, 'ollama-stack'), ['test', '--thorough', '--json'])
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: CreateDocument['checks'] }
  expect({ code, ok, wrong: checks.filter((check) => check.ok === false) }).toEqual({ code: 0, ok: true, wrong: [] })
  expect(checks.length).toBeGreaterThan(25)
})
