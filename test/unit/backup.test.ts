// A backup is a file that anybody may have had in hand: what comes back is what went in, or nothing does.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createHash, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { pack, type Headers } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FileMap } from '../../stacks/stack.ts'
import { stacks } from '../../stacks/index.ts'
import { packed, unpacked } from '../../src/backup/archive.ts'
import { decryptBackup, keysIn, makeBackup, openBackup } from '../../src/backup/backup.ts'
import { belongs, readContents } from '../../src/backup/contents.ts'
import { ownedBy } from '../../src/backup/owner.ts'
import { applyChange } from '../../src/project/disk.ts'
import { UsageError } from '../../src/errors.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { failure } from './refusal.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const PASSPHRASE = 'correct horse battery'

const place = mkdtempSync(join(tmpdir(), 'ollama-stack-backup-'))
const at = (name: string): string => join(place, name)
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Writes it down and tells what opening it says. */
async function opening(content: Uint8Array): Promise<UsageError> {
  writeFileSync(at('odd.tar.gz'), content)
  const error: unknown = await openBackup(at('odd.tar.gz')).then(() => new Error('was opened'), (problem: unknown) => problem)
  if (error instanceof UsageError) return error
  throw error
}

const files: FileMap = new Map()
let backup: Buffer

beforeAll(async () => {
  const stack = stacks['mtls']
  if (!stack) throw new Error('no mtls')
  const { files: made } = await render(stack, config(stack), [{ name: 'ann', role: 'admin' }], { now: NOW })
  mkdirSync(at('project'))
  applyChange(at('project'), made)
  for (const [path, entry] of readContents(at('project')).files) files.set(path, entry)
  backup = await makeBackup('home', files, PASSPHRASE, NOW)
  writeFileSync(at('good.tar.gz'), backup)
}, 30_000)

describe('there and back', () => {
  test('every byte, and modes by our own table', async () => {
    const opened = await openBackup(at('good.tar.gz'))
    expect(opened.manifest).toMatchObject({ project: 'home', made: NOW.toISOString(), keys: { 'certs/ca.key': 'pkcs8', 'certs/server/server.key': 'pkcs8', 'certs/clients/ann.key': 'pkcs8' } })
    const back = await decryptBackup(at('good.tar.gz'), opened, PASSPHRASE)
    expect([...back.keys()].sort()).toEqual([...files.keys()].sort())
    for (const [path, { content, mode }] of back) {
      expect(Buffer.from(content).equals(Buffer.from(files.get(path)?.content ?? '')), path).toBe(true)
      expect([path, mode], path).toEqual([path, files.get(path)?.mode])
    }
  })

  test('no key lies in it in clear, and openssl opens each with the passphrase alone', () => {
    const inside = gunzipSync(backup).toString('latin1')
    for (const path of keysIn(files).keys()) {
      const body = String(files.get(path)?.content).split('\n')[1] ?? ''
      expect(body).toMatch(/^[\w+/]{64}$/)
      expect(inside.includes(body), path).toBe(false)
    }
    const key = execFileSync('tar', ['-xzOf', at('good.tar.gz'), 'certs/ca.key'])
    expect(execFileSync('openssl', ['pkey', '-passin', `pass:${PASSPHRASE}`], { input: key }).toString()).toBe(String(files.get('certs/ca.key')?.content))
    expect(inside).not.toMatch(/-----BEGIN (?!ENCRYPTED )[A-Z ]*PRIVATE KEY/)
  })

  test("keys keep their form: Caddy's are SEC 1, others' RSA", async () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'sec1' }).toString()
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()
    const two: FileMap = new Map([['compose.yaml', { content: 'name: home\n', mode: 0o644 }], ['certs/acme/acme/ca/users/default/default.key', { content: ec, mode: 0o600 }], ['certs/server/server.key', { content: rsa, mode: 0o600 }]])
    writeFileSync(at('forms.tar.gz'), await makeBackup('home', two, PASSPHRASE, NOW))
    const back = await decryptBackup(at('forms.tar.gz'), await openBackup(at('forms.tar.gz')), PASSPHRASE)
    expect([...back.values()].map(({ content }) => String(content))).toEqual(['name: home\n', ec, rsa])
  })

  test('without keys no passphrase is needed', async () => {
    const plain: FileMap = new Map([['compose.yaml', { content: 'name: home\n', mode: 0o644 }], ['credentials/keys', { content: 'ann\n', mode: 0o600 }]])
    writeFileSync(at('plain.tar.gz'), await makeBackup('home', plain, null, NOW))
    const opened = await openBackup(at('plain.tar.gz'))
    expect(opened.manifest.kdf).toBeNull()
    expect(await decryptBackup(at('plain.tar.gz'), opened, null)).toEqual(new Map([...plain].map(([path, { content, mode }]) => [path, { content: Buffer.from(String(content)), mode }])))
  })
})

