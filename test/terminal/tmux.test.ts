// The built program in a real terminal. No engine: DOCKER_HOST points at nothing, and nothing is started.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Pane, Tmux } from './keys.ts'

const program = join(import.meta.dirname, '../../dist/create.js')
const tmux = new Tmux()
let cwd: string

beforeAll(() => {
  if (!existsSync(program)) throw new Error('the program is not built: npm run build')
})
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'tmux-')) })
afterEach(() => rmSync(cwd, { recursive: true, force: true }))
afterAll(() => tmux.kill())

const open = (args: string, columns = 80): Pane =>
  tmux.open(`'${process.execPath}' '${program}' ${args}`, { cwd, columns, env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })

/** Enter at each of these questions. */
async function enter(pane: Pane, ...questions: string[]): Promise<void> {
  for (const question of questions) {
    await pane.see(`◆  ${question}`)
    pane.key('Enter')
  }
}

const files = (): string[] => readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(cwd, path)).isFile())

test('the first screen: what this is, one question, its default and its hint', async () => {
  const pane = open('')
  expect((await pane.see('new or empty')).trimEnd()).toBe([
    '┌  create-ollama-stack: Ollama behind a login',
    '│',
    '◆  Where should the project go?',
    '│  ollama-stack█',
    '└  a new or empty directory',
  ].join('\n'))
  pane.key('C-c')
  await pane.see('exit 130')
  expect(pane.cursorVisible()).toBe(true)
})

test('what is wrong is said while it is typed, and goes when it is right', async () => {
  const pane = open('--yes=')
  expect(await pane.see('exit 2')).toContain('--yes')

  const other = open('my-stack')
  await enter(other, 'How do people log in?')
  await other.see('◆  Who may log in?')
  other.key('C-u')
  other.type('ann bob:')
  await other.see(`The role of bob can't be "".`)
  other.type('usr')
  expect(await other.see('"usr"')).toContain('Did you mean user?')
  other.key('Enter')
  await other.see('▲  Who may log in?')
  other.key('BSpace', 'BSpace')
  other.type('ser')
  expect(await other.see('bob:user█')).toContain('names, such as')
  expect(other.screen()).not.toContain("can't")
  other.key('Enter')
  expect(await other.see('From where is it reachable?')).toContain('│  ann bob:user\n')
  other.key('C-c')
  await other.see('exit 130')
})

describe('backing out', () => {
  const leftNothing = async (pane: Pane): Promise<void> => {
    expect(await pane.see(/exit \d+/)).toMatch(/Cancelled\. Nothing was written\.\nexit 130/)
    expect(files()).toEqual([])
    expect(existsSync(join(cwd, 'ollama-stack'))).toBe(false)
    expect(pane.cursorVisible()).toBe(true)
  }
  test.each([['C-c', 'the first question'], ['C-d', 'the first question'], ['C-c', 'a choice'], ['C-d', 'a choice'], ['C-c', 'the summary']])('%s at %s', async (key, where) => {
    const pane = open(where === 'the summary' ? 'ollama-stack --auth basic --user ann --bind 127.0.0.1 --tls off --port 8899 --model none' : '')
    if (where === 'a choice') await enter(pane, 'Where should')
    if (where === 'the summary') await enter(pane, 'Start and test it now?')
    await pane.see(where === 'the summary' ? 'Write it, start it and test it?' : where === 'a choice' ? 'How do people' : 'Where should')
    pane.key(key)
    await leftNothing(pane)
  })

  test('No at the summary', async () => {
    const pane = open('--auth mtls --user ann --bind 127.0.0.1 --port 8899 --model none --no-start')
    await enter(pane, 'Where should')
    await pane.see('◆  Write it?')
    pane.key('Down', 'Enter')
    await leftNothing(pane)
  })
})

