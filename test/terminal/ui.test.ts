// What is said while work goes on, as it stands on the screen.

import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { CancelError } from '../../src/errors.ts'
import type { Ui } from '../../src/ui/ui.ts'
import { bar } from '../../src/ui/bar.ts'
import { clackUi } from '../../src/ui/clack.ts'
import { CTRL_C, CTRL_D, ENTER, fakeTerminal, type FakeTerminal } from './keys.ts'

function open(columns = 80): FakeTerminal & { ui: Ui } {
  const terminal = fakeTerminal(columns)
  return { ...terminal, ui: clackUi(terminal.input, terminal.output, terminal.output, new AbortController().signal) }
}

const cursorShown = ({ written }: FakeTerminal): boolean => written().lastIndexOf('\x1b[?25h') > written().lastIndexOf('\x1b[?25l')

test('a step says what it is at on one line, and leaves its title', async () => {
  const { ui, ...terminal } = open(50)
  await ui.step('Start the stack', async (report) => {
    report('wait for a service with a name that is too long for this line\nand its second line')
    const during = await terminal.see('wait for')
    expect(during).toMatch(/^│\n[◒◐◓◑] {2}Start the stack: wait for .*…$/)
    expect(cursorShown(terminal)).toBe(false)
  })
  expect(terminal.screen()).toBe('│\n◇  Start the stack')
  expect(cursorShown(terminal)).toBe(true)
})

test.each([[new Error('no'), '✗', 'FAILED'], [new CancelError(), '■', 'cancelled']])('a step that ends in %s', async (error, mark, word) => {
  const { ui, ...terminal } = open()
  await expect(ui.step('Start the stack', () => Promise.reject(error))).rejects.toBe(error)
  expect(terminal.screen()).toBe(`│\n${mark}  Start the stack: ${word}`)
  expect(cursorShown(terminal)).toBe(true)
})

test('progress has a bar, how much, how fast and how long still', async () => {
  const { ui, ...terminal } = open()
  await ui.progress('Pull gemma3:1b', async (update) => {
    update({ done: 0, total: 800e6 })
    await terminal.see('0 B of 800 MB')
    update({ done: 200e6, total: 800e6 })
    expect(await terminal.see(/ ━{5}─{15} 200 MB of 800 MB, .+\/s, \d+ s left/)).toContain('Pull gemma3:1b')
  })
  expect(terminal.screen()).toBe('│\n◇  Pull gemma3:1b')
})

test.each([40, 60])('in %i columns nothing leaves its bar, and progress keeps its numbers', async (columns) => {
  const { ui, ...terminal } = open(columns)
  ui.intro('create-ollama-stack: Ollama behind a login, and a little more of a title')
  ui.line('GPU: none that Docker could hand over, so models run on the CPU, as it is on most machines.')
  ui.warn('Docker Engine 20.10 is older than 28: a neighbour may reach a port. See https://docs.docker.com/engine/install/')
  await ui.step('Write 22 files to /home/annabelle/projects/ollama-stack', async () => {})
  await ui.progress('Pull gemma3:1b', async (update) => {
    update({ done: 0, total: 800e6 })
    await terminal.see('0% of 800 MB')
    update({ done: 200e6, total: 800e6 })
    await terminal.see(/^[◒◐◓◑] {2}Pull gemma3:1b +25% of 800 MB, .*$/m)
  })
  ui.check({ title: 'A second spelling of the same base64 is refused', ok: true, detail: '401' })
  const lines = terminal.screen().split('\n')
  expect(lines.filter((line) => line.length > columns || !/^[┌│◇▲]/.test(line))).toEqual([])
  // What goes on below a line begins where its text began.
  expect(lines.filter((line) => line.startsWith('│') && !/^│$|^│ {2,4}\S/.test(line))).toEqual([])
})

test('without colours every mark still says what it means', async () => {
  const { ui, ...terminal } = open()
  for (const ok of [true, false, null]) ui.check({ title: 'one', ok, detail: '' })
  ui.warn('two')
  await ui.step('three', async () => {})
  await ui.step('three', () => Promise.reject(new Error('no'))).catch(() => {})
  await ui.step('three', () => Promise.reject(new CancelError())).catch(() => {})
  const marks = stripVTControlCharacters(terminal.screen()).split('\n').filter((line) => line !== '│').map((line) => line.trimEnd())
  expect(marks).toEqual(['│  ✓ one', '│  ✗ FAILED: one', '│  ○ not run: one', '▲  two', '◇  three', '✗  three: FAILED', '■  three: cancelled'])
  const half = stripVTControlCharacters(bar({ done: 1, total: 2 }, 0))
  expect(half.slice(0, 20)).toBe(`${'━'.repeat(10)}${'─'.repeat(10)}`)
})

test('checks stand in one column, and what is not passed says so', () => {
  const { ui, ...terminal } = open(50)
  ui.check({ title: 'a wrong key is refused', ok: true, detail: '401' })
  ui.check({ title: 'a user may not pull', ok: false, detail: '200 instead of 403, which is more than a user may' })
  ui.check({ title: 'one generation', ok: null, detail: 'no model' })
  expect(terminal.screen()).toBe([
    '│  ✓ a wrong key is refused 401',
    '│  ✗ FAILED: a user may not pull 200 instead of',
    '│    403, which is more than a user may',
    '│  ○ not run: one generation no model',
  ].join('\n'))
})

test('a warning keeps to its bar; what comes after the result has none, to be copied whole', () => {
  const { ui, ...terminal } = open(50)
  ui.warn('The engine publishes ports with weaker rules than newer ones do.')
  ui.data('URL  http://127.0.0.1:8880')
  ui.line(`The same again:\n${'x'.repeat(60)}`)
  expect(terminal.screen()).toBe(`│\n▲  The engine publishes ports with weaker rules\n│  than newer ones do.\nURL  http://127.0.0.1:8880\n\nThe same again:\n${'x'.repeat(60)}`)
})

test.each([[CTRL_C], [CTRL_D]])('a question before something is deleted: %j is no answer', async (key) => {
  const { ui, ...terminal } = open()
  const answer = ui.confirm('Delete 3 models?', { initial: false })
  expect(await terminal.see('Delete 3 models?')).toContain('● No')
  terminal.press(key)
  await expect(answer).rejects.toThrow(new CancelError('Nothing was changed.'))
  expect(cursorShown(terminal)).toBe(true)
})

test('Enter at that question takes what is marked', async () => {
  const { ui, ...terminal } = open()
  const answer = ui.confirm('Delete 3 models?', { initial: false })
  await terminal.see('● No')
  terminal.press(ENTER)
  expect(await answer).toBe(false)
})
