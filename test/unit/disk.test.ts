import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyChange, readTree, writeWhole } from '../../src/project/disk.ts'
import { withLock } from '../../src/project/lock.ts'

let dir: string
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'ollama-stack-disk-')) })
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('files get their mode whatever the umask says, and credentials lie in a private directory', () => {
  const before = process.umask(0o077)
  try {
    applyChange(dir, new Map([
      ['proxy/nginx.conf', { content: 'x', mode: 0o644 }],
      ['credentials/keys', { content: 'y', mode: 0o600 }],
      ['certs/clients/ann.key', { content: 'z', mode: 0o600 }],
    ]))
  } finally {
    process.umask(before)
  }
  const mode = (path: string): number => statSync(join(dir, path)).mode & 0o777
  expect([mode('proxy'), mode('proxy/nginx.conf'), mode('credentials'), mode('credentials/keys'), mode('certs'), mode('certs/clients')])
    .toEqual([0o755, 0o644, 0o700, 0o600, 0o700, 0o700])
})

test('a change writes and removes, and reads back', () => {
  applyChange(dir, new Map([['credentials/a', { content: 'one', mode: 0o600 }], ['credentials/b', { content: 'two', mode: 0o600 }]]))
  applyChange(dir, new Map([['credentials/a', null], ['credentials/none', null]]))
  expect([...readTree(dir, ['credentials', 'certs'])]).toEqual([['credentials/b', { content: 'two', mode: 0o600 }]])
})

test('a reader without the lock sees whole files only, whatever a writer is at', async () => {
  mkdirSync(join(dir, 'credentials'))
  const writer = spawn(process.execPath, ['--input-type=module', '-e', `
    import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
    for (let i = 0; ; i++) {
      // As writeWhole does, and one file per person comes and goes beside it.
      const fd = openSync('credentials/.a.0123456789ab.tmp', 'w')
      writeSync(fd, 'one')
      closeSync(fd)
      renameSync('credentials/.a.0123456789ab.tmp', 'credentials/a')
      closeSync(openSync('credentials/b', 'w'))
      rmSync('credentials/b')
    }`], { cwd: dir, stdio: 'ignore' })
  try {
    await expect.poll(() => readTree(dir, ['credentials']).get('credentials/a')?.content, { timeout: 10_000 }).toBe('one')
    for (let i = 0; i < 3000; i++) {
      const { 'credentials/a': a, 'credentials/b': b, ...others } = Object.fromEntries(readTree(dir, ['credentials']))
      expect([a?.content, b?.content ?? '', others]).toEqual(['one', '', {}])
    }
  } finally {
    writer.kill('SIGKILL')
    await once(writer, 'exit')
  }
})

test('a write that fails leaves the old file and no temporary one', () => {
  mkdirSync(join(dir, 'target'))
  writeFileSync(join(dir, 'target', 'inside'), 'kept')
  expect(() => writeWhole(join(dir, 'target'), { content: 'new', mode: 0o600 })).toThrow()
  expect(readdirSync(dir)).toEqual(['target'])
  expect(readFileSync(join(dir, 'target', 'inside'), 'utf8')).toBe('kept')
})

test('links to credentials are refused, both ways', () => {
  mkdirSync(join(dir, 'elsewhere'))
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'credentials'))
  expect(() => readTree(dir, ['credentials'])).toThrow(/symbolic link/)
  expect(() => applyChange(dir, new Map([['credentials/keys', { content: 'x', mode: 0o600 }]]))).toThrow(/symbolic link/)
  expect(readdirSync(join(dir, 'elsewhere'))).toEqual([])
})

test.each(['../evil', 'proxy/../../evil', '/etc/evil', '..', '', 'proxy//evil', './compose.yaml', 'proxy\\..\\evil', 'proxy/nul\0'])('a change of %j, outside of the directory, is refused as a whole', (path) => {
  mkdirSync(join(dir, 'project'))
  for (const entry of [{ content: 'x', mode: 0o600 }, null]) {
    writeFileSync(join(dir, 'evil'), 'kept')
    expect(() => applyChange(join(dir, 'project'), new Map([['compose.yaml', { content: 'y', mode: 0o644 }], [path, entry]]))).toThrow(/isn't in the project/)
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(['evil', 'project'])
    expect(readFileSync(join(dir, 'evil'), 'utf8')).toBe('kept')
  }
})

test('nothing is removed through a link', () => {
  mkdirSync(join(dir, 'elsewhere'))
  writeFileSync(join(dir, 'elsewhere', 'keys'), 'kept')
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'credentials'))
  expect(() => applyChange(dir, new Map([['credentials/keys', null]]))).toThrow(/symbolic link/)
  expect(readFileSync(join(dir, 'elsewhere', 'keys'), 'utf8')).toBe('kept')
})

// As with sudo in somebody's home directory: its owner may swap any file in it at any moment.
test.runIf(process.getuid?.() === 0)('root gives away what it wrote itself, and nothing that was put in its place', async () => {
  const shadow = join(dir, 'shadow')
  const home = join(dir, 'home')
  writeFileSync(shadow, 'x')
  mkdirSync(home)
  for (const path of [dir, home]) chmodSync(path, 0o755)
  chownSync(home, 65534, 65534)
  const attacker = spawn(process.execPath, ['--input-type=module', '-e', `
    import { readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
    process.stdout.write('ready')
    for (;;) for (const name of readdirSync('.')) {
      if (name === 'taken') continue
      try { renameSync(name, 'taken'); symlinkSync('../shadow', name) } catch {}
      try { rmSync('taken', { recursive: true }) } catch {}
    }`], { cwd: home, uid: 65534, gid: 65534, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(attacker.stdout, 'data')
    for (let i = 0; i < 300; i++) {
      try { applyChange(home, new Map([[`x${i}`, { content: 'x', mode: 0o600 }]])) } catch { /* They may well spoil it. */ }
    }
  } finally {
    attacker.kill('SIGKILL')
    await once(attacker, 'exit')
  }
  const { uid, mode } = statSync(shadow)
  expect({ uid, mode: mode & 0o777 }).toEqual({ uid: 0, mode: 0o644 })
}, 20_000)

test('the lock lets one in at a time, and one left by a dead process is taken over', async () => {
  writeFileSync(join(dir, '.ollama-stack.lock'), '4194303\n') // above the usual pid_max
  let inside = 0
  let most = 0
  await Promise.all(Array.from({ length: 12 }, () => withLock(dir, async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inside--
  })))
  expect(most).toBe(1)
  expect(readdirSync(dir)).toEqual([])
})

test('who stops waiting for the lock stops at once, and leaves nothing', async () => {
  await withLock(dir, async () => {
    const stop = new AbortController()
    const waiting = withLock(dir, async () => 'in', { signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as Error)
    expect(readdirSync(dir)).toEqual(['.ollama-stack.lock', expect.stringMatching(/^\.ollama-stack\.lock\.\d+\.[0-9a-f]{8}$/) as string])
  })
  expect(readdirSync(dir)).toEqual([])
}, 5000)

test('the lock is given back when the work throws', async () => {
  await expect(withLock(dir, async () => { throw new Error('no') })).rejects.toThrow('no')
  expect(await withLock(dir, async () => 'free')).toBe('free')
})
