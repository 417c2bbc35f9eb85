// npm create, npx and npm install, each by somebody who never had it.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, inject, test } from 'vitest'
import { shellWord } from '../../src/ui/shell-word.ts'
import { Tmux } from '../terminal/keys.ts'
import { VERSION, installed, npmSaid, npxFolders, sizes } from './installed.ts'
import { stranger, type Stranger } from './stranger.ts'

/** 2^20 bytes; in blocks of 4 kB a tenth more. */
const MEGABYTE = 1_048_576
const tmux = new Tmux()
let ann: Stranger

beforeEach(() => { ann = stranger(inject('registry')) })
afterEach(() => ann.leave())
afterAll(() => tmux.kill())

test('npx: one package, no scripts, at most a megabyte, and not a word of npm', async () => {
  const { code, out, err } = await ann.run('npx', 'create-ollama-stack@latest', '--version')
  expect({ code, out, said: npmSaid(err) }).toEqual({ code: 0, out: `${VERSION}\n`, said: [] })
  const [folder = ''] = npxFolders(ann.home)
  const { packages, withScripts, bytes, disk } = installed(folder)
  expect(packages).toEqual(['node_modules/create-ollama-stack'])
  expect(withScripts).toEqual([])
  expect(bytes).toBeLessThanOrEqual(MEGABYTE)
  expect(disk).toBeLessThanOrEqual(1.1 * MEGABYTE)
})

test('npx with flags: they arrive, and --dry-run leaves nothing behind', async () => {
  const { code, out, err } = await ann.run('npx', 'create-ollama-stack@latest', 'my-stack', '--auth', 'mtls', '--dry-run', '--yes')
  expect({ code, said: npmSaid(err) }).toEqual({ code: 0, said: [] })
  expect(out).toContain('my-stack/certs/clients/admin.p12')
  expect(out.trimEnd().split('\n').at(-1)).toBe('Nothing was written, nothing was started.')
  expect(readdirSync(ann.here)).toEqual([])
})

test('npm i -g: both programs, in one package', async () => {
  const { code, out, err } = await ann.run('npm', 'install', '--global', 'create-ollama-stack')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^added 1 package in /m)
  expect(sizes(join(ann.home, 'global/lib/node_modules')).bytes).toBeLessThanOrEqual(MEGABYTE)
  for (const program of ['create-ollama-stack', 'ollama-stack']) expect(await ann.run(program, '--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' })
  expect((await ann.run('ollama-stack', '--help')).out).toMatch(/^Usage: ollama-stack COMMAND/m)
})

test('npm create --yes: npm keeps the flag, and the next thing to type is there', async () => {
  const { code, err } = await ann.run('npm', 'create', 'ollama-stack', '--yes')
  expect(code).toBe(2)
  expect(err).toMatch(/^Error: There is no terminal to ask in.*\(npm kept --yes for itself.*\)\n {2}Take the defaults: npx create-ollama-stack@latest --yes$/m)
  expect(readdirSync(ann.here)).toEqual([])
})

test.each([
  [['--name=other', '--', '--yes', '--no-start'], /^Error: npm kept --name for itself, as it does with all flags before a --\. Nothing was done\.$/m],
  // From npm 12 on, npm itself refuses flags that it doesn't know.
  [['--port', '9000'], /^Error: npm kept --port for itself|^npm error code EUNKNOWNCONFIG$/m],
  [['--rate=60/m', '--allow=10.0.0.0/8', '--', '--yes', '--no-start'], /^Error: npm kept --allow, --rate for itself|^npm error code EUNKNOWNCONFIG$/m],
])('npm create my-stack %j: npm keeps flags, and nothing happens without them', async (args, refusal) => {
  const { code, err } = await ann.run('npm', 'create', 'ollama-stack', 'my-stack', ...args)
  expect(code).not.toBe(0)
  expect(err).toMatch(refusal)
  expect(readdirSync(ann.here)).toEqual([])
})

test('npm create in a terminal: npm asks once, then the wizard', async () => {
  const env = Object.entries(ann.env).map(([name, value]) => shellWord(`${name}=${value}`)).join(' ')
  const pane = tmux.open(`env -i TERM="$TERM" LC_ALL=C.UTF-8 ${env} npm create ollama-stack`, { cwd: ann.here })
  expect(await pane.see('Ok to proceed?', 60_000)).toContain(`create-ollama-stack@${VERSION}`)
  pane.key('y', 'Enter')
  await pane.see('◆  Where should the project go?', 60_000)
  pane.key('C-c')
  expect(await pane.see('exit 130')).toContain('Cancelled. Nothing was written.')
  expect(existsSync(join(ann.here, 'ollama-stack'))).toBe(false)
})
