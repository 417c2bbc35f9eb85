import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { COMMAND_NAMES } from '../../src/cli/command-names.ts'
import { meant } from '../../src/cli/meant.ts'
import { ran as ranIn, type Given } from './ran.ts'

let cwd: string
beforeEach(() => { cwd = mkdtempSync(join(tmpdir(), 'ollama-stack-run-')) })
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const ran = (argv: string[], given: Given = {}) => ranIn(cwd, argv, given)

interface Failure { error: { code: string; message: string; hint: string } }

/** With --json: the one document, and nothing else anywhere. */
async function failure(argv: string[], given: Given = {}): Promise<Failure['error'] & { exit: number }> {
  const { code, out, err } = await ran(argv, given)
  expect(err).toBe('')
  expect(out).toMatch(/^\{.*\}\n$/)
  const document = JSON.parse(out) as Failure
  expect(Object.keys(document)).toEqual(['error'])
  expect(Object.keys(document.error)).toEqual(['code', 'message', 'hint'])
  return { ...document.error, exit: code }
}

describe('without a command', () => {
  test('empty argv is refused, and shows the way on stderr', async () => {
    const { code, out, err } = await ran([])
    expect([code, out]).toEqual([2, ''])
    for (const name of COMMAND_NAMES) expect(err).toContain(`  ${name} `)
  })
  test.each(['--version', '-v'])('%s', async (flag) => {
    expect(await ran([flag])).toEqual({ code: 0, out: expect.stringMatching(/^\S+\n$/), err: '' })
    expect(JSON.parse((await ran([flag, '--json'])).out)).toEqual({ version: expect.any(String) })
  })
  test.each([['--help'], ['-h'], ['help'], ['help', 'help'], ['-C', 'x', '--help']])('%s %s %s', async (...argv) => {
    expect(await ran(argv)).toEqual({ code: 0, out: expect.stringMatching(/^ {2}create /m), err: '' })
    expect(JSON.parse((await ran([...argv, '--json'])).out)).toEqual({ help: expect.stringMatching(/^ {2}create /m) })
  })
  test.each([...COMMAND_NAMES.filter((name) => name !== 'user'), 'user add', 'user remove'])('help of %s, said in four ways', async (name) => {
    const words = name.split(' ')
    const { code, out, err } = await ran([...words, '--help'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^Examples?:\n {2}\S/m)
    for (const argv of [[...words, '-h'], ['help', ...words], [...words, '--nonsense', '--help']]) expect((await ran(argv)).out).toBe(out)
    expect(JSON.parse((await ran([...words, '--help', '--json'])).out)).toEqual({ help: out.trimEnd() })
  })
  test('a noun alone shows its commands: exit 2 unless asked for', async () => {
    const { code, out, err } = await ran(['user'])
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^ {2}user add .*\n {2}user list .*\n {2}user rotate .*\n {2}user remove /m)])
    for (const argv of [['user', '--help'], ['help', 'user']]) expect(await ran(argv)).toEqual({ code: 0, out: err, err: '' })
  })
})

test('what other programs call a command leads to one that there is', () => {
  for (const word of ['start', 'stop', 'ps', 'rm', 'init', 'update', 'models']) expect(COMMAND_NAMES).toContain(meant(word, COMMAND_NAMES))
  const ofPeople = ['add', 'list', 'rotate', 'remove']
  for (const word of ['create', 'delete', 'revoke', 'reset', 'ls']) expect(ofPeople).toContain(meant(word, ofPeople))
})