describe('what is put in', () => {
  test.each([
    ['two keys', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'.repeat(2), 'among other things'],
    ['a key and a certificate', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'among other things'],
    ["OpenSSH's own form", '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n', 'form of its own'],
    ['DER', '\x30\x82', 'none in PEM form'],
    ['a damaged one', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'damaged'],
  ])('%s: refused, since it would leave in clear', async (_, content, what) => {
    const odd: FileMap = new Map([['certs/own.key', { content, mode: 0o600 }]])
    await expect(makeBackup('home', odd, PASSPHRASE, NOW)).rejects.toMatchObject({ code: 'E_BACKUP_KEY', exit: 2, message: expect.stringContaining(what) })
  })

  test('a key that its owner encrypted stays as it is', async () => {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }, publicKeyEncoding: { format: 'pem', type: 'spki' } }).privateKey
    const odd: FileMap = new Map([['compose.yaml', { content: 'name: home\n', mode: 0o644 }], ['certs/own.key', { content: own, mode: 0o600 }]])
    expect(keysIn(odd).size).toBe(0)
    writeFileSync(at('own.tar.gz'), await makeBackup('home', odd, PASSPHRASE, NOW))
    const back = await decryptBackup(at('own.tar.gz'), await openBackup(at('own.tar.gz')), PASSPHRASE)
    expect(String(back.get('certs/own.key')?.content)).toBe(own)
  })

  test("what is no part of a stack stays out and is named; a link isn't followed", () => {
    const dir = at('mixed')
    mkdirSync(dir)
    applyChange(dir, new Map([['compose.yaml', { content: 'name: x\n', mode: 0o644 }], ['proxy/nginx.conf', { content: '', mode: 0o644 }]]))
    for (const name of ['notes.txt', '.ollama-stack.lock']) writeFileSync(join(dir, name), '')
    mkdirSync(join(dir, '.ollama-stack'))
    expect(readContents(dir)).toMatchObject({ left: ['notes.txt'] })
    expect([...readContents(dir).files.keys()]).toEqual(['compose.yaml', 'proxy/nginx.conf'])
    symlinkSync('/etc/passwd', join(dir, 'proxy/passwd'))
    expect(failure(() => readContents(dir))).toMatchObject({ code: 'E_SYMLINK' })
  })
})

describe('the passphrase', () => {
  test.each(['wrong horse battery', ''])('%j opens nothing', async (wrong) => {
    const opened = await openBackup(at('good.tar.gz'))
    await expect(decryptBackup(at('good.tar.gz'), opened, wrong)).rejects.toMatchObject({ code: 'E_PASSPHRASE', exit: 2 })
  })

  test('what somebody without it changed shows, also when they put the list right', async () => {
    const opened = await openBackup(at('good.tar.gz'))
    const mine = Buffer.from('services: {}\n')
    const list = JSON.stringify({ ...opened.manifest, files: { ...opened.manifest.files, 'compose.yaml': sha256(mine) } })
    const all = new Map([['backup.json', Buffer.from(list)], ...opened.files, ['backup.seal', opened.seal ?? Buffer.of()], ['compose.yaml', mine]] as const)
    writeFileSync(at('forged.tar.gz'), await packed([...all].map(([path, content]) => ({ path, content, mode: 0o600 })), NOW))
    const forged = await openBackup(at('forged.tar.gz'))
    await expect(decryptBackup(at('forged.tar.gz'), forged, PASSPHRASE)).rejects.toThrow(/somebody changed the file/)
  })
})

