import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answer, createFlags, repeatLine, type Answered } from '../../src/wizard/answer.ts'
import { parseArgs } from '../../src/cli/args.ts'
import type { Context } from '../../src/cli/command.ts'
import { StackError } from '../../src/errors.ts'
import type { Answers } from '../../src/questions/fields.ts'
import { plainUi } from '../../src/ui/plain.ts'

const { ask } = vi.hoisted(() => ({ ask: vi.fn() }))
vi.mock('../../src/wizard/wizard.ts', () => ({ ask }))

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ollama-stack-answer-'))
  ask.mockReset()
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

/** What a terminal's line gives: through the real parser. */
async function answered(line: string[], context: Partial<Context> = {}): Promise<Answered> {
  const stdin = Readable.from([])
  const ui = plainUi(new PassThrough(), new PassThrough())
  return answer(parseArgs(line, { name: 'create', flags: createFlags, positionals: ['[DIR]'] }), {
    cwd, env: {}, stdin, stdout: process.stdout, stderr: new PassThrough(), interactive: false, json: false, ui, signal: new AbortController().signal, ...context,
  })
}
const refused = async (line: string[], context: Partial<Context> = {}): Promise<StackError> => {
  const error = await answered(line, context).then(() => new Error('was accepted'), (caught: unknown) => caught)
  if (error instanceof StackError) return error
  throw error
}

const ALL = ['here', '--auth', 'basic', '--user', 'ann', '--bind', '127.0.0.1', '--tls', 'off', '--port', '9000', '--model', 'none', '--no-start']

describe('answers', () => {
  test('--yes takes the defaults', async () => {
    expect((await answered(['--yes'])).answers).toEqual({
      directory: join(cwd, 'ollama-stack'), name: 'ollama-stack', auth: 'bearer', people: [{ name: 'admin', role: 'admin' }],
      bind: '127.0.0.1', insecureHttp: false, tls: 'off', tlsCert: null, tlsKey: null, acmeEmail: null, acmeDirectory: null, acmeRoot: null, port: 8880, hosts: [], origins: [], allow: [], hostNetwork: false, rate: null, ollama: 'container', gpu: 'auto', model: 'gemma3:1b', start: true,
    })
  })
  test('what flags answer is not asked, and needs no --yes', async () => {
    const { answers, password } = await answered(ALL, { interactive: true })
    expect(answers).toMatchObject({ directory: join(cwd, 'here'), name: 'here', auth: 'basic', people: [{ name: 'ann', role: 'admin' }], port: 9000, model: null, start: false })
    expect([password, ask.mock.calls.length]).toEqual([undefined, 0])
  })
  test.each<[string[], Partial<Answers>]>([
    [['-C', 'x'], { name: 'x' }], [['--dir=x'], { name: 'x' }], [['./status'], { name: 'status' }], [['--', '-x'], { name: 'x' }], [['--start'], { start: true }],
    [['--bind', '0.0.0.0'], { tls: 'private', port: 8443 }], [['--bind', '0.0.0.0', '--tls', 'off', '--insecure-http'], { tls: 'off', insecureHttp: true, port: 8880 }],
    [['--host', 'A.example', '--host', '::1'], { hosts: ['a.example', '::1'] }], [['--user', 'ann', '--user', 'bob'], { people: [{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }] }],
  ])('%j', async (line, expected) => expect((await answered(['--yes', ...line])).answers).toMatchObject(expected))

  test('in a terminal the wizard gets what flags said, and a permission without a use is dropped', async () => {
    ask.mockImplementation(async (known: Partial<Answers>) => ({ ...known, insecureHttp: true, tls: 'private' }))
    const { answers } = await answered(['--auth', 'basic', '--insecure-http'], { interactive: true })
    expect(ask.mock.calls[0]?.[0]).toEqual({ auth: 'basic', insecureHttp: true })
    expect(answers).toEqual({ auth: 'basic', insecureHttp: false, tls: 'private' })
  })
})

