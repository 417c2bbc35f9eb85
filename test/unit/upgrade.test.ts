// What an upgrade would change, from what the files, the engine and the registry say.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { parseDocument } from 'yaml'
import { stacks } from '../../stacks/index.ts'
import type { Context } from '../../src/cli/command.ts'
import type { Engine } from '../../src/engine.ts'
import { applyChange } from '../../src/project/disk.ts'
import { StackError } from '../../src/errors.ts'
import { render } from '../../src/project/render.ts'
import { plainTexts, recordOf } from '../../src/project/state.ts'
import { plainUi } from '../../src/ui/plain.ts'
import { upgradeCall } from '../../src/upgrade/bundle.ts'
import { carryOut } from '../../src/upgrade/carry-out.ts'
import { connectionsIn } from '../../src/upgrade/connections.ts'
import { forgetDigests, goesBack, imageChanges, pinned, type Images, type Seen } from '../../src/upgrade/images.ts'
import { isNewer, loadForUpgrade, planUpgrade, type Upgrade } from '../../src/upgrade/plan.ts'
import { planLines, refuseClash, upgradeDocument, upToDate } from '../../src/upgrade/report.ts'
import { before, forget, goBack, leftOver, printOf, remember } from '../../src/upgrade/way-back.ts'
import { replaceScalars } from '../../src/project/yaml-scalars.ts'
import { config } from './config-of.ts'
import { refusal } from './refusal.ts'

// What the build writes into the program.
vi.hoisted(() => { Object.assign(globalThis, { __VERSION__: '1.9.0' }) })

const MACHINE = { names: [], addresses: [] }
const NOW = new Date('2026-11-21T12:00:00Z')
const signal = new AbortController().signal

describe('images', () => {
  const seen = (more: Partial<Seen> = {}): Seen => ({ here: { a: 'id-a', b: 'id-b' }, local: { a: 'sha256:a', b: 'sha256:b' }, registry: { a: 'sha256:a', b: 'sha256:b' }, running: { proxy: 'id-a' }, ...more })
  const kinds = (made: Images | null, mine: Images, shipped: Images, more: Partial<Seen> = {}): string[] =>
    imageChanges(pinned(made, mine, shipped), mine, shipped, seen(more)).map(({ service, from, to, kind, pull }) => `${service} ${from} ${to} ${kind}${pull ? ' pull' : ''}`)

  test.each([
    ['as shipped', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'a' }, {}, ['proxy a a none']],
    ['another version, which is here', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'b' }, {}, ['proxy a b tag']],
    ['another version, which is not', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'b' }, { here: { a: 'id-a', b: null }, local: { a: 'sha256:a', b: null } }, ['proxy a b tag pull']],
    ['another version, of which an old build is here', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'b' }, { registry: { b: 'sha256:new' } }, ['proxy a b tag pull']],
    ['a newer build', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'a' }, { registry: { a: 'sha256:new' } }, ['proxy a a build pull']],
    ['a newer build, pulled by somebody', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'a' }, { running: { proxy: 'id-old' } }, ['proxy a a build']],
    ['a registry that says nothing', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'a' }, { registry: { a: null } }, ['proxy a a none']],
    ['an image that was made here', { proxy: 'a' }, { proxy: 'a' }, { proxy: 'a' }, { local: { a: null } }, ['proxy a a none']],
    ['one that its owner chose', { proxy: 'a' }, { proxy: 'mine' }, { proxy: 'b' }, {}, ['proxy mine mine pinned']],
    ['one that its owner chose and that is shipped now', { proxy: 'a' }, { proxy: 'b' }, { proxy: 'b' }, { running: { proxy: 'id-b' } }, ['proxy b b none']],
    ['one that its owner chose, with a newer build', { proxy: 'a' }, { proxy: 'b' }, { proxy: 'a' }, { registry: { b: 'sha256:new' } }, ['proxy b b pinned']],
    ["a service of the owner's own", { proxy: 'a' }, { proxy: 'a', web: 'x' }, { proxy: 'a' }, {}, ['proxy a a none']],
    ['no record: it may be their choice', null, { proxy: 'a' }, { proxy: 'b' }, {}, ['proxy a a pinned']],
  ])('%s', (_, made, mine, shipped, more, expected) => {
    expect(kinds(made, mine, shipped, more)).toEqual(expected)
  })

  test.each([
    ['ollama/ollama:0.32.15', 'ollama/ollama:0.32.9', true], ['ollama/ollama:0.9.0', 'ollama/ollama:0.32.15', false], ['0.1.0', '0.1.0', false], ['0.2.0', '0.1.9', true],
    ['nginx:1.31', 'nginx:1.30', false], ['x@sha256:ab', '0.1.0', false], ['development', '0.1.0', false],
  ])('%s to %s goes back: %s', (from, to, back) => expect(goesBack(from, to)).toBe(back))

  test('digests of images that nothing uses any more are forgotten, and no other byte', () => {
    const digest = `"sha256:${'a'.repeat(64)}"`
    const block = (...images: string[]): string => `name: x # mine\nx-ollama-stack:\n  auth: basic\n${images.length > 0 ? '  images:\n' : ''}${images.map((image) => `    ${image}: ${digest}\n`).join('')}  tls: "off"\n`
    expect(forgetDigests(block('nginx:1.29', 'localhost:5000/x:1'), ['localhost:5000/x:1'])).toBe(block('localhost:5000/x:1'))
    expect(forgetDigests(block('nginx:1.29'), ['nginx:1.30'])).toBe(block())
    expect(forgetDigests(block('nginx:1.30'), ['nginx:1.30'])).toBe(block('nginx:1.30'))
    for (const text of ['', block()]) expect(forgetDigests(text, [])).toBe(text)
  })
})