describe('to the end', () => {
  test('every question by Enter, only files: URL, key once, commands to paste', async () => {
    const pane = open('')
    await enter(pane, 'Where should', 'How do people', 'Who may', 'From where', 'Encrypt', 'On which port?', 'Which model')
    await pane.see('◆  Start and test it now?')
    pane.key('Down', 'Enter')
    expect(await pane.see('◆  Write it?')).toMatch(/Start now +no/)
    expect(existsSync(join(cwd, 'ollama-stack'))).toBe(false)
    expect(pane.everything()).not.toMatch(/olsk_/)
    pane.key('Enter')
    await pane.see('exit 0')
    const report = pane.everything()
    const dir = join(cwd, 'ollama-stack')

    const port = /^URL +http:\/\/127\.0\.0\.1:(\d+)$/m.exec(report)?.[1]
    expect(readFileSync(join(dir, 'compose.yaml'), 'utf8')).toMatch(new RegExp(`published: "?${port}\\b`))
    const key = /^admin +admin  key: (\S+)$/m.exec(report)?.[1] ?? ''
    expect(key.length).toBeGreaterThan(30)
    expect(report).toMatch(/shown once/)
    expect(report.split('\n')).toContain(`  curl -sS -H 'Authorization: Bearer ${key}' http://127.0.0.1:${port}/api/tags`)
    expect(report).toContain(`${dir}/ollama-stack up`)
    // Ready to copy: a line of its own, without a bar, and without the secret.
    const again = report.split('\n').find((line) => line.startsWith('npx create-ollama-stack@latest'))
    expect(again).toMatch(new RegExp(`${dir} .*--port ${port} .*--no-start --yes$`))
    expect(again).not.toContain(key)
    // What can check it is kept, not the key.
    expect(files()).toEqual(expect.arrayContaining(['ollama-stack/compose.yaml', 'ollama-stack/README.md', 'ollama-stack/ollama-stack', 'ollama-stack/.gitignore']))
    expect(files().filter((path) => readFileSync(join(cwd, path), 'utf8').includes(key))).toEqual([])
    expect(pane.cursorVisible()).toBe(true)
  })

  test('in 50 columns nothing leaves its box or its bar', async () => {
    const pane = open('a-rather-long-directory-name-for-a-stack --bind 0.0.0.0 --model none --no-start', 50)
    await enter(pane, 'How do people')
    await pane.see('◆  Who may log in?')
    pane.key('C-u')
    pane.type('annabelle-with-a-long-name bob-with-another:user carl-as-well d@!')
    expect(await pane.see(`"d@!" can't be`)).toMatch(/│ {2}annabelle[^]*\n│ {2}[^]*\n│ {2}"d@!" can't be a user name\.\n/)
    pane.key('BSpace', 'BSpace')
    await pane.see('│  names, such as')
    const questions = pane.screen().trimEnd().split('\n')
    expect(questions.slice(questions.findIndex((line) => line.startsWith('┌'))).filter((line) => !/^[┌│◇◆▲└]/.test(line))).toEqual([])
    pane.key('Enter')
    await enter(pane, 'On which port?')
    const box = (await pane.see('◆  Write it?')).split('\n').filter((line) => /^│ .*│$/.test(line))
    // Labels at the left, what goes on stands below its beginning.
    expect(box.length).toBeGreaterThan(10)
    expect(box.filter((line) => !/^│ {2}([A-Z][\w ]{10} |  {11})\S.* {2}│$|^│ +│$/.test(line))).toEqual([])
    pane.key('Enter')
    expect(await pane.see('exit 0')).not.toContain('Error')
  })
})

test('flags alone ask nothing; an engine that is not there is an error with a way out', async () => {
  const pane = open('stack --yes --no-start')
  await pane.see('exit 0')
  expect(pane.everything()).not.toContain('◆')
  const started = open('other --yes')
  expect(await started.see('exit 1')).toMatch(/^Error: /m)
  expect(existsSync(join(cwd, 'other'))).toBe(false)
  expect(started.cursorVisible()).toBe(true)
})