describe('without its seal', () => {
  test('a key in clear, which no backup has, is no way around the passphrase', async () => {
    const opened = await openBackup(at('good.tar.gz'))
    const all = new Map([...opened.files, ...[...keysIn(files).keys()].map((path) => [path, Buffer.from(String(files.get(path)?.content))] as const)])
    const list = JSON.stringify({ ...opened.manifest, keys: {}, kdf: null, files: Object.fromEntries([...all].map(([path, content]) => [path, sha256(content)])) })
    const error = await opening(await packed([['backup.json', Buffer.from(list)] as const, ...all].map(([path, content]) => ({ path, content, mode: 0o600 })), NOW))
    expect(error.message).toContain('a key in it is in clear')
  })

  test('one that has no keys is not taken where a passphrase was given', async () => {
    const plain: FileMap = new Map([['compose.yaml', { content: 'name: home\n', mode: 0o644 }]])
    writeFileSync(at('bare.tar.gz'), await makeBackup('home', plain, null, NOW))
    const opened = await openBackup(at('bare.tar.gz'))
    await expect(decryptBackup(at('bare.tar.gz'), opened, PASSPHRASE)).rejects.toMatchObject({ code: 'E_PASSPHRASE', exit: 2 })
    expect((await decryptBackup(at('bare.tar.gz'), opened, null)).size).toBe(1)
  })
})

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** A .tar.gz with any headers. */
async function tarOf(...entries: [Headers, string][]): Promise<Buffer> {
  const tar = pack()
  for (const [header, content] of entries) tar.entry({ mode: 0o644, ...header }, content)
  tar.finalize()
  return gzipSync(await buffer(tar))
}

