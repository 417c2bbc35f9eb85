// The built program in a real terminal. Nothing is started.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Pane, Tmux } from './keys.ts'

const program = join(import.meta.dirname, '../../dist/create.js')
const tmux = new Tmux()
const NO_ENGINE = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
let cwd: string

beforeAll(() => {
  if (!existsSync(program)) throw new Error('the program is not built: npm run build')
})
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'tmux-')) })
afterEach(() => rmSync(cwd, { recursive: true, force: true }))
afterAll(() => tmux.kill())

const open = (args: string, columns = 80, env: Record<string, string> = {}): Pane => tmux.open(`'${process.execPath}' '${program}' ${args}`, { cwd, columns, env })

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
    '│  ollama-stack',
    '└  a new or empty directory',
  ].join('\n'))
  pane.key('C-c')
  await pane.see('exit 130')
  expect(pane.cursorVisible()).toBe(true)
})

test('npm kept --yes: said above the first question, with the line that needs no answer', async () => {
  const pane = open('my-stack', 100, { npm_config_yes: 'true', npm_command: 'init' })
  await pane.see('◆  How do people log in?')
  expect(pane.everything()).toMatch(/┌ {2}create-ollama-stack[^]*│ {2}npm kept --yes for itself[^]*npx create-ollama-stack@latest\s[^◆]*\/my-stack\s[^◆]*--yes\n[^]*◆/)
  pane.key('C-c')
  await pane.see('exit 130')
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
    const pane = open(where === 'the summary' ? '--auth basic --user ann --bind 127.0.0.1 --tls off --port 8899 --model none' : '')
    if (where !== 'the first question') await enter(pane, 'Where should')
    if (where === 'the summary') await enter(pane, 'Which apps')
    await pane.see(where === 'the summary' ? 'Make it?' : where === 'a choice' ? 'How do people' : 'Where should')
    pane.key(key)
    await leftNothing(pane)
  })

  test('No at the summary', async () => {
    const pane = open('--auth mtls --user ann --bind 127.0.0.1 --port 8899 --model none --no-start')
    await enter(pane, 'Where should', 'Which apps')
    await pane.see('◆  Write it?')
    pane.key('Down', 'Enter')
    await leftNothing(pane)
  })
})

describe('to the end', () => {
  test('every question by Enter, only files: URL, key once, commands to paste', async () => {
    const pane = open('')
    await enter(pane, 'Where should', 'How do people', 'Who may', 'From where', 'Encrypt', 'On which port?', 'Which apps', 'Which model')
    await pane.see('◆  Make it?')
    expect(existsSync(join(cwd, 'ollama-stack'))).toBe(false)
    expect(pane.everything()).not.toMatch(/olsk_/)
    pane.key('Down', 'Enter')
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
    await enter(pane, 'Encrypt the', 'On which port?', 'Which apps')
    const box = (await pane.see('◆  Write it?')).split('\n').filter((line) => /^│ .*│$/.test(line))
    // Labels at the left, what goes on stands below its beginning.
    expect(box.length).toBeGreaterThan(10)
    expect(box.filter((line) => !/^│ {2}([A-Z][\w ]{10} |  {11})\S.* {2}│$|^│ +│$/.test(line))).toEqual([])
    pane.key('Enter')
    expect(await pane.see('exit 0')).not.toContain('Error')
  })
})

test('without an engine nobody answers questions for nothing', async () => {
  const pane = open('stack', 80, NO_ENGINE)
  expect(await pane.see('exit 1')).toMatch(/^Error: No Docker Engine answers[^]*add --no-start/m)
  expect(pane.everything()).not.toContain('◆')
  const files = open('stack --no-start', 80, NO_ENGINE)
  expect(await files.see('◆')).toContain('How do people log in?')
  files.key('C-c')
  await files.see('exit 130')
})

test('what is in the way afterwards costs no answer', async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const pane = open(`stack --user ann --bind 127.0.0.1 --tls off --port ${port} --model none`)
  await enter(pane, 'How do people', 'Which apps', 'Make it?')
  expect(await pane.see('exit 1')).toMatch(new RegExp(`Error: Port ${port} on 127.0.0.1 is taken by process`))
  expect(pane.everything()).toMatch(new RegExp(`Your answers in one line.*: npx .*/stack --name stack --auth bearer --user ann:admin .*--port ${port} --ollama container --gpu auto --model none --yes`))
  expect(files()).toEqual([])
  server.close()
})

test('flags alone ask nothing; an engine that is not there is an error with a way out', async () => {
  const pane = open('stack --yes --no-start', 80, NO_ENGINE)
  await pane.see('exit 0')
  expect(pane.everything()).not.toContain('◆')
  const started = open('other --yes', 80, NO_ENGINE)
  expect(await started.see('exit 1')).toMatch(/^Error: /m)
  expect(existsSync(join(cwd, 'other'))).toBe(false)
  expect(started.cursorVisible()).toBe(true)
})

describe('colours', () => {
  const sgr = async (env: Record<string, string>): Promise<string[]> => {
    const log = join(cwd, 'written')
    const pane = tmux.open(`script -qefc "'${process.execPath}' '${program}' stack" '${log}'`, { cwd, env })
    await pane.see('How do people log in?')
    pane.key('C-c')
    await pane.see('exit 130')
    return readFileSync(log, 'utf8').match(/\x1b\[(?:3[0-7]|9[0-7])m/g) ?? []
  }
  test('NO_COLOR', async () => {
    expect(await sgr({ NO_COLOR: '1' })).toEqual([])
    expect((await sgr({})).length).toBeGreaterThan(3)
  })
})
