// Where a project is written, and what may stand there already: pipes, links, full and read-only disks, odd names,
// other umasks, a second run, a kill. Through the built program (npm run build).

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { create, ollamaStack, run, type CreateDocument, type Outcome } from '../engine/project.ts'

const dist = join(import.meta.dirname, '../../dist')
const root = process.getuid?.() === 0
let place: string
beforeAll(() => { place = mkdtempSync(join(tmpdir(), 'ollama-stack-places-')) })
afterAll(() => rmSync(place, { recursive: true, force: true }))

const write = async (at: string, ...more: string[]): Promise<CreateDocument> => {
  const { code, stdout } = await create(['--no-start', '--yes', '--json', ...more, '--', at], { cwd: place })
  expect(code, stdout).toBe(0)
  return JSON.parse(stdout) as CreateDocument
}
type Failure = NonNullable<CreateDocument['error']>
const failure = ({ code, stdout, stderr }: Outcome, exit: number): Failure => {
  const { error } = JSON.parse(stdout) as { error: Failure }
  expect([code, error.code], stdout).toEqual([exit, expect.not.stringMatching('E_UNEXPECTED')])
  expect(stderr).not.toMatch(/^\s+at /m)
  return error
}
/** Also what begins with a dot; a directory that is staged beside another must be gone. */
const tree = (dir: string): string[] => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()
/** A disk of its own, seen by this script alone. Root, or sudo without a password, can make one. */
async function onOwnDisk(options: string, script: string, ...args: string[]): Promise<string> {
  const at = mkdtempSync(join(place, 'disk-'))
  const command = ['unshare', '-m', 'sh', '-euc', `mount -t tmpfs -o ${options} none "$1" && cd "$1" && ${script}`, '-', at, process.execPath, dist, ...args]
  const { code, stdout, stderr } = await run(root ? 'env' : 'sudo', root ? command : ['-n', ...command])
  if (code !== 0) throw new Error(`no disk of its own could be mounted for this test, or its script failed. It needs root, or sudo without a password: ${stderr}`)
  return stdout
}

describe('somebody was there before', () => {
  const cases: [string, (at: string) => void, RegExp][] = [
    ['a compose.yaml', (at) => { mkdirSync(at); writeFileSync(join(at, 'compose.yaml'), 'mine') }, /compose\.yaml/],
    ['a pipe called compose.yaml', (at) => { mkdirSync(at) }, /compose\.yaml/],
    ['a link called compose.yaml', (at) => { mkdirSync(at); symlinkSync(join(place, 'elsewhere'), join(at, 'compose.yaml')) }, /compose\.yaml/],
    ['a link to another directory', (at) => { mkdirSync(`${at}-real`); symlinkSync(`${at}-real`, at) }, /symbolic link/],
    ['a link to nowhere', (at) => symlinkSync(join(place, 'nowhere'), at), /symbolic link/],
    ['a pipe', () => undefined, /not a directory/],
    ['a device', (at) => symlinkSync('/dev/null', at), /symbolic link/],
  ]
  test.each(cases)('%s: named, and nothing changes', async (name, make, says) => {
    const at = join(place, name.replaceAll(' ', '-'))
    make(at)
    if (name.startsWith('a pipe')) await run('mkfifo', [name === 'a pipe' ? at : join(at, 'compose.yaml')])
    const before = tree(place)
    const error = failure(await create([at, '--no-start', '--yes', '--json']), 2)
    expect(`${error.message} ${error.hint}`).toMatch(says)
    expect(tree(place)).toEqual(before)
  })
  test('two at the same time: one project, whole, and the other is refused', async () => {
    const at = join(place, 'race')
    const outcomes = await Promise.all(['ann', 'bob', 'eve'].map((who) => create([at, '--user', who, '--no-start', '--yes', '--json'])))
    expect(outcomes.map(({ code }) => code).sort().slice(0, 1)).toEqual([0])
    const winners = outcomes.filter(({ code }) => code === 0).map(({ stdout }) => (JSON.parse(stdout) as CreateDocument).users[0]?.name)
    expect(winners).toHaveLength(1)
    for (const outcome of outcomes.filter(({ code }) => code !== 0)) expect([1, 2]).toContain(outcome.code)
    expect(readFileSync(join(at, 'credentials/keys'), 'utf8')).toMatch(new RegExp(`^${winners[0]}:`, 'm'))
    expect(readdirSync(place).filter((name) => name.startsWith('.race'))).toEqual([])
  })
})

