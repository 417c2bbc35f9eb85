// The wizard alone, key by key: what a person sees after each key, and what comes out.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CancelError } from '../../src/errors.ts'
import type { Answers, Setting } from '../../src/questions/fields.ts'
import type { Machine } from '../../src/questions/machine.ts'
import { clackUi } from '../../src/ui/clack.ts'
import { ask } from '../../src/wizard/wizard.ts'
import { CTRL_C, CTRL_D, CTRL_U, DOWN, ENTER, fakeTerminal, type FakeTerminal } from './keys.ts'

const QUESTIONS = [
  'Where should the project go?', 'How do people log in?', 'Who may log in?', 'From where is it reachable?', 'Encrypt the connection?',
  'On which port?', 'Which apps call', 'Which model should it pull', 'Make it?',
]
const machine: Machine = { names: ['box', 'box.local'], addresses: [{ ip: '192.0.2.7', network: 'eth0', kind: 'lan' }, { ip: '100.64.0.9', network: 'tailscale0', kind: 'vpn' }] }
/** Everything but what a test asks about. */
const REST: Partial<Answers> = { name: 'stack', auth: 'bearer', people: [{ name: 'admin', role: 'admin' }], bind: '127.0.0.1', insecureHttp: false, tls: 'off', port: 1, hosts: [], origins: [], allow: [], hostNetwork: false, rate: null, ollama: 'container', gpu: 'auto', model: null, start: false }
const without = (...keys: (keyof Answers)[]): Partial<Answers> =>
  Object.fromEntries(Object.entries({ ...REST, directory: join(cwd, 'stack') }).filter(([key]) => !keys.includes(key as keyof Answers)))

let cwd: string
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'wizard-')) })
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

interface Run extends FakeTerminal {
  result: Promise<Answers>
  stop: AbortController
}

function start(given: Partial<Answers> = {}, columns = 80, how: { dryRun?: boolean } = {}, more: Partial<Setting> = {}): Run {
  const terminal = fakeTerminal(columns)
  const stop = new AbortController()
  const { input: stdin, output: stderr } = terminal
  const result = ask(given, { cwd, machine, ...more }, { cwd, env: {}, stdin, stdout: process.stdout, stderr, interactive: true, json: false, ui: clackUi(stdin, stderr, stderr, stop.signal), signal: stop.signal }, how)
  result.catch(() => {})
  return { ...terminal, result, stop }
}

/** Enter at each of these questions. */
async function enter(run: Run, questions: string[]): Promise<void> {
  for (const question of questions) {
    await run.see(question)
    run.press(ENTER)
  }
}