describe('refused with exit 2', () => {
  test.each<[string[], string, RegExp]>([
    [['status'], 'E_DIR_NAME', /\.\/ollama-stack status \(in your project\)/],
    [['x', '-C', 'y'], 'E_ARGUMENT', /given twice/],
    [['--auth', 'mtls', '--tls', 'off'], 'E_TLS', /only TLS carries one/],
    [['--bind', '0.0.0.0', '--tls', 'off'], 'E_INSECURE', /readable over the network.*--insecure-http/],
    [['--bind', '0.0.0.0', '--insecure-http'], 'E_INSECURE', /--tls is private.*write --tls off as well/],
    [['--auth', 'mtls', '--insecure-http'], 'E_INSECURE', /mtls is always encrypted/],
    [['--password-stdin'], 'E_PASSWORD', /--auth bearer: its keys are made, not chosen\. Leave it out, or take --auth basic\./],
    [['--auth', 'mtls', '--password-stdin'], 'E_PASSWORD', /its certificates are made/],
    [['--auth', 'nope', '--port', '0', '--host', 'a b', '--user', '#x', '--model', '..', '--bind', 'x', '--name', '_', '--tls', 'on', 'up'], 'E_INPUT', /^9 things are wrong:\n(- .+\n){8}- .+ Put these right/],
    [['--auth', 'mtls', '--tls', 'off', '--password-stdin', '--port', 'x'], 'E_INPUT', /^3 things are wrong:\n- --port .*\n- --auth mtls .*\n- --password-stdin /],
  ])('%j', async (line, code, says) => {
    for (const context of [{}, { json: true }]) {
      const error = await refused([...line, '--yes'], context)
      expect([error.code, error.exit, `${error.message} ${error.hint}`]).toEqual([code, 2, expect.stringMatching(says)])
    }
  })
  test('bad flags are refused before the wizard asks anything', async () => {
    expect((await refused(['--auth', 'mtls', '--tls', 'off'], { interactive: true })).code).toBe('E_TLS')
    expect(ask).not.toHaveBeenCalled()
  })
})