describe.each(['000', '022', '077'])('umask %s', (umask) => {
  test.each(['basic', 'mtls'])('%s: nobody but the owner writes anything, or reads what is secret', async (auth) => {
    const at = join(place, `umask-${umask}-${auth}`)
    const { code, stderr } = await run('sh', ['-c', `umask ${umask}; exec "$@"`, '-', process.execPath, join(dist, 'create.js'), at, '--auth', auth, '--no-start', '--yes', '--json'])
    expect(code, stderr).toBe(0)
    expect((await run('sh', ['-c', `umask ${umask}; exec "$@"`, '-', process.execPath, join(dist, 'ollama-stack.js'), 'user', 'add', 'bob', '-C', at, '--json'])).code).toBe(0)
    for (const path of tree(at)) {
      const { mode, uid } = lstatSync(join(at, path))
      const secret = /^credentials|\.key$|\.p12$/.test(path) || path === 'certs'
      expect([path, mode & (secret ? 0o077 : 0o022)]).toEqual([path, 0])
      // As root, what the proxy reads is the unprivileged proxy's; nothing else is.
      if (root) expect([path, uid]).toEqual([path, /^credentials|^certs\/server/.test(path) ? 65532 : 0])
    }
    // The proxy runs as another user than root, and must get at what it reads.
    for (const path of ['', 'proxy', 'compose.yaml']) expect(statSync(join(at, path)).mode & 0o005).toBe(path === 'compose.yaml' ? 0o004 : 0o005)
  })
})