test('a registry that gave no answer is no word that nothing is newer', () => {
  const project = { dir: '/p' } as Upgrade['project']
  expect(upToDate({ project, unknown: [] })).toMatch(/^Nothing newer: this is version /)
  expect(upToDate({ project, unknown: [{ image: 'nginx:1.30', why: 'x' }] })).toMatch(/^Nothing newer, as far as this could be seen; look again when the registry answers: this is version /)
})

test('connections of clients, not those to Ollama nor what only listens', () => {
  const row = (local: string, state: string): string => `   0: ${local} 0100007F:C350 ${state} 00000000:00000000 00:00000000 00000000 1000 0 1 1\n`
  expect(connectionsIn('')).toBe(0)
  expect(connectionsIn(`  sl  local_address rem_address   st\n${row('0A00000A:1F90', '01')}${row('0A00000A:20FB', '01')}${row('00000000:1F90', '0A')}${row('0A00000A:9C40', '01')}${row('0A00000A:1F90', '06')}`)).toBe(2)
})

test.each([
  ['services:\n  proxy:\n    image: nginx:1.30 # mine\n', 'nginx:1.31', 'services:\n  proxy:\n    image: nginx:1.31 # mine\n'],
  ['services: {proxy: {image: "nginx:1.30"}}\n', 'nginx:1.31', 'services: {proxy: {image: "nginx:1.31"}}\n'],
  ["services:\r\n  proxy: {image: 'x'}\r\n", '1000:1000', 'services:\r\n  proxy: {image: "1000:1000"}\r\n'],
  ['services:\n  proxy: {}\n', 'x', 'services:\n  proxy: {}\n'],
  ['services:\n  proxy:\n    image: [a]\n', 'x', 'services:\n  proxy:\n    image: [a]\n'],
])('one value of %j', (text, value, expected) => {
  const after = replaceScalars(text, [{ path: ['services', 'proxy', 'image'], value }])
  expect(after).toBe(expected)
  expect(parseDocument(after).errors).toEqual([])
})

let dir: string
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'ollama-stack-upgrade-')) })
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** An engine that has nothing of the project, and knows no registry. */
const engine = {
  observe: (project: string, images: string[] = []) => Promise.resolve({ project, containers: [], networks: [], volumes: [], images: Object.fromEntries(images.map((image) => [image, null])) }),
  imageDigest: () => Promise.resolve(null),
  registryDigest: (image: string) => Promise.reject(new StackError('E_REGISTRY_UNREACHABLE', `${image} could not be looked up: no network.`)),
} as Partial<Engine> as Engine

