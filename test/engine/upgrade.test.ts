// A newer program and its images on a project of an older one: what the owner edited stays, and what
// doesn't work is taken back, byte for byte.
//
// "Newer" is a copy of the program that ships another image or other files.

import { spawn } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Login } from '../../stacks/stack.ts'
import { readTree } from '../../src/project/disk.ts'
import { ask, type Door } from '../../src/net/http.ts'
import { readTexts } from '../../src/texts.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument, type Outcome } from './project.ts'

const NAME = 'test-upgrade'
const SHIPPED = 'openresty/openresty:1.31-bookworm'
const GOOD = 'openresty/openresty:1.32-test-upgrade'
const BROKEN = 'openresty/openresty:1.33-test-upgrade'
const TREE = ['compose.yaml', 'README.md', '.gitignore', 'ollama-stack', 'ollama-stack.cmd', 'proxy', 'credentials', '.ollama-stack', '.ollama-stack-state']

const place = workspace()
const dir = join(place.dir, NAME)
let at: Door
let ann: Login

interface Document {
  newer: boolean
  upgraded: boolean
  started: boolean
  wentBack?: boolean
  images: { service: string; from: string; to: string; change: string }[]
  files: { changed: string[]; removed: string[]; kept: string[] }
  checks: { id: string; ok: boolean | null }[]
  error?: { code: string; message: string; hint: string }
}

/** A program that is newer in one thing: `text` instead of `old` in a file that it ships. */
function newer(name: string, file: string, old: string, text: string): string {
  const program = join(place.dir, name)
  cpSync(join(import.meta.dirname, '../../dist'), program, { recursive: true })
  change(program, file, (shipped) => {
    expect(shipped).toContain(old)
    return shipped.replaceAll(old, text)
  })
  return join(program, 'ollama-stack.js')
}

function change(program: string, file: string, made: (shipped: string) => string): void {
  const packed = join(program, 'stacks.json.br')
  const texts = readTexts(packed)
  writeFileSync(packed, brotliCompressSync(JSON.stringify({ ...texts, [file]: made(texts[file] ?? '') })))
}

const shipping = (name: string, image: string): string => newer(name, 'bearer/files/compose.yaml', SHIPPED, image)

/** Another image: the shipped one, after a command in it. */
async function image(tag: string, command: string): Promise<void> {
  const made = `${NAME}-${tag.replace(/\W/g, '-')}`
  await dockerOk('run', '--name', made, '--entrypoint', 'sh', '--user', '0', SHIPPED, '-c', command)
  await dockerOk('commit', made, tag)
  await dockerOk('rm', made)
}

async function upgrade(program: string, ...more: string[]): Promise<Outcome & { document: Document }> {
  const outcome = await run(process.execPath, [program, 'upgrade', '-C', dir, '--json', ...more])
  return { ...outcome, document: JSON.parse(outcome.stdout) as Document }
}

const container = (service: string): string => `${NAME}-${service}-1`
const imageIds = (): Promise<string> => dockerOk('inspect', '--format', '{{.Name}} {{.Image}} {{.State.Status}}', container('proxy'), container('ollama'))
const letsIn = async (): Promise<number> => (await ask(at, { path: '/api/tags', login: ann })).status

interface State {
  files: [string, string][]
  images: string
}

const state = async (): Promise<State> => ({ files: [...readTree(dir, TREE)].map(([path, { content, mode }]) => [path, `${mode.toString(8)} ${String(content)}`]), images: await imageIds() })

/** As if nothing had been tried: every file, the images and the containers' number, and the credential. */
async function asBefore(before: State): Promise<void> {
  expect(await state()).toEqual(before)
  expect((await remains(NAME)).length).toBe(5)
  expect(await letsIn()).toBe(200)
  const status = JSON.parse((await ollamaStack(['status', '-C', dir, '--json'])).stdout) as { running: boolean; edited: boolean }
  expect(status).toMatchObject({ running: true, edited: false })
}

beforeAll(async () => {
  const [made] = await Promise.all([
    create([dir, '--auth', 'bearer', '--user', 'ann:admin', '--model', 'none', '--port', String(await freePort()), '--no-start', '--yes', '--json']),
    image(GOOD, 'true'),
    image(BROKEN, `printf '#!/bin/sh\\necho this build is broken\\nexit 1\\n' >"$(readlink -f "$(command -v openresty)")"`),
  ])
  const document = JSON.parse(made.stdout) as CreateDocument
  expect({ code: made.code, error: document.error }).toEqual({ code: 0, error: undefined })
  at = door(document)
  ann = loginOf(document, document.users[0] ?? expect.fail('nobody'))
  // By hand, as owners do; one where the new version changes nothing, one beside what it changes.
  for (const [file, old, text] of [['compose.yaml', 'pids_limit: 64', 'pids_limit: 96 # mine'], ['compose.yaml', 'interval: 5s', 'interval: 1s'], ['proxy/refusals.conf', /$/, '# mine too\n']] as const) {
    const path = join(dir, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(old, text))
  }
  expect((await ollamaStack(['up', '-C', dir, '--json'])).code).toBe(0)
})

