// What somebody types, through the whole program: refused with exit 2, with the flag and the rule in the
// message, nothing written, and nothing echoed that would act on a terminal. What each grammar takes and
// refuses beyond that is in values, origins, when and directory.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { applyChange } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'

const now = new Date()
let root: string
/** Stays empty. */
let cwd: string
const projects: Record<string, string> = {}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ollama-stack-input-'))
  cwd = join(root, 'empty')
  mkdirSync(cwd)
  for (const stack of Object.values(stacks)) {
    const dir = projects[stack.id] = join(root, stack.id)
    mkdirSync(dir)
    applyChange(dir, (await render(stack, config(stack), [{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }], { now })).files)
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Everything of a directory that a command could change. */
const snapshot = (dir: string): string => readdirSync(dir, { recursive: true, withFileTypes: true })
  .map((entry) => join(entry.parentPath, entry.name) + (entry.isFile() ? ` ${readFileSync(join(entry.parentPath, entry.name), 'base64')}` : '')).sort().join('\n')

/** What makes a terminal do something: controls, directions, separators of lines. A line's end is ours. */
const ACTS = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u

async function refused(argv: readonly string[], dir = cwd): Promise<string> {
  const before = snapshot(dir)
  const { code, out, err } = await ran(dir, argv)
  expect({ code, out, unexpected: /shouldn't/.test(err) }, err).toEqual({ code: 2, out: '', unexpected: false })
  expect(err).toMatch(/^Error: \S.*\n {2}\S/)
  expect(err).not.toMatch(/^\s+at /m)
  expect(err).not.toMatch(ACTS)
  expect(err.length).toBeLessThan(1500)
  expect(snapshot(dir)).toBe(before)
  return err
}

const ESC = '\x1b[2J\x9b31m\u202e\u2028'
const LONG = 'a'.repeat(10_000)

/** For every flag of `create`. */
const HOSTILE = [
  'a\nb', 'a\r\nb', 'a\0b', 'a\tb', ' ', 'a b', ' a', 'a"b', "a'b", '`id`', '$(id)', '${HOME}', '$HOME', '{$HOME}', '{env.HOME}', '{http.request.host}', 'a;b', 'a{b}', '#a', 'a#b', '//x', '!a', 'a|b', 'a&b', 'a>b', 'a\\b', '*', '&a', '!!str a', '[a]', '%0a', '-a', '--yes',
  'ünï', 'аnn', '\u202eann', 'a\u200bb', '\ufeffa', ESC, LONG, '../a', '..', '/etc/passwd', 'C:\\x', '~root', '=', '?', '\u{1f600}', '\ud800',
]
const FLAGS = ['name', 'auth', 'user', 'bind', 'tls', 'port', 'host', 'origin', 'rate', 'model'] as const

/** Where a row of the table above is good: a Unicode name in a certificate is written in its ASCII form. */
const GOOD: Partial<Record<(typeof FLAGS)[number], readonly string[]>> = { host: ['ünï', 'аnn'] }

describe.each(FLAGS)('--%s', (flag) => {
  test.each(HOSTILE.filter((value) => !GOOD[flag]?.includes(value)))('%j', async (value) => {
    const said = await refused(['create', '--yes', '--no-start', `--${flag}=${value}`])
    expect(said).toContain(`--${flag}`)
  })
})

/** Words of the command line; what the message must contain. */
const ROWS: [id: string, argv: string[], says: RegExp][] = [
  ...['ann:', 'ann:root', 'ann:Admin', ':admin', 'ann:admin:x', 'ann:user\n', 'a'.repeat(65), 'ollama-stack-test-x', 'ann,bob', 'ann bob', '.ann', '@ann', '-', '_', 'a/b', 'a+b', 'ann\u0301'].map((value): typeof ROWS[number] => ['a person', ['create', '--yes', '--no-start', `--user=${value}`], /--user/]),
  ['the same person twice', ['create', '--yes', '--user=ann', '--user=ann'], /already a user ann/],
  ['the same person in another case', ['create', '--yes', '--user=Alice', '--user=alice:admin'], /differs only in case/],
  ...['A', '.a', '-a', '_abc', 'ollama.stack', 'a'.repeat(64), 'my stack', 'über', 'a/../b', 'a$b'].map((value): typeof ROWS[number] => ['a project', ['create', '--yes', '--no-start', `--name=${value}`], /--name can't be .*\n.*lower-case letters/]),
  ...['localhost', 'eth0', '1.2.3', '1.2.3.4.5', '256.1.1.1', '010.0.0.1', '127.0.0.01', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.1', '0', '1.2.3.4/24', '0.0.0.0/0', '::/0', '[::1]', '::1%lo', 'fe80::1%eth0', '1.2.3.4:80', '１２７.0.0.1', '127.0.0.1 ', '127.0.0.1,::1', '::ffff:1.2.3.4/96', ':::', '::ffff:999.1.1.1'].map((value): typeof ROWS[number] => ['an address', ['create', '--yes', '--no-start', `--bind=${value}`], /--bind can't be .* IP address/]),
  ...['0', '-1', '+80', '65536', '99999999999999999999', '08', '080', '80a', '0x50', '1e3', '80.0', '1_000', ' 80', '80 ', '80\n', '٨٠', '８０', '1 2', '80,81', '8880-8890', '80/tcp', '127.0.0.1:80', 'http', 'NaN', 'Infinity', 'null'].map((value): typeof ROWS[number] => ['a port', ['create', '--yes', '--no-start', `--port=${value}`], /--port can't be .*port number.*\n.*from 1 to 65535/]),
  ...['*.example.com', '*', 'a.com.', '.', '..', '.a', 'a..b', '-a.com', 'a-.com', `${'a'.repeat(64)}.com`, `${'a.'.repeat(127)}b`, 'https://a.com', 'ftp://a.example', 'a.com:443', 'a.com/x', 'u@a.com', 'a_b.com', '_acme.a.com', '[::1]', '::1%lo', '0.0.0.0', '::', '127.1', '010.0.0.1', '0x7f000001', '2130706433', 'example.1', '10.0.0.0/8', 'xn--a', 'a。b', 'a．b', 'ﬀ\u200d', 'a.com b.com', 'a.com,b.com', 'foo;\n location /x { root /; }\n#', "foo'bar", '{$HOME}.example', '~^.*$', '"', 'hostnames;', 'include /etc/passwd;'].map((value): typeof ROWS[number] => ['a host', ['create', '--yes', '--no-start', `--host=${value}`], /--host can't be/]),
  ...['*', 'null', 'NULL', 'http://*', 'https://*', 'https://*.example.com', 'https://app.example.*', 'http://localhost:*', 'http://localhost*', 'app.example.com', '//app.example.com', 'https://', 'https://a.example/x', 'https://a.example?x', 'https://a.example#x', 'https://u:p@a.example', 'https://a.example:0', 'https://a.example:65536', 'https://a.example:', 'https:/a.example', 'https://a b', 'https://a"; } server { listen 9', 'hostnames', 'volatile', 'default', 'include x', '~^https://.*$', '~*.', 'https://a\r\nX: y', 'https://a\\r\\nX: y', 'https://{env.X}', 'https://$host', 'https://a|b', 'https://a(b)', 'https://a[b]', 'https://[::1', 'https://[::1%25lo]', 'javascript://*', 'data://*', '*://*', 'app://a*b', 'app://*.x', 'https://a.com,', ',', 'https://a.com,,https://b.com', 'https://a.com https://b.com', 'https://a.com;https://b.com', `https://${'a'.repeat(64)}.com`].map((value): typeof ROWS[number] => ['an origin', ['create', '--yes', '--no-start', `--origin=${value}`], /--origin can't be/]),
  ...['0', '0/s', '60', '/m', '-1/s', '+1/s', '1.5/s', '1e9/s', '01/s', '60/h', '60/d', '60r/m', '10r/s; deny all', '60/m;', '60 /m', '60/m burst=5', '1000000/m', '6٠/m', '60/M', '60/m\n', 'none', 'unlimited'].map((value): typeof ROWS[number] => ['a rate', ['create', '--yes', '--no-start', `--rate=${value}`], /--rate can't be .*\n.*per second or minute/]),
  ...['..', 'a..b', 'a/../b', '/a', 'a/', 'a//b', ':b', 'a:', 'a:b:c', 'http://ollama.com/x', 'https://hf.co/a/b', 'a@sha256:0', `a@sha256:${'0'.repeat(64)}`, 'sha256:', 'a b', '-a', '.a', 'a/.b', '$(id)', 'büch', 'a'.repeat(257), 'a?b', 'a%2fb'].map((value): typeof ROWS[number] => ['a model', ['create', '--yes', '--no-start', `--model=${value}`], /--model can't be .*model name/]),
  ...['Off', 'no', 'false', 'on', 'yes', 'TLS', 'private ', 'self-signed'].map((value): typeof ROWS[number] => ['encryption', ['create', '--yes', '--no-start', `--tls=${value}`], /--tls can't be .*\n.*off, private/]),
  ...['BASIC', 'none', 'oauth', 'basic,bearer', 'constructor', '__proto__', 'basic\n'].map((value): typeof ROWS[number] => ['a login', ['create', '--yes', '--no-start', `--auth=${value}`], /--auth can't be .*\n.*basic, bearer, mtls/]),
  ...['name', 'auth', 'user', 'bind', 'tls', 'port', 'host', 'origin', 'rate', 'model', 'dir'].flatMap((flag): typeof ROWS => [
    [`--${flag} without a value`, ['create', '--yes', `--${flag}`], new RegExp(`--${flag} needs a value`)],
    [`--${flag} with an empty one`, ['create', '--yes', `--${flag}=`], new RegExp(`--${flag} needs a value`)],
    [`--${flag} with a flag`, ['create', `--${flag}`, '--yes'], new RegExp(`--${flag} needs a value`)],
  ]),
  ...['', 'a\nb', 'a\0b', `a${ESC}`, 'a\u200b', 'status', 'UP', 'help'].map((value): typeof ROWS[number] => ['a directory', ['create', value, '--yes', '--no-start'], /directory/]),
  ['a directory with a name too long', ['create', LONG, '--yes', '--no-start'], /too long/],
  ['a path too long', ['create', 'b/'.repeat(3000), '--yes', '--no-start'], /too long/],
  ['plain HTTP for everybody', ['create', '--yes', '--no-start', '--bind', '0.0.0.0', '--tls', 'off'], /--tls off on 0\.0\.0\.0 .*\n.*--insecure-http/],
  ['plain HTTP for everybody, in IPv6 words for IPv4', ['create', '--yes', '--no-start', '--bind', '::ffff:0.0.0.0', '--tls', 'off'], /--tls off on 0\.0\.0\.0 /],
  ['a secret as a flag', ['create', '--yes', '--no-start', '--password', 'hunter2'], /no flag "--password"\.\n.*--password-stdin/],
  ['a secret behind a switch', ['create', '--yes', '--no-start', '--password-stdin=hunter2'], /--password-stdin takes no value/],
  ['a flag that is not there, with odd signs in it', ['create', '--yes', `--x${ESC}=1`], /no flag/],
  ...['host', 'ollama', 'ftp://host:11434', 'https://gpu-box.lan:11434', 'http://ann:secret@gpu-box.lan:11434', 'http://gpu-box.lan:11434/v1', 'http://gpu-box.lan:11434?x', 'http://gpu-box.lan:0', 'http://gpu-box.lan:65536', 'http://:11434',
    'http://[::1]:11434', 'http://0.0.0.0:11434', 'http://127.0.0.2:11434', 'http://169.254.169.254', 'http://224.0.0.1', 'http://0x7f.1', 'http://2130706433', 'http://a b', 'http://a;b', 'http://$(id)', 'http://a\nb', 'unix:/run/x.sock', ESC, LONG].map((value): typeof ROWS[number] => ['an Ollama', ['create', '--yes', '--no-start', `--ollama=${value}`], /--ollama can't be .*\n/]),
  ...['cuda', 'NVIDIA', ESC, LONG].map((value): typeof ROWS[number] => ['a GPU', ['create', '--yes', '--no-start', `--gpu=${value}`], /--gpu can't be .*\n.*auto, none, nvidia, amd/]),
  ['a GPU for an Ollama elsewhere', ['create', '--yes', '--no-start', '--gpu=nvidia', '--ollama=http://host:11434'], /--gpu nvidia doesn't go with --ollama/],
  ['a word too many', ['create', 'a', `b${ESC}`, '--yes'], /one too many/],
  // Of any project, before one is looked for.
  ...['a:b', 'a b', '#a', 'a\nb', '`id`', '', 'ünï', 'alice\u202e', ESC, '-', '../x', 'a'.repeat(65), 'ollama-stack-test-x', LONG].map((value): typeof ROWS[number] => ['a person to add', ['user', 'add', '--', value], /user name|NAME/]),
  ...['root', 'Admin', 'admin,user', 'admin\n', ESC, LONG].map((value): typeof ROWS[number] => ['a role', ['user', 'add', 'eve', `--role=${value}`], /--role can't be .*\n.*admin, user/]),
  ...['soon', '0d', '-1d', '1.5h', '30', '30D', '1y', '1e3d', '99999d', '2020-01-01', '2027-02-31', '2027-13-01', '01.02.2027', '2027-01-31T10:00', '2027-01-31 10:00Z', 'never', 'Infinity', '2027-01-31\nadmin', ESC, LONG].map((value): typeof ROWS[number] => ['an end', ['user', 'add', 'eve', `--expires=${value}`], /--expires /]),
  ...['0s', '-1h', '1.5h', '60', '1y', '11y', '4000d', '1h;', '2027-01-31', ESC, LONG].map((value): typeof ROWS[number] => ['an overlap', ['user', 'rotate', 'ann', `--overlap=${value}`], /--overlap can't be/]),
  ...['../x', '-x', 'a b', '$(id)', ESC, LONG].map((value): typeof ROWS[number] => ['a model to pull', ['pull', '--', value], /model name/]),
  ...['status', 'up', 'down', 'test', 'user list'].flatMap((command): typeof ROWS => [`a${ESC}`, LONG, 'b/'.repeat(3000), 'a\nb', '$(id)', '-'].map((value) => ['a project elsewhere', [...command.split(' '), `--dir=${value}`], /holds no stack|too long/])),
]

test.each(ROWS)('%s: %j', async (_, argv, says) => expect(await refused(argv)).toMatch(says))

describe('in a project', () => {
  const inside = (id: string, ...argv: string[]): Promise<string> => refused(argv, projects[id])
  test.each(['ANN', 'Bob'])('another case of a name: %s', async (name) => expect(await inside('bearer', 'user', 'add', name)).toMatch(/differs only in case/))
  test.each(['rotate', 'remove'])('%s of nobody, with odd signs', async (verb) => {
    for (const name of [ESC, 'a\nb', LONG, '', '#', 'zoe']) expect(await inside('bearer', 'user', verb, '--', name)).toMatch(/no user "/)
  })
  test.each<[string, string[], RegExp]>([
    ['basic', ['--ssh-key', 'x'], /--ssh-key doesn't go with/], ['basic', ['--csr', 'x'], /--csr doesn't go with/], ['bearer', ['--csr', 'x'], /--csr doesn't go with/], ['mtls', ['--ssh-key', 'x'], /--ssh-key doesn't go with/],
    ['bearer', ['--password-stdin'], /--password-stdin doesn't go with/], ['mtls', ['--password-stdin'], /--password-stdin doesn't go with/],
    ['bearer', [`--ssh-key=${ESC}`], /ssh key/], ['bearer', ['--ssh-key=ssh-ed25519 AAAA\nbob:admin:x'], /ssh key/], ['bearer', [`--ssh-key=ssh-rsa ${LONG}`], /ssh key/], ['bearer', [`--ssh-key=ssh-${LONG} A`], /ssh key/], ['bearer', ['--ssh-key=~/.ssh/id.pub'], /ssh key.*\n.*\.pub/],
    ['mtls', ['--csr=nowhere'], /nowhere can't be read/], ['mtls', ['--csr=.'], /can't be read/], ['mtls', ['--csr=compose.yaml'], /certificate request/], ['mtls', ['--csr=/dev/zero'], /can't be read/], ['mtls', [`--csr=${ESC}`], /can't be read/], ['mtls', [`--csr=${LONG}`], /can't be read/],
  ])('%s: user add eve %j', async (id, more, says) => expect(await inside(id, 'user', 'add', 'eve', ...more)).toMatch(says))
  test('a private key on the command line is not shown again', async () => {
    const said = await inside('bearer', 'user', 'add', 'eve', '--ssh-key=-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE')
    expect(said).not.toContain('b3BlbnNzaC1rZXktdjE')
  })
})

describe('a place that is no project', () => {
  test.each<[string, (at: string) => void, RegExp]>([
    ['a file', (at) => writeFileSync(at, ''), /holds no stack/],
    ['a link that goes round', (at) => symlinkSync(at, at), /holds no stack/],
    ['compose.yaml is a directory', (at) => mkdirSync(join(at, 'compose.yaml'), { recursive: true }), /holds no stack/],
    ['compose.yaml is a pipe, which would wait for ever', (at) => { mkdirSync(at); spawnSync('mkfifo', [join(at, 'compose.yaml')]) }, /holds no stack/],
    ['compose.yaml leads to a device', (at) => { mkdirSync(at); symlinkSync('/dev/zero', join(at, 'compose.yaml')) }, /holds no stack/],
    ['compose.yaml is a link to a stack', (at) => { mkdirSync(at); symlinkSync(join(projects['bearer'] ?? '', 'compose.yaml'), join(at, 'compose.yaml')) }, /holds no stack/],
    ['compose.yaml is no text', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), Buffer.from(`x-ollama-stack: {}\n\xff\xfe\0${ESC}\x07\n`, 'latin1')) }, /compose\.yaml:\d+/],
    ['compose.yaml is nested a hundred thousand deep', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), `x-ollama-stack: {}\nservices: ${'['.repeat(100_000)}`) }, /compose\.yaml:2/],
    ['compose.yaml merges a service into itself', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), 'x-ollama-stack: {}\nservices: {a: &b {image: x, <<: *b}}\n') }, /compose\.yaml:2: services\.a.*itself/],
    ['compose.yaml names a login that every object has', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), 'x-ollama-stack: {auth: constructor}\nservices: {a: {image: x}}\n') }, /x-ollama-stack\.auth must be one of/],
    ['compose.yaml has a service that would vanish', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), 'x-ollama-stack: {auth: bearer}\nservices: {a: {image: x}, __proto__: {image: x}}\n') }, /compose\.yaml:2: services\.__proto__ is no name/],
    ['compose.yaml has a terminal\'s commands in a key', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), 'x-ollama-stack: {}\nservices: {"a\\e[2J\\u202e": {image: x}}\n') }, /compose\.yaml:2/],
  ])('%s', async (name, make, says) => {
    const at = join(root, name.replace(/\W+/g, '-'))
    make(at)
    expect(await refused(['status', '-C', at])).toMatch(says)
  }, 20_000)
})

describe('taken, and written as it must be', () => {
  const dryRun = async (...argv: string[]): Promise<{ code: number; out: string }> => ran(cwd, ['create', '--yes', '--dry-run', '--json', ...argv])
  test.each([['/tmp/ollama-stack-nowhere/x'], ['../../x'], ['./-x'], ['a$b'], ["it's"], ['my stack'], ['日本']])('a directory elsewhere is shown as it really is: %s', async (directory) => {
    const { code, out } = await dryRun('--', directory)
    const { files } = JSON.parse(out) as { files: { path: string }[] }
    expect(code).toBe(0)
    expect(files.map(({ path }) => path)).toContain(join(directory.startsWith('/') ? '' : cwd, directory, 'compose.yaml'))
  })
})
