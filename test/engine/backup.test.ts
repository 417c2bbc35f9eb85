// A project lost and restored: the CA, the certificates and the people of before, on an engine that had
// forgotten all of it.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Login } from '../../stacks/stack.ts'
import { readTree } from '../../src/project/disk.ts'
import { ask, type Door } from '../../src/net/http.ts'
import { create, docker, door, freePort, loginOf, ollamaStack, remains, workspace, type CreateDocument } from './project.ts'

const NAME = 'test-backup'
const PASSPHRASE = 'five plain words in a row'
const TREE = ['compose.yaml', 'README.md', '.gitignore', 'ollama-stack', 'ollama-stack.cmd', 'proxy', 'credentials', 'certs', '.ollama-stack-state']

const place = workspace()
const dir = join(place.dir, NAME)
const file = join(place.dir, 'backup.tar.gz')
let at: Door
let ann: Login

interface Refusal {
  error: { code: string; message: string; hint: string }
}

const backup = (input: string, ...args: string[]) => ollamaStack(['backup', ...args, '-C', dir, '--passphrase-stdin', '--json'], { input, cwd: place.dir })
const restore = (input: string, to: string) => ollamaStack(['restore', file, to, '--passphrase-stdin', '--json'], { input, cwd: place.dir })
const owners = (root: string): [string, number][] => [...readTree(root, TREE).keys()].map((path) => [path, statSync(join(root, path)).uid])

beforeAll(async () => {
  const { code, stdout } = await create([dir, '--auth', 'mtls', '--user', 'ann:admin', '--user', 'bob', '--model', 'none', '--port', String(await freePort()), '--no-start', '--yes', '--json'])
  const made = JSON.parse(stdout) as CreateDocument
  expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
  const compose = join(dir, 'compose.yaml')
  writeFileSync(compose, readFileSync(compose, 'utf8').replaceAll('interval: 5s', 'interval: 1s'))
  expect((await ollamaStack(['up', '-C', dir])).code).toBe(0)
  at = door(made)
  ann = loginOf(made, made.users[0] ?? expect.fail('nobody'))
})

afterAll(async () => {
  await docker('compose', '-p', NAME, 'down', '-v', '--remove-orphans')
  place.remove()
})

test('a backup is for its owner alone, and overwrites nothing', async () => {
  const { code, stdout } = await backup(PASSPHRASE, file)
  expect(code, stdout).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ file, project: NAME, left: [], keys: expect.arrayContaining(['certs/ca.key', 'certs/server/server.key', 'certs/clients/ann.key', 'certs/clients/bob.key']) })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = await backup(PASSPHRASE, file)
  expect([again.code, (JSON.parse(again.stdout) as Refusal).error.code]).toEqual([2, 'E_FILE'])
  const short = await backup('too short', join(place.dir, 'short.tar.gz'))
  expect([short.code, (JSON.parse(short.stdout) as Refusal).error.code]).toEqual([2, 'E_PASSPHRASE'])
  expect(existsSync(join(place.dir, 'short.tar.gz'))).toBe(false)
})

test('not beside the one that runs: each would take the other for its own', async () => {
  const { code, stdout } = await restore(PASSPHRASE, 'beside')
  expect([code, (JSON.parse(stdout) as Refusal).error.code]).toEqual([2, 'E_PROJECT_EXISTS'])
  expect((JSON.parse(stdout) as Refusal).error.hint).toContain(`docker compose -p ${NAME} down`)
  expect(existsSync(join(place.dir, 'beside'))).toBe(false)
  expect((await ask(at, { path: '/api/tags', login: ann })).status).toBe(200)
})

test('lost and restored: every file, and who had a certificate gets in by the same CA', async () => {
  expect((await ollamaStack(['down', '--volumes', '--yes', '-C', dir])).code).toBe(0)
  expect(await remains(NAME)).toEqual([])
  const kept = join(place.dir, 'kept')
  renameSync(dir, kept)
  const wrong = await restore('five plain words in a raw', NAME)
  expect([wrong.code, (JSON.parse(wrong.stdout) as Refusal).error.code]).toEqual([2, 'E_PASSPHRASE'])
  expect(readdirSync(place.dir).sort()).toEqual(['backup.tar.gz', 'kept'])

  const { code, stdout } = await restore(PASSPHRASE, NAME)
  expect(code, stdout).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ project: { dir, name: NAME, auth: 'mtls', tls: 'private' }, keys: 4, warnings: [] })
  expect(readTree(dir, TREE)).toEqual(readTree(kept, TREE))
  expect(owners(dir)).toEqual(owners(kept))
  rmSync(kept, { recursive: true })
  const up = await ollamaStack(['up', '-C', dir, '--json'])
  expect(up.code, up.stdout).toBe(0)
  // `at` trusts the CA of before alone, `ann` is her certificate of before.
  expect((await ask(at, { path: '/api/tags', login: ann })).status).toBe(200)
  expect((await ask(at, { path: '/api/tags' })).status).toBe(401)
})