describe('answers', () => {
  test('Enter all the way takes the defaults', async () => {
    const run = start()
    await enter(run, QUESTIONS)
    const { port, ...answers } = await run.result
    expect(answers).toEqual({
      directory: join(cwd, 'ollama-stack'), name: 'ollama-stack', auth: 'bearer', people: [{ name: 'admin', role: 'admin' }],
      bind: '127.0.0.1', insecureHttp: false, tls: 'off', tlsCert: null, tlsKey: null, acmeEmail: null, acmeDirectory: null, acmeRoot: null, hosts: [], origins: [], allow: [], hostNetwork: false, rate: null, ollama: 'container', gpu: 'auto', model: 'gemma3:1b', start: true,
    })
    expect(port).toBeGreaterThanOrEqual(8880)
    expect(run.input.raw).toBe(false)
    // Later, Ctrl-C belongs to the work: the questions have nothing to say any more.
    const before = run.written()
    run.stop.abort()
    expect(run.written()).toBe(before)
  })

  test.each([['basic', 0, 'Basic auth (nginx)'], ['bearer', 1, 'Bearer keys (OpenResty)'], ['mtls', 2, 'Mutual TLS (Caddy)']])('%s', async (auth, down, title) => {
    const run = start(without('auth', 'tls'))
    await run.see(`● Bearer keys`)
    run.press(...(down === 0 ? ['\x1b[A'] : down === 2 ? [DOWN] : []), ENTER)
    if (auth !== 'mtls') await enter(run, ['Encrypt the connection?'])
    expect(await run.see('Write it?')).toMatch(new RegExp(`Login +${title.replace(/[()]/g, '\\$&')}`))
    // A certificate needs TLS: nothing to ask.
    expect(run.screen().includes('Encrypt')).toBe(auth !== 'mtls')
    run.press(ENTER)
    expect(await run.result).toMatchObject({ auth, tls: auth === 'mtls' ? 'private' : 'off' })
  })

  test.each<[NodeJS.Platform, string, string]>([['linux', '● A new one', 'container'], ['darwin', '● The one that runs on this machine', 'http://host:11434']])('where an Ollama runs already, it is offered; on %s %s stands there', async (platform, there, ollama) => {
    const run = start(without('ollama'), 100, {}, { hostOllama: '0.32.15', platform })
    const screen = await run.see('Which Ollama?')
    expect(screen).toContain(there)
    expect(screen).toContain('--ollama URL')
    if (platform === 'darwin') expect(screen).toContain('version 0.32.15')
    run.press(ENTER)
    const last = await run.see('Write it?')
    expect(/Ollama +the one on this machine/.test(last)).toBe(platform === 'darwin')
    run.press(ENTER)
    expect(await run.result).toMatchObject({ ollama })
  })

  test('everywhere is encrypted, and the summary has the names', async () => {
    const run = start(without('bind', 'tls', 'port'))
    expect(await run.see('From where is it reachable?')).toMatch(/● This machine only[^]*Local network: 192\.0\.2\.7[^]*VPN: 100\.64\.0\.9[^]*Everywhere/)
    run.press(DOWN, DOWN, DOWN, ENTER)
    expect(await run.see('Encrypt the connection?')).not.toContain('plain HTTP')
    await enter(run, ['Encrypt the connection?', 'On which port?'])
    const screen = await run.see('Write it?')
    expect(screen).toMatch(/Reachable +0\.0\.0\.0, port 84\d\d, HTTPS with a private CA/)
    expect(screen).toMatch(/Names +192\.0\.2\.7, 100\.64\.0\.9, box, box\.local/)
    run.press(ENTER)
    expect(await run.result).toMatchObject({ bind: '0.0.0.0', tls: 'private' })
  })

  test('apps that call from a browser, by name', async () => {
    const run = start(without('origins'))
    expect(await run.see('Which apps call')).toMatch(/Obsidian.*\n.*ONLYOFFICE/)
    run.press(' ', DOWN, ' ', ENTER)
    expect(await run.see('Write it?')).toMatch(/Browsers +app:\/\/obsidian\.md, capacitor/)
    run.press(ENTER)
    expect((await run.result).origins).toEqual(['app://obsidian.md', 'capacitor://localhost', 'http://localhost', 'onlyoffice://*', 'file://*'])
  })

  test('only the files', async () => {
    const run = start(without('start'))
    await run.see('Make it?')
    run.press(DOWN, ENTER)
    expect((await run.result).start).toBe(false)
  })

  test('a dry run writes nothing, so it asks for no agreement', async () => {
    const run = start(without('model'), 80, { dryRun: true })
    await enter(run, ['Which model'])
    expect((await run.result).model).toBe('gemma3:1b')
    expect(run.screen()).toContain('This will be made')
  })

  test('people with and without a role, and the summary says who may what', async () => {
    const run = start(without('people'))
    await run.see('Who may log in?')
    run.press('ann bob:user, carl:admin', ENTER)
    expect(await run.see('Write it?')).toMatch(/People +ann \(admin\), bob \(user\), carl \(admin\)/)
    run.press(ENTER)
    expect((await run.result).people).toEqual([{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }, { name: 'carl', role: 'admin' }])
  })

  test('a terminal that does not know its width', async () => {
    const run = start(without('port'), 0)
    expect(await run.see(/└ .*from 1 to 65535/)).toContain('◆  On which port?')
    run.press(CTRL_C)
    await expect(run.result).rejects.toThrow(CancelError)
  })

  test('~ is the home directory, as in a shell', async () => {
    const run = start(without('directory'))
    await run.see('Where should')
    run.press('~/no-such-stack', ENTER)
    expect(await run.see('Write it?')).toMatch(new RegExp(`Directory +${homedir()}/no-such-stack`))
    run.press(DOWN, ENTER)
    await expect(run.result).rejects.toThrow(CancelError)
  })

  test('what flags said is not asked, and what they exclude is not offered', async () => {
    const run = start(without('bind', 'auth'))
    const first = await run.see('How do people log in?')
    expect(first).not.toMatch(/Where should|Mutual TLS/)
    run.press(ENTER)
    const bind = await run.see('From where is it reachable?')
    expect(bind).toContain('VPN: 100.64.0.9')
    // Plain HTTP was asked for with a flag: nobody may publish that by choosing from a list.
    expect(bind).not.toMatch(/192\.0\.2\.7|Everywhere/)
    run.press(ENTER)
    expect(await run.see('Write it?')).not.toMatch(/Who may|Encrypt|On which port|Which model|Make it/)
  })
})

