// A fourth stack is a folder and a line (test/toy): everything that names stacks picks it up from there. On an
// engine it is in test/engine/toy.test.ts.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Answers } from '../../src/questions/fields.ts'
import { clackUi } from '../../src/ui/clack.ts'
import { ask } from '../../src/wizard/wizard.ts'
import { DOWN, ENTER, fakeTerminal } from '../terminal/keys.ts'
import { withToy } from '../toy/place.ts'
import { toy } from '../toy/stack.ts'

const root = join(import.meta.dirname, '../..')
let copy: string
let cwd: string
beforeAll(() => {
  copy = withToy()
  cwd = mkdtempSync(join(tmpdir(), 'toy-project-'))
}, 60_000)
afterAll(() => [copy, cwd].forEach((dir) => rmSync(dir, { recursive: true, force: true })))

const run = (program: string, ...args: string[]): string => execFileSync(process.execPath, [join(copy, 'dist', program), ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const create = (dir: string, ...more: string[]): { project: { auth: string }; users: { name: string; secret: string }[] } =>
  JSON.parse(run('create.js', dir, '--no-start', '--yes', '--json', ...more)) as ReturnType<typeof create>

test('a folder and a line, and nothing else', () => {
  const all = (dir: string): Map<string, string> => new Map(['src', 'stacks'].flatMap((folder) => readdirSync(join(dir, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path)).filter((path) => statSync(join(dir, path)).isFile()).map((path) => [path, readFileSync(join(dir, path), 'utf8')] as const)))
  const [ours, theirs] = [all(root), all(copy)]
  const changed = [...theirs].filter(([path, text]) => ours.get(path) !== text).map(([path]) => path).sort()
  expect(changed).toEqual(['stacks/list.ts', 'stacks/toy/files/compose.yaml', 'stacks/toy/files/nginx.conf', 'stacks/toy/stack.ts'])
  expect(theirs.get('stacks/list.ts')?.replace(ours.get('stacks/list.ts') ?? '', '')).toBe("export { toy } from './toy/stack.ts'\n")
})

test('help and flags know it', () => {
  expect(run('create.js', '--help')).toMatch(/--auth LOGIN .*basic, bearer, mtls, toy/)
  const wrong = spawnSync(process.execPath, [join(copy, 'dist/create.js'), 'x', '--auth', 'tyo', '--yes'], { cwd, encoding: 'utf8' })
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('Did you mean toy? Choose one of: basic, bearer, mtls, toy.')])
  // What it can't do is refused by what it says of itself.
  const rate = spawnSync(process.execPath, [join(copy, 'dist/create.js'), 'x', '--auth', 'toy', '--rate', '5/m', '--yes'], { cwd, encoding: 'utf8' })
  expect([rate.status, rate.stderr]).toEqual([2, expect.stringMatching(/--rate/)])
})

test('the wizard offers it', async () => {
  stacks['toy'] = toy
  try {
    const { input: stdin, output: stderr, see, press } = fakeTerminal()
    const stop = new AbortController()
    const given: Partial<Answers> = { name: 'stack', directory: join(cwd, 'wizard'), people: [{ name: 'ann', role: 'admin' }], bind: '127.0.0.1', insecureHttp: false, tls: 'off', port: 1, hosts: [], origins: [], allow: [], hostNetwork: false, rate: null, ollama: 'container', gpu: 'auto', model: null, start: false, tlsCert: null, tlsKey: null, acmeEmail: null, acmeDirectory: null, acmeRoot: null }
    const answers = ask(given, { cwd, machine: { names: [], addresses: [] } }, { cwd, env: {}, stdin, stdout: process.stdout, stderr, interactive: true, json: false, ui: clackUi(stdin, stderr, stderr, stop.signal), signal: stop.signal })
    expect(await see('How do people log in?')).toContain('Toy tokens (nginx)')
    // No mutual TLS without TLS, so it is the next one.
    press(DOWN, ENTER)
    expect(await see('Write it?')).toMatch(/Login +Toy tokens \(nginx\)/)
    press(ENTER)
    expect(await answers).toMatchObject({ auth: 'toy' })
  } finally {
    delete stacks['toy']
  }
})

describe('a project of it', () => {
  const at = (path: string): string => readFileSync(join(cwd, 'mine', path), 'utf8')
  test('is written whole, with its files, and in the words of the others', () => {
    const { project, users: [ann] } = create('mine', '--auth', 'toy', '--user', 'ann')
    expect(project.auth).toBe('toy')
    expect(at('credentials/users')).toMatch(/^ann:\{SHA\}\S{28}\n$/)
    expect([at('credentials/admins'), at('proxy/nginx.conf')]).toEqual([at('credentials/users'), readFileSync(join(root, 'test/toy/files/nginx.conf'), 'utf8')])
    expect(at('compose.yaml')).toContain('auth: toy')
    expect(at('README.md')).toContain('`users` and `admins`: NAME:{SHA}DIGEST')
    expect(readdirSync(join(cwd, 'mine'), { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(cwd, 'mine', path)).isFile() && at(path).includes(ann?.secret ?? 'no secret'))).toEqual([])
  })
  // So its own copy of the program knows the stack too.
  test('people come, change and go, by its own launcher', () => {
    const user = (...args: string[]): string => execFileSync(join(cwd, 'mine/ollama-stack'), ['user', ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(user('add', 'bob')).toMatch(/token: \S{43}\n/)
    const before = at('credentials/users')
    user('rotate', 'bob')
    expect([before === at('credentials/users'), at('credentials/admins').includes('bob')]).toEqual([false, false])
    expect(user('list')).toMatch(/ann +admin[^]*bob +user/)
    user('remove', 'bob')
    expect(at('credentials/users')).not.toContain('bob')
  })
  test('clients have settings for it, and configure leads to it and away', () => {
    expect(run('ollama-stack.js', '-C', 'mine', 'client', 'curl')).toContain('/api/tags')
    create('other', '--auth', 'bearer', '--user', 'ann')
    expect(run('ollama-stack.js', '-C', 'other', 'configure', '--auth', 'toy', '--no-start', '--yes')).toMatch(/ann +token: \S{43}\n/)
    expect(readdirSync(join(cwd, 'other/credentials')).sort()).toEqual(['admins', 'users'])
    run('ollama-stack.js', '-C', 'other', 'configure', '--auth', 'basic', '--no-start', '--yes')
    expect(readdirSync(join(cwd, 'other/credentials'))).toEqual(['htpasswd'])
  })
})