describe('nobody to ask', () => {
  test('names what is open, and the line to run, with what was said already', async () => {
    const error = await refused(['my stack', '--auth', 'basic', '--password-stdin', '--dry-run'], { json: true })
    expect([error.code, error.exit]).toEqual(['E_NEEDS_ANSWERS', 2])
    expect(error.message).toBe('There is no terminal to ask in, and these are open: --user, --bind, --tls, --port, --model.')
    expect(error.hint).toBe(`Take the defaults: npx create-ollama-stack@latest '${cwd}/my stack' --auth basic --password-stdin --dry-run --json --yes\nSee what can be chosen: npx create-ollama-stack@latest --help`)
  })
  test('nothing was said', async () => {
    const error = await refused([])
    expect(error.message).toMatch(/are open: the directory, --auth, /)
    expect(error.hint).toMatch(/^Take the defaults: npx create-ollama-stack@latest --yes\n/)
  })
  test('a dumb terminal', async () => expect((await refused([], { env: { TERM: 'dumb' } })).message).toMatch(/^This terminal \(TERM=dumb\) can't show the questions, /))
  test.each<[Record<string, string>, boolean]>([
    [{ npm_config_yes: 'true', npm_command: 'init' }, true], [{ npm_config_yes: 'true', npm_command: 'exec' }, false], [{ npm_config_yes: '' }, false], [{}, false],
  ])('npm ate --yes: %j %s', async (env, eaten) => expect((await refused([], { env })).message.includes('npm kept --yes')).toBe(eaten))
})

describe('--password-stdin', () => {
  const line = ['--auth', 'basic', '--password-stdin', '--yes']
  const given = async (stdin: Readable) => (await answered(line, { stdin })).password
  test.each([
    ['secret12', 'secret12'], ['secret12\n', 'secret12'], ['secret12\r\n', 'secret12'], [' secret12 ', ' secret12 '], ['pässwörd', 'pässwörd'], ['\ufeffsecret12', 'secret12'],
  ])('%j is %j', async (text, password) => expect(await given(Readable.from([Buffer.from(text)]))).toBe(password))
  test('a letter cut in two by the pipe', async () => expect(await given(Readable.from([Buffer.from([0xc3]), Buffer.from([0xa4])]))).toBe('ä'))
  test.each<[string, Readable, RegExp]>([
    ['no end', Readable.from((function* () { for (;;) yield Buffer.alloc(1000, 'x') })()), /far too long/],
    ['nothing', Readable.from([]), /Nothing came on stdin/],
    ['an empty line', Readable.from([Buffer.from('\n')]), /Nothing came on stdin/],
    ['two lines', Readable.from([Buffer.from('secret12\nsecret13\n')]), /More than one line/],
    ['Latin-1', Readable.from([Buffer.from([0x70, 0xe4])]), /isn't UTF-8/],
    ['the terminal', Object.assign(new PassThrough(), { isTTY: true }), /stdin is the terminal/],
  ])('not from %s', async (_, stdin, says) => {
    const error = await refused(line, { stdin, interactive: 'isTTY' in stdin })
    expect([error.code, error.exit, error.message]).toEqual(['E_PASSWORD', 2, expect.stringMatching(says)])
  })
  test('is not read when something else is wrong', async () => {
    const stdin = Readable.from([Buffer.from('secret12')])
    expect((await refused([...line, '--port', '0'], { stdin })).code).toBe('E_PORT')
    expect(stdin.readableDidRead).toBe(false)
  })
  test('Ctrl-C ends the waiting', async () => {
    const cancel = new AbortController()
    setTimeout(() => cancel.abort(), 10)
    await expect(answered(line, { stdin: new PassThrough(), signal: cancel.signal })).rejects.toThrow(/abort/i)
  })
})

describe('the line that repeats a run', () => {
  test.each<string[][]>([
    [['--yes']],
    [[...ALL, '--yes']],
    [["it's $(id) `x`", '--auth', 'mtls', '--host', 'münchen.de', '--host', '2001:db8::1', '--start', '--yes']],
    [['--user', 'ann:user', '--user', 'b@c:admin', '--bind', '::', '--port', '1', '--model', 'hf.co/org/model:Q4_K_M', '--name', '0_-', '--yes']],
    [['--yes', '--', '--yes']],
    [['--bind', '0.0.0.0', '--tls', 'off', '--insecure-http', '--no-start', '--yes']],
    [['--auth', 'basic', '--password-stdin', '--yes']],
    [['--ollama', 'HTTP://GPU-Box.lan/', '--gpu', 'none', '--yes']],
  ])('%j', async (line) => {
    const first = await answered(line, { stdin: Readable.from([Buffer.from('hunter2-hunter2')]) })
    const repeat = repeatLine(first.answers, { ownPassword: first.password !== undefined })
    // A real shell takes it apart, as when pasted.
    const words = spawnSync('sh', ['-c', `printf '%s\\0' ${repeat}`], { encoding: 'utf8' }).stdout.split('\0').slice(0, -1)
    expect(words.slice(0, 2)).toEqual(['npx', 'create-ollama-stack@latest'])
    const again = await answered(words.slice(2), { cwd: '/', stdin: Readable.from([Buffer.from('hunter2-hunter2')]) })
    expect(again).toEqual(first)
    expect(repeat).not.toContain('hunter2')
    expect(JSON.stringify(first.answers)).not.toContain('hunter2')
  })
  test('it holds every answer, so that new defaults change nothing', async () => {
    const { answers } = await answered(['--yes'])
    expect(repeatLine(answers, { ownPassword: false })).toBe(`npx create-ollama-stack@latest ${cwd}/ollama-stack --name ollama-stack --auth bearer --user admin:admin --bind 127.0.0.1 --tls off --port 8880 --ollama container --gpu auto --model gemma3:1b --yes`)
  })
  test('a taken directory is seen with the defaults too', async () => {
    writeFileSync(join(cwd, 'ollama-stack'), '')
    expect((await refused(['--yes'])).code).toBe('E_DIR_NOT_EMPTY')
  })
})