describe('while typing', () => {
  test.each<[keyof Answers, string, string, string, string, string]>([
    ['people', 'Who may log in?', 'b@d!', `"b@d!" can't be a user name`, 'names, such as', 'ann'],
    ['people', 'Who may log in?', 'ann:root', `The role of ann can't be "root"`, 'names, such as', 'ann'],
    ['directory', 'Where should', 'status', '"status" is a command', 'a new or empty directory', './status'],
    ['directory', 'Where should', 'full', 'is not empty', 'a new or empty directory', 'fuller'],
    ['port', 'On which port?', '99999', `It can't be "99999"`, 'from 1 to 65535', '1'],
    ['model', 'Which model', '../x', `It can't be "../x": it isn't a model name`, 'or none', 'none'],
  ])('%s, %s %s', async (key, question, bad, problem, hint, good) => {
    mkdirSync(join(cwd, 'full'))
    writeFileSync(join(cwd, 'full', 'file'), '')
    const run = start(without(key))
    expect(await run.see(question)).toContain(hint)
    run.press(bad)
    // Not a flag's words: nobody wrote one.
    expect(await run.see(problem)).not.toMatch(/--(port|user)|create-ollama-stack \S*status/)
    run.press(ENTER, ENTER)
    await run.see(`▲  ${question}`)
    expect(run.screen()).not.toContain('Write it?')
    run.press(CTRL_U, good)
    await run.see(hint)
    expect(run.screen()).not.toContain(problem)
    run.press(ENTER)
    await run.see('Write it?')
  })

  test("a certificate of one's own is looked at where it is named, not a question later", async () => {
    const run = start({ ...without(), tls: 'files' })
    expect(await run.see('Which file has the certificate?')).toContain('in PEM form, such as fullchain.pem')
    run.press('/nowhere/x.pem')
    expect(await run.see("/nowhere/x.pem doesn't exist.")).not.toContain('private key')
    run.press(ENTER, ENTER)
    await run.see('▲  Which file has the certificate?')
    expect(run.screen()).not.toContain('And its private key?')
  })

  test("a name that Let's Encrypt gives no certificate for", async () => {
    const run = start({ ...without('hosts'), bind: '0.0.0.0', tls: 'acme' })
    expect(await run.see('Under which public name')).toContain('it must lead to this machine')
    run.press('nas.local')
    await run.see("Let's Encrypt gives no certificate for nas.local")
    run.press(CTRL_U, 'ollama.example.com', ENTER)
    expect(await run.see('Write it?')).toMatch(/HTTPS with a certificate of Let's Encrypt[^]*Names +ollama\.example\.com, localhost/)
  })

  test('a port that somebody listens on', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    try {
      const run = start(without('port'))
      await run.see('On which port?')
      run.press(String(port), ENTER)
      const screen = await run.see(`Something listens on port ${port} already.`)
      const free = /(\d+) is free/.exec(screen)?.[1] ?? ''
      expect(screen).not.toContain('Write it?')
      run.press(CTRL_U, free, ENTER)
      await enter(run, ['Write it?'])
      expect((await run.result).port).toBe(Number(free))
    } finally {
      server.close()
    }
  })
})

describe('backing out', () => {
  const gaveUp = async (run: Run): Promise<void> => {
    await expect(run.result).rejects.toThrow(new CancelError('Nothing was written.'))
    expect(readdirSync(cwd)).toEqual([])
    expect(run.input.raw).toBe(false)
    expect(run.written().lastIndexOf('\x1b[?25h')).toBeGreaterThan(run.written().lastIndexOf('\x1b[?25l'))
  }

  test.each(QUESTIONS.map((question, answered) => [answered, question] as const))('Ctrl-C after %d answers, at: %s', async (answered, question) => {
    const run = start()
    await enter(run, QUESTIONS.slice(0, answered))
    await run.see(question)
    run.press(CTRL_C)
    await gaveUp(run)
    expect(run.screen()).toContain('■')
  })

  test.each(['Where should', 'How do people'])('Ctrl-D at: %s', async (question) => {
    const run = start(question.startsWith('How') ? without('auth') : {})
    await run.see(question)
    run.press(CTRL_D)
    await gaveUp(run)
  })

  test('a signal from outside', async () => {
    const run = start()
    await enter(run, QUESTIONS.slice(0, 3))
    await run.see('From where')
    run.stop.abort()
    await gaveUp(run)
  })

  test('No at the very end, where the start is open too', async () => {
    const run = start(without('start'))
    expect(await run.see('Make it?')).toMatch(/● Yes: write it, start it and test it\n.*○ Only write the files\n.*○ No/)
    run.press(DOWN, DOWN, ENTER)
    await gaveUp(run)
  })

  test('No at the end', async () => {
    const run = start(without())
    expect(await run.see('Write it?')).toContain(`Directory   ${join(cwd, 'stack')}`)
    run.press(DOWN, ENTER)
    await gaveUp(run)
  })
})