const plan = (choice: { takeNew?: string[]; keepMine?: string[] } = {}): Promise<Upgrade> => planUpgrade(loadForUpgrade(dir), MACHINE, engine, { takeNew: [], keepMine: [], ...choice }, signal)

/** As an older program made it: what that one wrote otherwise is replaced, in the files and in the record of them. */
async function older(id: string, ...changes: [path: string, now: string, then: string][]): Promise<void> {
  const stack = stacks[id]
  if (!stack) throw new Error(`no ${id}`)
  const { files } = await render(stack, config(stack), [{ name: 'ann', role: 'admin' }], { now: NOW })
  for (const [path, now, then] of changes) {
    const entry = files.get(path)
    if (!String(entry?.content).includes(now)) throw new Error(`${path} has no ${now}`)
    files.set(path, { content: String(entry?.content).replace(now, () => then), mode: entry?.mode ?? 0o644 })
  }
  applyChange(dir, files)
  applyChange(dir, recordOf(plainTexts(files)))
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(join(dir, path), 'utf8')
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`)
  writeFileSync(join(dir, path), text.replace(from, () => to))
}

describe.each(Object.values(stacks))('$id', ({ id }) => {
  const [own = ''] = Object.keys(stacks[id]?.files({ tls: 'off' }) ?? {})

  test('as this version makes it: nothing newer', async () => {
    await older(id)
    const upgrade = await plan()
    expect([...upgrade.changed, ...upgrade.kept, ...upgrade.conflicts]).toEqual([])
    expect(isNewer({ ...upgrade, program: false })).toBe(false)
    expect(upgrade.unknown.length).toBe(new Set(upgrade.images.map(({ to }) => to)).size)
  })

  test('an older image and file become new ones, beside edits by hand', async () => {
    await older(id, ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0'], [own, '\n', '\n# Of the older version.\n'])
    edit('compose.yaml', 'restart: unless-stopped', 'restart: always # mine')
    writeFileSync(join(dir, own), `${readFileSync(join(dir, own), 'utf8')}# mine\n`)
    const upgrade = await plan()
    expect(upgrade.conflicts).toEqual([])
    expect([...upgrade.changed.keys()].sort()).toEqual(['compose.yaml', own].sort())
    expect(upgrade.changed.get('compose.yaml')).toContain('image: ollama/ollama:0.32.15\n')
    expect(upgrade.changed.get('compose.yaml')).toContain('restart: always # mine\n')
    expect(upgrade.changed.get(own)).toMatch(/# mine\n$/)
    expect(upgrade.changed.get(own)).not.toContain('Of the older version')
    expect(upgrade.images.find(({ service }) => service === 'ollama')).toMatchObject({ kind: 'tag', from: 'ollama/ollama:0.31.0', to: 'ollama/ollama:0.32.15', pull: true })
  })

  test('an image chosen by hand stays, and its neighbour is upgraded', async () => {
    const shipped = /image: (?!ollama)(\S+)/.exec(readFileSync(join(import.meta.dirname, `../../stacks/${id}/files/compose.yaml`), 'utf8'))?.[1] ?? ''
    await older(id, ['compose.yaml', shipped, 'older:1'], ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0'])
    edit('compose.yaml', 'older:1', 'registry.lan:5000/mine:7 # by hand')
    const upgrade = await plan()
    expect(upgrade.conflicts).toEqual([])
    expect(upgrade.changed.get('compose.yaml')).toContain('image: registry.lan:5000/mine:7 # by hand\n')
    expect(upgrade.changed.get('compose.yaml')).toContain('image: ollama/ollama:0.32.15\n')
    expect(planLines(upgrade).join('\n')).toContain("registry.lan:5000/mine:7, which isn't what was written there")
    // The next upgrade sees it as chosen, too.
    applyChange(dir, upgrade.change)
    expect((await plan()).images.find(({ service }) => service === 'proxy')).toMatchObject({ kind: 'pinned' })
  })
})

