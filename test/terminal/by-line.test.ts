// ACCESSIBLE=1, in a real terminal: what a screen reader gets to read. Every byte is looked at: nothing may
// move the cursor, take a line back or show a spinner.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { byLineUi } from '../../src/ui/by-line.ts'
import { CancelError } from '../../src/errors.ts'
import type { Ui } from '../../src/ui/ui.ts'
import { CTRL_C, fakeTerminal, type FakeTerminal, type Pane, Tmux, until } from './keys.ts'

const program = join(import.meta.dirname, '../../dist/create.js')
const tmux = new Tmux()
let cwd: string
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'by-line-')) })
afterEach(() => rmSync(cwd, { recursive: true, force: true }))
afterAll(() => tmux.kill())

/** `script` writes down what the program writes, codes included. */
const open = (args: string, env: Record<string, string> = {}): Pane =>
  tmux.open(`script -qefc "'${process.execPath}' '${program}' ${args}" '${join(cwd, 'written')}'`, { cwd, columns: 40, env: { ACCESSIBLE: '1', ...env } })
const written = (): string => readFileSync(join(cwd, 'written'), 'utf8')

async function answer(pane: Pane, ...lines: [question: string, typed: string][]): Promise<void> {
  for (const [question, typed] of lines) {
    await until(() => pane.everything(), question, 10_000)
    await pane.see(/:\s*$/)
    if (typed !== '') pane.type(typed)
    pane.key('Enter')
  }
}

describe.each<[string, Record<string, string>]>([['a usual terminal', {}], ['TERM=dumb', { TERM: 'dumb' }]])('%s', (_, env) => {
  test('the whole wizard with numbers and lines; what is wrong is said, and asked again', async () => {
    const pane = open('--no-start', env)
    await answer(pane,
      ['Where should the project go?', 'mine'], ['How do people log in?', '4'], ['Not taken: give a number from 1 to 3.', '1'],
      ['Who may log in?', 'ann bob:usr'], ['Did you mean user?', 'ann bob:user'], ['From where is it reachable?', ''], ['Encrypt the connection?', ''],
      ['On which port?', ''], ['Which apps call', '1 9'], ['give numbers from 1 to', '1'], ['Which model', ''], ['Write it?', ''])
    await pane.see('exit 0')
    const all = pane.everything()
    expect(all).toMatch(/\n1\. Basic auth \(nginx\), name and password; works in browsers and old tools\n2\. Bearer/)
    expect(all).toMatch(/This will be made\n(?: {2}.*\n)* {2}People {6}ann \(admin\), bob\n/)
    expect(all).toMatch(/ann\s+password: \S+\n/)
    const compose = readFileSync(join(cwd, 'mine/compose.yaml'), 'utf8')
    expect([compose.includes('auth: basic'), compose.includes('app://obsidian.md')]).toEqual([true, true])
    // Carriage returns are the terminal's own, at line ends; no escape code, no frame, no box.
    expect(written().replaceAll('\r\n', '\n').match(/[\x00-\x08\x0b-\x1f\x7f◒◐◓◑─│┌└◆◇●○◻◼]/g)).toBeNull()
  })
})

test('Ctrl-C: 130, nothing written', async () => {
  const pane = open('')
  await pane.see('Where should the project go?')
  pane.key('C-c')
  expect(await pane.see(/exit \d+/)).toMatch(/Cancelled\. Nothing was written\.\s+exit 130/)
})

test('Ctrl-D, the end of what is typed: the same', async () => {
  const pane = open('')
  await pane.see('Enter for ollama-stack')
  pane.key('C-d')
  expect(await pane.see(/exit \d+/)).toMatch(/Cancelled\. Nothing was written\.\s+exit 130/)
})

test('ACCESSIBLE=0 is the usual wizard', async () => {
  const pane = open('', { ACCESSIBLE: '0' })
  expect(await pane.see('Where should')).toContain('◆  Where')
  pane.key('C-c')
  await pane.see('exit 130')
})