afterAll(async () => {
  await docker('compose', '-p', NAME, 'down', '-v', '--remove-orphans')
  await docker('rmi', '-f', GOOD, BROKEN)
  place.remove()
})

test('the same program: nothing newer, and nothing changes', async () => {
  const before = await state()
  for (const flag of ['--check', '--yes']) {
    const { code, document } = await upgrade(join(import.meta.dirname, '../../dist/ollama-stack.js'), flag)
    expect([code, document.newer, document.files.changed]).toEqual([0, false, []])
    expect(document.files.kept.sort()).toEqual([join(dir, 'compose.yaml'), join(dir, 'proxy/refusals.conf')])
  }
  await asBefore(before)
})

test('an image that ends at once: its log is told, and everything is as before', async () => {
  const before = await state()
  const { code, document } = await upgrade(shipping('broken', BROKEN), '--yes')
  expect(code).toBe(1)
  expect(document).toMatchObject({ upgraded: false, wentBack: true, error: { code: 'E_UNHEALTHY', message: expect.stringContaining('this build is broken') } })
  await asBefore(before)
})

test('a proxy that runs, but whose smoke tests fail: back as well, with the checks that failed', async () => {
  const before = await state()
  const { code, document } = await upgrade(newer('lax', 'bearer/files/lua/login.lua', 'Bearer realm="Ollama"', 'Bearer realm="Elsewhere"'), '--yes')
  expect(code).toBe(1)
  expect(document).toMatchObject({ upgraded: false, wentBack: true, error: { code: 'E_CHECK_FAILED' } })
  expect(document.checks.filter(({ ok }) => ok === false).length).toBeGreaterThan(0)
  await asBefore(before)
})

/** Ends an upgrade once it has said so. */
async function ended(program: string, when: string, signal: NodeJS.Signals, delay = 0): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, 'upgrade', '-C', dir, '--json', '--yes'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => {
    const before = stderr
    stderr += chunk.toString()
    if (!before.includes(when) && stderr.includes(when)) void sleep(delay).then(() => child.kill(signal))
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

test('Ctrl-C while the new containers start: exit 130, and everything is as before', async () => {
  const before = await state()
  const { code, stdout } = await ended(shipping('interrupted', GOOD), 'Start the stack', 'SIGINT', 1500)
  expect(code, stdout).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ upgraded: false, wentBack: true, error: { code: 'E_CANCELLED', message: expect.stringContaining('Everything is as it was before') } })
  await asBefore(before)
})

test('ended by force during the smoke tests: the next upgrade goes back first', async () => {
  const before = await state()
  const program = shipping('killed', GOOD)
  await ended(program, 'Trying the door', 'SIGKILL', 300)
  expect(existsSync(join(dir, '.ollama-stack-state/upgrade.json'))).toBe(true)
  const { code, stderr, document } = await upgrade(join(import.meta.dirname, '../../dist/ollama-stack.js'), '--yes')
  expect([code, document.newer], stderr).toEqual([0, false])
  expect(stderr).toContain('was cut short: going back')
  await asBefore(before)
})

test('a good one: its image and files, with every hand edit, and the old credential gets in', async () => {
  const program = shipping('good', GOOD)
  const line = '# New in this version.\n'
  change(join(place.dir, 'good'), 'nginx/refusals.conf', (shipped) => line + shipped)
  const dry = await upgrade(program, '--dry-run')
  expect([dry.code, dry.document.newer]).toEqual([0, true])
  const { code, document, stderr } = await upgrade(program, '--yes')
  expect(code, stderr).toBe(0)
  expect(document).toMatchObject({ upgraded: true, started: true })
  expect(document.images.find(({ service }) => service === 'proxy')).toMatchObject({ from: SHIPPED, to: GOOD, change: 'tag' })
  expect(document.checks.filter(({ ok }) => ok === false)).toEqual([])
  expect(await imageIds()).toContain(`/${container('proxy')} ${await dockerOk('inspect', '--format', '{{.Id}}', GOOD)} running`)
  expect(readFileSync(join(dir, 'compose.yaml'), 'utf8')).toMatch(/pids_limit: 96 # mine\n/)
  const refusals = readFileSync(join(dir, 'proxy/refusals.conf'), 'utf8')
  expect([refusals.startsWith(line), refusals.endsWith('# mine too\n')]).toEqual([true, true])
  expect(await letsIn()).toBe(200)
  // From here on the project's own copy is the newer program.
  const own = await run(join(dir, 'ollama-stack'), ['upgrade', '--check', '--json'])
  expect([own.code, (JSON.parse(own.stdout) as Document).newer]).toEqual([0, false])
})

test('an image that its owner chose stays theirs', async () => {
  const path = join(dir, 'compose.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').replace(GOOD, SHIPPED))
  const { document } = await upgrade(shipping('next', BROKEN), '--check')
  expect(document.images.find(({ service }) => service === 'proxy')).toMatchObject({ from: SHIPPED, to: SHIPPED, change: 'pinned' })
  expect(document.files.changed).not.toContain(path)
})