describe('where an edit and the new version touch', () => {
  const OWN = 'proxy/refusals.conf'
  beforeEach(async () => {
    await older('basic', [OWN, 'This request was refused.', 'Refused, as it was said before.'])
    edit(OWN, 'Refused, as it was said before.', 'No.')
  })

  test('it is refused, with both', async () => {
    const upgrade = await plan()
    expect([...upgrade.changed.keys()]).not.toContain(OWN)
    const error = refusal(() => refuseClash(upgrade))
    expect(error).toMatchObject({ code: 'E_MERGE', exit: 2 })
    expect(error.message).toMatch(/proxy\/refusals\.conf, line \d+/)
    expect(error.hint).toContain(`npx -p create-ollama-stack@latest ollama-stack upgrade -C ${dir} --take-new ${OWN}`)
    expect(upgradeDocument(upgrade)).toMatchObject({ conflicts: [{ file: join(dir, OWN), mine: expect.stringContaining('No.'), theirs: expect.stringContaining('This request was refused.') }] })
  })

  test('--take-new takes it and puts the old one beside; --keep-mine leaves it', async () => {
    const taken = await plan({ takeNew: [OWN] })
    expect(taken.conflicts).toEqual([])
    expect(taken.changed.get(OWN)).toContain('This request was refused.')
    expect(String(taken.change.get(`${OWN}.orig`)?.content)).toContain('"No."')
    const kept = await plan({ keepMine: [OWN] })
    expect([kept.conflicts, [...kept.changed.keys()]]).toEqual([[], []])
  })

  test('with compose.yaml: --keep-mine keeps its images too, --take-new takes the shipped ones', async () => {
    edit('compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0')
    const image = async (choice: Parameters<typeof plan>[0]): Promise<string | undefined> => (await plan(choice)).images.find(({ service }) => service === 'ollama')?.kind
    expect([await image({ keepMine: [OWN, 'compose.yaml'] }), await image({ takeNew: ['compose.yaml'] }), await image({})]).toEqual(['pinned', 'tag', 'pinned'])
  })
})

test('without a record every difference may be an edit: left alone, and said', async () => {
  await older('basic', ['proxy/refusals.conf', 'This request was refused.', 'No.'])
  rmSync(join(dir, '.ollama-stack-state'), { recursive: true })
  const upgrade = await plan()
  expect([[...upgrade.changed.keys()], upgrade.kept]).toEqual([[], ['proxy/refusals.conf']])
  expect(planLines(upgrade).join('\n')).toContain('Nobody knows which files were edited by hand')
})