describe('refused with exit 2', () => {
  test.each<[string[], string, RegExp]>([
    [['stauts'], 'E_COMMAND', /no command "stauts"\. Did you mean status\? All of them: ollama-stack --help$/],
    [['user', 'ad', 'bob'], 'E_COMMAND', /user has no command "ad"\. Did you mean add\? All of them: ollama-stack user --help$/],
    [['start'], 'E_COMMAND', /no command "start"\. Did you mean up\?/],
    [['restart'], 'E_COMMAND', /no command "restart"\. All/],
    [['user', 'delete', 'bob'], 'E_COMMAND', /user has no command "delete"\. Did you mean remove\?/],
    [['user', 'add'], 'E_ARGUMENT', /user add needs NAME\./],
    [['user', 'add', 'b:admin'], 'E_USER_NAME', /Write the role apart: ollama-stack user add b --role admin$/],
    [['user', 'add', 'b d'], 'E_USER_NAME', /ollama-stack user add ann$/],
    [['user', '--yes'], 'E_COMMAND', /user list --json/],
    [['user', 'add', 'bob', '--expires', 'soon'], 'E_TIME', /neither a span nor a date/],
    [['user', 'rotate', 'bob', '--overlap', '1y'], 'E_TIME', /--overlap can't be "1y"/],
    [['__proto__'], 'E_COMMAND', /no command "__proto__"\. All/],
    [['constructor'], 'E_COMMAND', /no command "constructor"\. All/],
    [['help', 'stauts'], 'E_COMMAND', /Did you mean status\?/],
    [[''], 'E_COMMAND', /no command ""\. All/],
    [['\x1b[2J\n'], 'E_COMMAND', /no command "\\u\{1b\}\[2J\\u\{a\}"/],
    [['--josn', 'status'], 'E_COMMAND', /needs a command, and "--josn" is a flag\. Write the command first/],
    [['-C', 'x'], 'E_COMMAND', /needs a command, and "(-C|--json)" is a flag/],
    [['-C'], 'E_COMMAND', /needs a command, and "-C" is a flag/],
    [['status', '--vebrose'], 'E_FLAG', /^status has no flag "--vebrose"/],
    [['down', '--volume'], 'E_FLAG', /Did you mean --volumes\? All of them: ollama-stack down --help$/],
    [['status', 'x'], 'E_ARGUMENT', /^status takes no argument/],
    [['pull'], 'E_ARGUMENT', /^pull needs MODEL\. Write: ollama-stack pull MODEL$/],
    [['pull', '../x'], 'E_MODEL_NAME', /"..\/x" isn't a model name/],
    [['-C', 'nowhere', 'pull', '--', '-x'], 'E_MODEL_NAME', /"-x" isn't a model name/],
    [['status'], 'E_NO_PROJECT', /^No stack in .* Go to your project or name it with -C DIR/],
    [['-C', '', 'status'], 'E_FLAG', /^-C needs a value/],
    [['-C', 'a', 'status', '--dir', 'b'], 'E_FLAG', /^--dir was given twice/],
    [['create', 'status', '--yes'], 'E_DIR_NAME', /"status" is a command of ollama-stack/],
    [['create'], 'E_NEEDS_ANSWERS', /Take the defaults: npx create-ollama-stack@latest /],
    [['create', 'a', 'b'], 'E_ARGUMENT', /"b" is one too many/],
  ])('%j', async (argv, code, says) => {
    const plain = await ran(argv)
    expect([plain.code, plain.out]).toEqual([2, ''])
    expect(plain.err).toMatch(/^Error: \S.*\.\n( {2}\S.*\n)+$/)
    const end = argv.indexOf('--') < 0 ? argv.length : argv.indexOf('--')
    const { exit, ...error } = await failure([...argv.slice(0, end), '--json', ...argv.slice(end)])
    expect([exit, error.code, `${error.message} ${error.hint}`]).toEqual([2, code, expect.stringMatching(says)])
    expect(readdirSync(cwd)).toEqual([])
  })

  test.each<[string, string]>([
    ['--name', '../evil'], ['--name', 'ollama.stack'], ['--name', '_abc'], ['--name', 'a'.repeat(64)], ['--auth', 'BASIC'], ['--auth', 'none'], ['--user', 'ali\nce'], ['--user', '`id`'], ['--user', '#alice'], ['--user', ''], ['--user', 'ünï'],
    ['--user', 'alice\u202e'], ['--user', 'a:b:c'], ['--bind', '0.0.0.0 '], ['--bind', '010.0.0.1'], ['--bind', '0x7f.1'], ['--port', '-1'], ['--port', '80a'], ['--port', '٨٠'], ['--port', '1 2'], ['--port', '0'], ['--tls', 'Off'], ['--tls', 'no'],
    ['--host', 'foo;\n location /x { root /; }\n#'], ['--host', '*'], ['--host', "foo'bar"], ['--host', '{$HOME}.example'], ['--host', 'ftp://a.example'], ['--host', `${'a'.repeat(64)}.com`], ['--host', 'a.com.'], ['--model', 'a..b'], ['--model', '$(id)'],
  ])('create %s %j: nothing is written', async (flag, value) => {
    const error = await failure(['create', `--yes`, '--json', '--no-start', flag, value])
    expect(error.exit).toBe(2)
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('TERM=dumb is no terminal to ask in', async () => expect((await failure(['create', '--json'], { tty: true, env: { TERM: 'dumb' } })).code).toBe('E_NEEDS_ANSWERS'))
})

describe('--json counts before -- only', () => {
  test('after it, it is a name', async () => {
    const { code, out, err } = await ran(['pull', '--', '--json'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('"--json" isn\'t a model name')
  })
  test('and so is --help', async () => expect((await ran(['pull', '--', '--help'])).err).toContain('"--help" isn\'t a model name'))
})

describe('which project', () => {
  const broken = (name: string): void => {
    mkdirSync(join(cwd, name, 'sub'), { recursive: true })
    writeFileSync(join(cwd, name, 'compose.yaml'), `x-ollama-stack: {}\nservices: {in-${name}: 1}\n`)
  }
  test.each<[string[], string | undefined, string]>([
    [['status'], undefined, 'No stack in HERE or any directory above it.'],
    [['status'], '', 'No stack in HERE or any directory above it.'],
    [['status'], 'HERE/a', 'services.in-a'],
    [['status', '-C', 'b'], 'HERE/a', 'services.in-b'],
    [['-C', 'b', 'status'], 'HERE/a', 'services.in-b'],
    [['--dir=b', 'status'], 'HERE/a', 'services.in-b'],
    [['--dir', 'b', 'pull', '--', 'gemma3'], undefined, 'services.in-b'],
    [['status', '-C', 'c'], 'HERE/a', 'HERE/c holds no stack'],
    [['status', '-C', 'b/sub'], undefined, 'HERE/b/sub holds no stack'],
  ])('%j with OLLAMA_STACK_PROJECT %s', async (argv, home, says) => {
    broken('a')
    broken('b')
    const here = (text: string): string => text.replace('HERE', cwd)
    const { message } = await failure([...(argv.includes('--') ? argv.slice(0, 3) : argv), '--json', ...(argv.includes('--') ? argv.slice(3) : [])], { env: home === undefined ? {} : { OLLAMA_STACK_PROJECT: here(home) } })
    expect(message).toContain(here(says))
  })
  test('create makes a new one, whatever the launcher says', async () => {
    broken('a')
    const { code, out } = await ran(['create', 'b', '--yes', '--dry-run', '--json'], { env: { OLLAMA_STACK_PROJECT: join(cwd, 'a') } })
    expect([code, out.includes(join(cwd, 'b', 'compose.yaml')), readdirSync(cwd)]).toEqual([0, true, ['a']])
  })
})

describe('done', () => {
  test.each([['basic'], ['bearer'], ['mtls']])('create --auth %s --dry-run touches nothing, and the environment changes nothing', async (auth) => {
    const argv = ['create', 'x', '--auth', auth, '--yes', '--dry-run', '--json']
    const plain = await ran(argv)
    expect(plain).toMatchObject({ code: 0, err: '' })
    const odd = await ran(argv, { env: { COMPOSE_PROJECT_NAME: 'evil', COMPOSE_FILE: '/evil.yaml', OLLAMA_ORIGINS: '*', OLLAMA_HOST: '0.0.0.0', DOCKER_HOST: 'tcp://192.0.2.1:2375' } })
    // A certificate's file is called after its fingerprint.
    const alike = ({ out }: { out: string }): string => out.replace(/[0-9a-f]{64}/, 'FINGERPRINT')
    expect([odd.code, alike(odd)]).toEqual([0, alike(plain)])
    expect(JSON.parse(plain.out)).toMatchObject({ dryRun: true, url: auth === 'mtls' ? expect.stringMatching(/^https:\/\/\S+:8443$/) : 'http://127.0.0.1:8880', files: expect.arrayContaining([{ path: join(cwd, 'x', 'compose.yaml'), mode: '0644' }]) })
    expect(readdirSync(cwd)).toEqual([])
  })
})

test('a stack without an admin is made, and says what that means', async () => {
  const { code, out, err } = await ran(['create', 'x', '--user', 'ann:user', '--yes', '--dry-run'])
  expect([code, err]).toEqual([0, expect.stringContaining('Nobody here is an admin, so nobody can pull or delete models')])
  expect(out).toContain('It would answer at http://127.0.0.1:8880; login: bearer, for ann (user).')
})

describe('failed and cancelled', () => {
  test('no engine is exit 1, and nothing is written', async () => {
    const error = await failure(['create', '--yes', '--json'], { env: { DOCKER_HOST: `unix://${cwd}/none.sock` } })
    expect([error.exit, error.code, error.hint === '']).toEqual([1, expect.stringMatching(/^E_ENGINE/), false])
    expect(readdirSync(cwd)).toEqual([])
  })
  const waiting = ['create', '--auth', 'basic', '--password-stdin', '--yes', '--no-start']
  test('Ctrl-C is exit 130', async () => {
    const cancel = async (json: string[]) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      return ran([...waiting, ...json], { stdin: new PassThrough(), signal: controller.signal })
    }
    expect(await cancel([])).toEqual({ code: 130, out: '', err: 'Cancelled. Nothing was written.\n' })
    expect(await cancel(['--json'])).toEqual({ code: 130, out: '{"error":{"code":"E_CANCELLED","message":"Cancelled. Nothing was written.","hint":""}}\n', err: '' })
    expect(readdirSync(cwd)).toEqual([])
  })
  test('what nobody expected is exit 1, without a stack trace unless asked for', async () => {
    const wrong = () => new Readable({ read() { this.destroy(new Error('boom')) } })
    const { code, out, err } = await ran(waiting, { stdin: wrong() })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^Error: Something went wrong that shouldn't: boom\n {2}That is a mistake in ollama-stack\..*OLLAMA_STACK_DEBUG=1.*\n$/)
    expect((await ran(waiting, { stdin: wrong(), env: { OLLAMA_STACK_DEBUG: '1' } })).err).toMatch(/^ {4}at /m)
    expect(await failure([...waiting, '--json'], { stdin: wrong() })).toMatchObject({ exit: 1, code: 'E_UNEXPECTED' })
  })
})