test('without a terminal nobody is asked, ACCESSIBLE or not', () => {
  const run = (): string => execFileSync(process.execPath, [program], { cwd, encoding: 'utf8', env: { ...process.env, ACCESSIBLE: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  expect(run).toThrow(/There is no terminal to ask in/)
})

describe('one question', () => {
  function start(): FakeTerminal & { ui: Ui; stop: AbortController } {
    const terminal = fakeTerminal(40)
    const stop = new AbortController()
    return { ...terminal, stop, ui: byLineUi(terminal.input, terminal.output, terminal.output, stop.signal) }
  }
  test('yes or no, in words', async () => {
    const { ui, see, press, screen } = start()
    const sure = ui.confirm('Delete 3 models?', { initial: false })
    await see('Delete 3 models?\ny for yes, n for no, or Enter for no:')
    press('maybe\n')
    await see('Not taken: give y or n.')
    press('y\n')
    expect(await sure).toBe(true)
    const again = ui.confirm('Again?', { initial: false })
    await see('Again?')
    press('\n')
    expect([await again, /\x1b/.test(screen())]).toEqual([false, false])
  })
  test('what is hidden is not shown at all, and can be corrected', async () => {
    const { ui, input, see, press, written } = start()
    const secret = ui.hidden('The key?', (text) => (text.length < 3 ? 'It is too short.' : undefined))
    await see("What you type isn't shown:")
    expect(input.raw).toBe(true)
    press('ab\r')
    await see('Not taken: It is too short.')
    press('abx', '\x7f', 'cd', '\r')
    expect([await secret, input.raw]).toEqual(['abcd', false])
    expect(written()).not.toMatch(/ab|cd/)
  })
  test('of what is hidden, arrows are no letters, and a letter in two pieces is one', async () => {
    const { ui, input, see, press } = start()
    const secret = ui.hidden('The key?', () => undefined)
    await see('The key?')
    press('a', '\x1b[D', '\x1bOC', '\x1b[3~', 'b')
    for (const byte of Buffer.from('ß€')) input.write(Buffer.of(byte))
    press('\r')
    expect(await secret).toBe('abß€')
  })
  test('the end of all input while something hidden is typed', async () => {
    const { ui, input, see } = start()
    const secret = ui.hidden('The key?', () => undefined)
    await see('The key?')
    input.end()
    await expect(secret).rejects.toBeInstanceOf(CancelError)
  })
  test.each([[CTRL_C], ['the signal']])('%j while something hidden is typed', async (how) => {
    const { ui, input, see, press, stop } = start()
    const secret = ui.hidden('The key?', () => undefined)
    await see('The key?')
    if (how === CTRL_C) press('ab', how)
    else stop.abort()
    await expect(secret).rejects.toBeInstanceOf(CancelError)
    expect(input.raw).toBe(false)
  })
  test('several: what is chosen already stays with Enter, and goes with 0', async () => {
    const { ui, see, press } = start()
    const options = ['a', 'b', 'c'].map((value) => ({ value, label: `App ${value}` }))
    const kept = ui.several('Which?', options, ['a', 'c'])
    await see('3. App c\nNumbers with spaces between them, 0 for none, or Enter for 1 3:')
    press('\n')
    expect(await kept).toEqual(['a', 'c'])
    const none = ui.several('Which now?', options, ['a', 'c'])
    await see('Which now?')
    press('0\n')
    expect(await none).toEqual([])
  })
  test('work that goes on is one line', async () => {
    const { ui, written } = start()
    await ui.step('Start the stack', async (report) => report('wait'))
    await ui.progress('Pull gemma3:1b', async (update) => update({ done: 1, total: 2 }))
    ui.check({ title: 'A stranger is refused', ok: false, detail: '200' })
    expect(written()).toBe('Start the stack\nPull gemma3:1b\nFAILED  A stranger is refused (200)\n')
  })
})