test("a project of a newer program isn't taken back", async () => {
  await older('basic')
  const path = join(dir, '.ollama-stack-state/made.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"version":"[^"]*"/, '"version":"1.10.0"'))
  await expect(plan()).rejects.toMatchObject({ code: 'E_UPGRADE_OLDER', exit: 2, message: expect.stringContaining('1.10.0') })
  writeFileSync(path, readFileSync(path, 'utf8').replace('1.10.0', '1.8.9'))
  expect((await plan()).from).toBe('1.8.9')
})

test("what is to be typed next runs this program, not the older one in the project", () => {
  expect(upgradeCall('/home/my stack', '/usr/lib/x/dist')).toBe("npx -p create-ollama-stack@latest ollama-stack upgrade -C '/home/my stack'")
  expect(upgradeCall('/home/ann/p', '/home/ann/p/.ollama-stack')).toBe('ollama-stack upgrade')
})

test('Ollama going back to an earlier version is said', async () => {
  await older('basic', ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.99.1'])
  expect(planLines(await plan()).join('\n')).toContain('ollama goes back from ollama/ollama:0.99.1 to ollama/ollama:0.32.15')
})

test('the way back is on disk until it is no longer needed: bytes, and what each name meant', async () => {
  await older('basic')
  const project = loadForUpgrade(dir)
  const one = before(project, ['proxy/server.conf', 'proxy/none.conf', 'compose.yaml'], {
    project: 'home', networks: [], volumes: [], images: { 'nginx:1.30': 'id-tag', 'other:1': null },
    containers: [{ id: 'c', name: 'home-proxy-1', service: 'proxy', hash: '', image: 'nginx:1.30', imageId: 'id-old', state: 'running', health: 'healthy', outOfMemory: false, ports: [], networks: [], addresses: [], volumes: [], dependsOn: [], dir: '', since: null, restarts: 0 }],
  }, NOW)
  expect(one).toMatchObject({ running: true, written: false, names: { 'nginx:1.30': 'id-tag' }, containers: { 'nginx:1.30': 'id-old' }, afresh: ['proxy'], files: { 'proxy/none.conf': null } })
  expect(Buffer.from(one.files['proxy/server.conf']?.content ?? '', 'base64').equals(readFileSync(join(dir, 'proxy/server.conf')))).toBe(true)
  expect(leftOver(dir)).toBeNull()
  remember(dir, one)
  expect(leftOver(dir)).toEqual(one)
  forget(dir)
  expect(leftOver(dir)).toBeNull()
})

test('one that was cut short goes back, and what was edited since is put aside first', async () => {
  await older('basic', ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0'])
  const project = loadForUpgrade(dir)
  const upgrade = await plan()
  const was = { ...before(project, [...upgrade.change.keys()], { project: 'home', containers: [], networks: [], volumes: [], images: {} }, NOW), written: true, wrote: Object.fromEntries([...upgrade.change].map(([path, entry]) => [path, printOf(path, entry?.content ?? '')])) }
  remember(dir, was)
  applyChange(dir, upgrade.change)
  edit('compose.yaml', 'restart: unless-stopped', 'restart: always # since')
  await goBack(project, was, engine, plainUi(new PassThrough(), new PassThrough()), '.ollama-stack-state/cut-short')
  expect(readFileSync(join(dir, 'compose.yaml'), 'utf8')).toContain('0.31.0')
  const aside = join(dir, '.ollama-stack-state/cut-short')
  expect(readFileSync(join(aside, 'compose.yaml'), 'utf8')).toContain('restart: always # since')
  // As it was written, with what a start notes in it: nobody's edit.
  remember(dir, was)
  applyChange(dir, upgrade.change)
  edit('compose.yaml', 'x-ollama-stack:\n', `x-ollama-stack:\n  images:\n    nginx:1.30: "sha256:${'a'.repeat(64)}"\n`)
  await goBack(project, was, engine, plainUi(new PassThrough(), new PassThrough()), '.ollama-stack-state/untouched')
  expect(readdirSync(join(dir, '.ollama-stack-state'))).not.toContain('untouched')
  expect([readdirSync(aside), statSync(join(aside, 'compose.yaml')).mode & 0o777, leftOver(dir)]).toEqual([['compose.yaml'], 0o600, null])
})

describe('when even the way back fails', () => {
  const context = (ui: Context['ui']): Context => ({ cwd: dir, env: {}, stdin: new PassThrough(), stdout: process.stdout, stderr: new PassThrough(), interactive: false, json: true, ui, signal })
  const ui = plainUi(new PassThrough(), new PassThrough())

  test('it says both, and the way back stays on disk', async () => {
    await older('basic', ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0'])
    const upgrade = await plan()
    upgrade.observed.images['nginx:1.30'] = 'id-before'
    const sick = { ...engine, pull: () => Promise.reject(new StackError('E_DISK_FULL', 'The disk is full.')), tag: () => Promise.reject(new StackError('E_ENGINE_LOST', 'The engine stopped answering.')) } as Partial<Engine> as Engine
    await expect(carryOut(upgrade, sick, context(ui), NOW)).rejects.toMatchObject({ code: 'E_UPGRADE_STUCK', message: expect.stringMatching(/The disk is full\.[^]*The engine stopped answering\./), document: { upgraded: false, wentBack: false } })
    expect(leftOver(dir)?.names).toEqual({ 'nginx:1.30': 'id-before' })
    expect(readFileSync(join(dir, 'compose.yaml'), 'utf8')).toContain('0.31.0')
  })

  test('somebody who changes a file meanwhile keeps it', async () => {
    await older('basic', ['compose.yaml', 'ollama/ollama:0.32.15', 'ollama/ollama:0.31.0'])
    const upgrade = await plan()
    edit('proxy/refusals.conf', 'This request was refused.', 'No.')
    await expect(carryOut(upgrade, engine, context(ui), NOW)).rejects.toMatchObject({ code: 'E_CHANGED' })
    expect([leftOver(dir), readFileSync(join(dir, 'compose.yaml'), 'utf8').includes('0.31.0')]).toEqual([null, true])
  })
})