describe('attacks', () => {
  const LIST: [Headers, string] = [{ name: 'backup.json' }, JSON.stringify({ format: 1, program: 'x', made: '2026-11-21T12:00:00.000Z', project: 'home', files: {}, keys: {}, kdf: null })]

  test.each(['../evil', '/etc/cron.d/evil', 'proxy/../../evil', 'proxy//evil', 'proxy/./evil', 'proxy/.', 'proxy/..', './compose.yaml', 'compose.yaml/x', 'C:\\evil', 'proxy\\..\\evil', 'proxy/a\\b', 'proxy/nul\u0000', 'proxy/a:stream', 'proxy/x\u202etxt', '.ollama-stack/ollama-stack.js', '.git/hooks/post-checkout', 'evil', 'proxy', '', `proxy/${'a'.repeat(250)}`, `proxy/${'a/'.repeat(20)}a`])('a file called %j', async (name) => {
    expect(belongs(name)).toBe(false)
    if (name === '' || name.includes('\0')) return
    expect(await opening(await tarOf(LIST, [{ name }, 'x']))).toMatchObject({ code: 'E_BACKUP', exit: 2 })
  })

  // What a project's next command would carry out.
  test.each(['journal.json', 'JOURNAL.json', 'upgrade.json', 'Upgrade.json'])('work that would be under way: .ollama-stack-state/%s', async (name) => {
    expect((await opening(await tarOf(LIST, [{ name: `.ollama-stack-state/${name}` }, '{}']))).message).toContain('is no file of a project')
  })

  test.each(['symlink', 'link', 'character-device', 'block-device', 'fifo', 'directory'] as const)('a %s', async (type) => {
    const error = await opening(await tarOf(LIST, [{ name: 'credentials/keys', type, linkname: '/etc/passwd', size: 0 }, '']))
    expect(error.message).toContain('is not a plain file')
  })

  test.each([['credentials/keys', 'credentials/keys'], ['credentials/keys', 'credentials/KEYS'], ['proxy/\u00e4', 'proxy/a\u0308']])('%j and %j', async (one, other) => {
    expect((await opening(await tarOf(LIST, [{ name: one }, 'x'], [{ name: other }, 'y']))).message).toContain('is in it twice')
  })

  test('a small file with a huge one in it', async () => {
    const content = await tarOf([{ name: 'proxy/huge' }, '\0'.repeat(3 << 20)])
    expect(content.length).toBeLessThan(1 << 16)
    writeFileSync(at('huge.tar.gz'), content)
    expect((await unpacked(at('huge.tar.gz'), belongs, 4 << 20)).get('proxy/huge')?.length).toBe(3 << 20)
    await expect(unpacked(at('huge.tar.gz'), belongs, 2 << 20)).rejects.toMatchObject({ code: 'E_BACKUP', message: expect.stringContaining('more than 2 MiB') })
  })

  test.each([['no archive', Buffer.from('hello')], ['nothing', Buffer.of()], ['an empty one', gzipSync('')], ['compressed noise', gzipSync(Buffer.alloc(5000, 7))]])('%s', async (_, content) => {
    expect(await opening(content)).toMatchObject({ code: 'E_BACKUP', exit: 2 })
  })

  test('cut short anywhere, in the compression and in the archive itself', async () => {
    const inside = gunzipSync(backup)
    for (let part = 0; part < 20; part++) {
      expect(await opening(backup.subarray(0, Math.floor((backup.length * part) / 20)))).toMatchObject({ code: 'E_BACKUP' })
      expect(await opening(gzipSync(inside.subarray(0, Math.floor((inside.length * part) / 20))))).toMatchObject({ code: 'E_BACKUP' })
    }
  })

  test('a changed byte anywhere, headers with their checksums too: never opened as something else, never an exception', async () => {
    const inside = gunzipSync(backup)
    await fc.assert(fc.asyncProperty(fc.nat(inside.length - 1025), fc.integer({ min: 1, max: 255 }), async (index, change) => {
      const other = Buffer.from(inside)
      other[index] = (other[index] ?? 0) ^ change
      const start = index - (index % 512)
      if (other.subarray(start + 257, start + 262).toString() === 'ustar') checksum(other.subarray(start, start + 512))
      writeFileSync(at('odd.tar.gz'), gzipSync(other, { level: 1 }))
      const opened = await openBackup(at('odd.tar.gz')).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'E_BACKUP', exit: 2 })
        return null
      })
      if (opened === null) return
      // Padding, modes, times and owners don't count; a change in the list or its seal shows with the passphrase.
      const good = await openBackup(at('good.tar.gz'))
      if (opened.list.equals(good.list) && opened.seal?.equals(good.seal ?? Buffer.of())) expect(opened.files).toEqual(good.files)
      else await expect(decryptBackup('x', opened, PASSPHRASE)).rejects.toMatchObject({ code: 'E_PASSPHRASE' })
    }), { numRuns: 60 })
  }, 120_000)

  test.each([
    ['a newer format', { format: 2 }, 'newer version'],
    ['no format', { format: 'x' }, "can't be read"],
    ['a name with a line of its own', { project: 'home\nStart it: sh' }, "can't be read"],
    ['a date with one', { made: '2026-11-21T12:00:00Z\nStart it: sh' }, "can't be read"],
    ['rounds that would keep us busy', { kdf: { salt: 'AAAA', rounds: 1e9 } }, "can't be read"],
    ['rounds that would make guessing easy', { kdf: { salt: 'AAAA', rounds: 1 } }, "can't be read"],
    ['a file that is missing', { files: { 'compose.yaml': 'ab' } }, 'compose.yaml is missing'],
    ['a key without a seal', { keys: { 'compose.yaml': 'pkcs8' } }, 'compose.yaml is missing'],
    ['a form that nobody knows', { keys: { 'certs/ca.key': 'x' } }, "can't be read"],
  ])('a list with %s', async (_, more, what) => {
    const list = JSON.stringify({ ...JSON.parse(LIST[1]) as object, ...more })
    expect((await opening(await tarOf([{ name: 'backup.json' }, list]))).message).toContain(what)
  })
})

function checksum(header: Buffer): void {
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}

describe('whose files they are', () => {
  test.each(Object.values(stacks))('$id: the reader of the credentials runs as their new owner, no other byte changes', async (stack) => {
    const { files: made } = await render(stack, config(stack, { user: '1000:1000' }), [{ name: 'ann', role: 'admin' }], { now: NOW })
    const before = String(made.get('compose.yaml')?.content)
    const after = ownedBy(before, '65532:65532')
    const changed = after.split('\n').filter((line, index) => line !== before.split('\n')[index])
    expect(changed).toEqual(['    user: "65532:65532"'])
    expect(after.split('\n').length).toBe(before.split('\n').length)
    expect(ownedBy(after, '1000:1000')).toBe(before)
  })

  test('what is no compose file stays as it is', () => {
    for (const text of ['', 'a: [', 'services: 3', 'services:\n  proxy: {user: [1]}\n', readFileSync(at('good.tar.gz'), 'latin1')]) expect(ownedBy(text, '1:1')).toBe(text)
  })
})