describe('a disk', () => {
  test.each(['64k', '700k'])('that is full at %s: nothing is left, not even half a secret', async (size) => {
    const out = await onOwnDisk(`size=${size}`, '"$2" "$3/create.js" x --no-start --yes --json 2>/dev/null && exit 9; ls -A')
    const [document = '', ...left] = out.trim().split('\n')
    expect(JSON.parse(document)).toEqual({ error: { code: 'E_DISK_FULL', message: expect.stringMatching(/The disk is full: \S+\/x could not be written/), hint: expect.stringMatching(/df -h \S+\)/) } })
    expect(left).toEqual([])
  })
  test('that gets full later: who is there stays, whole, and nothing half-made is left', async () => {
    const out = await onOwnDisk('size=3m', `
      "$2" "$3/create.js" x --no-start --yes --json >/dev/null 2>&1
      cp x/credentials/keys /dev/shm/keys.$$; dd if=/dev/zero of=fill bs=1k 2>/dev/null || :
      "$2" "$3/ollama-stack.js" user add bob -C x --json || echo "exit $?"
      "$2" "$3/ollama-stack.js" user rotate admin -C x --json || echo "exit $?"
      cmp x/credentials/keys /dev/shm/keys.$$ && echo same; rm /dev/shm/keys.$$
      ls -A x x/credentials; rm fill; "$2" "$3/ollama-stack.js" user add bob -C x --json`)
    expect(out.match(/"code":"E_DISK_FULL"/g)).toHaveLength(2)
    expect(out.match(/^exit 1$/gm)).toHaveLength(2)
    expect(out).toMatch(/^same$/m)
    expect(out).not.toMatch(/^[^{]*(?:\.tmp|\.lock)/m)
    expect(out).toMatch(/\{"name":"bob",.*\n$/)
  })
  test('that is read-only: told as that, and reading goes on', async () => {
    const out = await onOwnDisk('size=3m', `
      "$2" "$3/create.js" x --no-start --yes --json >/dev/null 2>&1; mount -o remount,ro "$1"
      "$2" "$3/ollama-stack.js" user add bob -C x --json || echo "exit $?"
      "$2" "$3/create.js" y --no-start --yes --json || echo "exit $?"
      "$2" "$3/ollama-stack.js" user list -C x --json 2>/dev/null`)
    const [add = '', , made = '', exit, list = ''] = out.trim().split('\n')
    expect(JSON.parse(add)).toMatchObject({ error: { code: 'E_NOT_YOURS', hint: expect.stringContaining('read-only file system') } })
    expect([JSON.parse(made), exit]).toMatchObject([{ error: { code: 'E_DIR_DENIED', message: expect.stringContaining('read-only disk') } }, 'exit 2'])
    expect(JSON.parse(list)).toMatchObject([{ name: 'admin' }])
  })
})

test('killed at any moment, create leaves no project or a whole one, and no secret that git would take', async () => {
  const repo = join(place, 'repo')
  mkdirSync(repo)
  await run('git', ['init', '-q', repo])
  for (const ms of [150, 200, 250, 300, 350, 400, 450, 500]) {
    const at = join(repo, `at-${ms}`)
    const child = spawn(process.execPath, [join(dist, 'create.js'), at, '--auth', 'mtls', '--no-start', '--yes', '--json'], { stdio: 'ignore' })
    await sleep(ms)
    child.kill('SIGKILL')
    if (existsSync(at)) expect(readdirSync(at).sort()).toEqual(['.gitignore', '.ollama-stack', 'README.md', 'certs', 'compose.yaml', 'credentials', 'ollama-stack', 'ollama-stack.cmd', 'proxy'])
  }
  const { code, stdout } = await run('git', ['-C', repo, 'status', '--porcelain', '-uall'])
  expect([code, stdout.split('\n').filter((line) => /\/(?:credentials|certs)\/|\.key|\.p12/.test(line))]).toEqual([0, []])
})

test.each(['basic', 'bearer', 'mtls'])('in a git repository, of %s only what may be shown is offered', async (auth) => {
  const repo = join(place, `git-${auth}`)
  mkdirSync(repo)
  await run('git', ['init', '-q', repo])
  const at = join(repo, 'stack')
  await write(at, '--auth', auth)
  await ollamaStack(['user', 'add', 'bob', '-C', at, '--json'])
  // What editors and killed writes leave.
  for (const name of ['credentials/keys~', 'credentials/.keys.swp', 'credentials/.keys.0123.tmp', 'certs/ca.key.bak', 'certs/clients.tar', 'ann.p12', 'ann.key', '.ollama-stack.lock', '.ollama-stack.lock.1.ab', '.compose.yaml.0123.tmp', 'compose.yaml.bak', 'compose.yaml~', '.compose.yaml.swp']) {
    mkdirSync(join(at, name, '..'), { recursive: true })
    writeFileSync(join(at, name), 'x')
  }
  const { stdout } = await run('git', ['-C', repo, 'status', '--porcelain', '-uall'])
  const shown = stdout.trim().split('\n').map((line) => line.slice(3)).filter((path) => !path.startsWith('stack/proxy/'))
  expect(shown.sort()).toEqual(['stack/.gitignore', 'stack/README.md', 'stack/compose.yaml', 'stack/ollama-stack', 'stack/ollama-stack.cmd'])
  for (const path of ['credentials', 'certs', '.ollama-stack']) expect((await run('git', ['-C', at, 'check-ignore', '-q', path])).code, path).toBe(existsSync(join(at, path)) ? 0 : expect.any(Number))
})

describe('odd names', () => {
  test.concurrent.each(['my stack', 'it\'s "x"', 'a$b', 'a$$HOME', '`id`;', '-x', '日本', 'a:b', '#x', '*', '~', '{a}', ' x ', `long-${'x'.repeat(230)}`])('a directory called %j: the launcher works there, and Compose sees what we see', async (name) => {
    const parent = mkdtempSync(join(place, 'odd-'))
    const at = join(parent, name)
    const { code, stdout } = await create(['--no-start', '--yes', '--json', '--', name === '~' ? './~' : name], { cwd: parent })
    expect(code, stdout).toBe(0)
    expect(readdirSync(parent)).toEqual([name])
    expect(JSON.parse(stdout)).toMatchObject({ project: { dir: at } })
    const list = await run(join(at, 'ollama-stack'), ['user', 'list', '--json'], { cwd: '/' })
    expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'admin' }])
    const compose = await run('docker', ['compose', 'config', '--format', 'json'], { cwd: at })
    const { services } = JSON.parse(compose.stdout) as { services: { proxy: { volumes: { source: string; target: string }[] } } }
    expect(services.proxy.volumes.find(({ target }) => target === '/credentials')?.source.replaceAll('$$', () => '$')).toBe(join(at, 'credentials'))
  })
  test.each([['a line end and a command for the terminal', 'a\n\x1b[2J\u202eb', /can't be seen/], ['a backslash, with which Node.js runs nothing', 'a\\b', /Node\.js/], ['a percent sign, with which Compose reads nothing', '%TEMP%', /Compose/]])('below a directory with %s: refused', async (_, name, says) => {
    const parent = join(mkdtempSync(join(place, 'odd-')), name)
    mkdirSync(parent)
    const { code, stdout, stderr } = await create(['x', '--no-start', '--yes'], { cwd: parent })
    expect([code, stdout, readdirSync(parent)]).toEqual([2, '', []])
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
  })
  test('a path of more than 2000 letters', async () => {
    const deep = join(mkdtempSync(join(place, 'deep-')), ...Array.from({ length: 10 }, () => 'd'.repeat(200)), 'x')
    await write(deep)
    expect(JSON.parse((await run(join(deep, 'ollama-stack'), ['user', 'list', '--json'], { cwd: '/' })).stdout)).toMatchObject([{ name: 'admin' }])
  })
})

