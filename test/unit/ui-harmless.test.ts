// What others wrote doesn't act on the terminal, whoever says it and where.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { styleText } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { makeBackup, openBackup } from '../../src/backup/backup.ts'
import { packed } from '../../src/backup/archive.ts'
import { applyChange } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { harmlessUi } from '../../src/ui/harmless.ts'
import { plainUi } from '../../src/ui/plain.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'

const ODD = '\x1b]0;owned\x07\x9b2J\x1b[2A\x1b[8m\u202e\r\x7f'
const ACTS = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/u
const cwd = mkdtempSync(join(tmpdir(), 'ollama-stack-harmless-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))
beforeAll(async () => {
  const stack = stacks['bearer']
  if (!stack) throw new Error('no such stack')
  applyChange(cwd, (await render(stack, config(stack, { model: 'gemma3:1b' }), [{ name: 'ann', role: 'admin' }], { now: new Date() })).files)
  const compose = join(cwd, 'compose.yaml')
  writeFileSync(compose, readFileSync(compose, 'utf8').replace(/model: .*/, `model: ${JSON.stringify(`gemma3${ODD}`)}`))
})

test('every way of saying something', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const ui = harmlessUi(plainUi(stdout, stderr), false)
  for (const say of [ui.intro, ui.line, ui.warn, ui.data]) say(ODD)
  ui.note(ODD, ODD)
  ui.check({ title: ODD, ok: false, detail: ODD })
  await ui.step(ODD, async (report) => report(ODD))
  await ui.progress(ODD, async (update) => update({ done: 1, total: 2, text: ODD }))
  for (const stream of [stdout, stderr]) {
    const text = String(stream.read())
    expect(text).toContain('\\u{1b}]0;owned')
    expect(text).not.toMatch(ACTS)
  }
})

test('our own colours stay, and nothing beside them', () => {
  const stdout = new PassThrough()
  harmlessUi(plainUi(stdout, stdout), false).data(styleText('red', `a${ODD}`, { validateStream: false }))
  expect(String(stdout.read())).toMatch(/^\x1b\[31ma\\u\{1b\}\]0;[^\x1b]*\x1b\[39m\n$/)
})

test('a document stays the same document', async () => {
  const { code, out } = await ran(cwd, ['client', 'aider', '--json', '-C', '.'])
  expect(code).toBe(0)
  expect(out.trimEnd()).not.toMatch(ACTS)
  expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify('\u202e').slice(1, -1))
})

test('settings that were asked for', async () => {
  const { out } = await ran(cwd, ['client', 'aider', '-C', '.'])
  expect(out).toContain('gemma3')
  expect(out).not.toMatch(ACTS)
})

test('a backup that somebody made', async () => {
  const at = join(cwd, 'backup.tar.gz')
  writeFileSync(at, await makeBackup('home', new Map([['compose.yaml', { content: readFileSync(join(cwd, 'compose.yaml')), mode: 0o644 }]]), null, new Date()))
  const { manifest, files } = await openBackup(at)
  const list = JSON.stringify({ ...manifest, project: ODD, made: ODD })
  writeFileSync(at, await packed([['backup.json', Buffer.from(list)] as const, ...files].map(([path, content]) => ({ path, content, mode: 0o600 })), new Date()))
  const { out, err } = await ran(cwd, ['restore', at, 'back'], { env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  expect(out + err).not.toMatch(ACTS)
})
