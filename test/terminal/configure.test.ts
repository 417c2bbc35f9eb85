// `configure` in a real terminal, on a project that nothing runs of: what a person sees before anything is
// written, and what their answer does.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from '../../src/questions/machine.ts'
import type { Lasting } from '../../src/configure/present.ts'
import { clackUi } from '../../src/ui/clack.ts'
import { askAgain } from '../../src/wizard/wizard.ts'
import { DOWN, ENTER, fakeTerminal, type FakeTerminal, type Pane, Tmux } from './keys.ts'

const dist = join(import.meta.dirname, '../../dist')
const tmux = new Tmux()
let dir: string
const text = (path: string): string => readFileSync(join(dir, path), 'utf8')
const tool = (...args: string[]): string => execFileSync(process.execPath, [join(dist, 'ollama-stack.js'), ...args], { cwd: dir, encoding: 'utf8' })
const open = (args: string): Pane => tmux.open(`'${process.execPath}' '${join(dist, 'ollama-stack.js')}' configure ${args}`, { cwd: dir })

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'configure-'))
  tool('create', dir, '--name', 'home', '--no-start', '--yes', '--json', '--rate', '60/m', '--port', '21790')
})
afterAll(() => {
  tmux.kill()
  rmSync(dir, { recursive: true, force: true })
})

/** Enter at each of these questions. */
async function enter(pane: Pane, ...questions: string[]): Promise<void> {
  for (const question of questions) {
    await pane.see(`◆  ${question}`)
    pane.key('Enter')
  }
}
const FIRST = ['How do people log in?', 'From where is it reachable?', 'Encrypt the connection?']

test('Enter at each question: everything is as it was, and said so', async () => {
  const before = text('compose.yaml')
  const pane = open('--no-start')
  await enter(pane, ...FIRST)
  expect(await pane.see('◆  On which port?')).toMatch(/│ {2}21790\n/)
  pane.key('Enter')
  await enter(pane, 'Which apps call', 'Which model should it pull')
  expect(await pane.see('exit 0')).toContain('Nothing to change')
  expect(text('compose.yaml')).toBe(before)
})

test('another port: the diff, then a question, then the files', async () => {
  const pane = open('--no-start')
  await enter(pane, ...FIRST)
  await pane.see('◆  On which port?')
  pane.key('C-u')
  pane.type('21791')
  await enter(pane, 'On which port?', 'Which apps call', 'Which model should it pull')
  await pane.see('Write it?')
  expect(pane.everything()).toMatch(/│ {2}--- compose\.yaml\n[^]*│ {2}- +published: "21790"\n│ {2}\+ +published: "21791"\n/)
  expect(text('compose.yaml')).toContain('21790')
  pane.key('Enter')
  expect(await pane.see('exit 0')).toContain('http://127.0.0.1:21791')
  expect([text('compose.yaml').includes('"21791"'), text('compose.yaml').includes('rate: "60/m"')]).toEqual([true, true])
})

test('Ctrl-C at the diff: nothing is written', async () => {
  const before = text('proxy/rate.conf')
  const pane = open('--no-start --no-rate')
  await pane.see('Write it?')
  pane.key('C-c')
  expect(await pane.see('exit 130')).toContain('Nothing was written')
  expect(text('proxy/rate.conf')).toBe(before)
})

test('somebody is let in while the question waits, and the login would change: nothing is written, nobody is lost', async () => {
  const pane = open('--no-start --auth basic')
  await pane.see('Write it?')
  tool('user', 'add', 'late')
  pane.key('Enter')
  expect(await pane.see('exit 1')).toMatch(/Error: Somebody changed the project/)
  expect([tool('user', 'list'), text('compose.yaml').includes('auth: bearer')]).toEqual([expect.stringContaining('late'), true])
})

describe('the questions', () => {
  const machine: Machine = { names: ['box'], addresses: [{ ip: '192.0.2.7', network: 'eth0', kind: 'lan' }] }
  const present: Lasting = { auth: 'bearer', bind: '192.0.2.99', insecureHttp: true, tls: 'off', tlsCert: null, tlsKey: null, port: 1, hosts: ['nas.lan'], acmeEmail: null, acmeDirectory: null, acmeRoot: null, origins: ['https://mine.example', 'onlyoffice://*', 'file://*'], allow: [], hostNetwork: false, rate: null, ollama: 'container', gpu: 'none', model: null }
  const start = (): FakeTerminal & { result: Promise<Lasting> } => {
    const terminal = fakeTerminal()
    const { input: stdin, output: stderr } = terminal
    const result = askAgain(present, { cwd: dir, machine }, { ui: clackUi(stdin, stderr, stderr, new AbortController().signal) })
    result.catch(() => {})
    return { ...terminal, result }
  }
  const enterAll = async (run: FakeTerminal, ...questions: string[]): Promise<void> => {
    for (const question of questions) {
      await run.see(question)
      run.press(ENTER)
    }
  }
  test('what is there is the default everywhere, also what would not be offered: an address of yesterday, an origin of one\'s own, no model', async () => {
    const run = start()
    await run.see('How do people log in?')
    run.press(ENTER)
    expect(await run.see('From where is it reachable?')).toMatch(/● 192\.0\.2\.99/)
    await enterAll(run, 'From where is it reachable?', 'Encrypt the connection?', 'On which port?')
    const apps = await run.see('Which apps call')
    expect(apps).toMatch(/◼ ONLYOFFICE/)
    // It is on no list of apps, and stays all the same.
    expect(apps).toContain('besides https://mine.example')
    await enterAll(run, 'Which apps call', 'Which model should it pull')
    expect(await run.result).toEqual(present)
  })
  test('an app more: what is there stays, in its order', async () => {
    const run = start()
    await enterAll(run, 'How do people log in?', 'From where is it reachable?', 'Encrypt the connection?', 'On which port?')
    await run.see('Which apps call')
    run.press(' ', DOWN, ' ', ENTER)
    await enterAll(run, 'Which model should it pull')
    expect((await run.result).origins).toEqual(['https://mine.example', 'app://obsidian.md', 'capacitor://localhost', 'http://localhost'])
  })
})