describe('something else in the place of a file', () => {
  let at: string
  let mtls: string
  beforeAll(async () => {
    [at, mtls] = [join(place, 'swapped'), join(place, 'swapped-mtls')]
    await write(at)
    await write(mtls, '--auth', 'mtls')
  })
  const replaced = async (path: string, make: (path: string) => unknown, work: () => Promise<void>): Promise<void> => {
    renameSync(path, `${path}.was`)
    try {
      await make(path)
      await work()
    } finally {
      rmSync(path, { force: true, recursive: true })
      renameSync(`${path}.was`, path)
    }
  }
  const fifo = (path: string) => run('mkfifo', [path])
  const inTime = async (...args: string[]): Promise<Outcome> => run('timeout', ['-s', 'KILL', '8', process.execPath, join(dist, 'ollama-stack.js'), ...args, '--json'])

  test.each(['certs/ca.crt', 'certs/server/ca.crt', 'certs/server/server.crt', 'certs/server/server.key', 'certs/ca.key', 'credentials'])('a pipe called %s: no command waits for ever', async (path) => {
    await replaced(join(mtls, path), fifo, async () => {
      const outcomes = await Promise.all([['status'], ['user', 'list'], ['user', 'add', 'zoe'], ['test'], ['pull', 'gemma3:1b']].map((args) => inTime(...args, '-C', mtls)))
      expect(outcomes.map(({ code }) => [0, 1, 2].includes(code))).toEqual(outcomes.map(() => true))
    })
    await ollamaStack(['user', 'remove', 'zoe', '-C', mtls, '--json'])
  })
  test.each(['credentials/keys', 'credentials'])('a link called %s: refused both ways, and what it leads to is left alone', async (path) => {
    const victim = join(place, `victim-${path.replace('/', '-')}`)
    if (path === 'credentials') mkdirSync(victim)
    else writeFileSync(victim, 'mine')
    await replaced(join(at, path), (link) => symlinkSync(victim, link), async () => {
      for (const args of [['user', 'add', 'bob'], ['user', 'list'], ['user', 'remove', 'admin', '--yes']]) {
        expect(failure(await inTime(...args, '-C', at), 1)).toMatchObject({ code: 'E_SYMLINK', message: expect.stringContaining(path) })
      }
    })
    expect(path === 'credentials' ? readdirSync(victim) : readFileSync(victim, 'utf8')).toEqual(path === 'credentials' ? [] : 'mine')
  })
  test('a second name of the key file elsewhere keeps the old people: what is written is a new file', async () => {
    const other = join(place, 'hard-link')
    linkSync(join(at, 'credentials/keys'), other)
    const before = readFileSync(other, 'utf8')
    expect((await ollamaStack(['user', 'add', 'bob', '-C', at, '--json'])).code).toBe(0)
    expect([readFileSync(other, 'utf8'), statSync(other).ino === statSync(join(at, 'credentials/keys')).ino]).toEqual([before, false])
  })
  test('a file that somebody made readable is private again after the next change', async () => {
    chmodSync(join(at, 'credentials/keys'), 0o666)
    expect((await ollamaStack(['user', 'add', 'eve', '-C', at, '--json'])).code).toBe(0)
    expect(statSync(join(at, 'credentials/keys')).mode & 0o777).toBe(0o600)
  })
})
