// People of the Bearer stack: what lands in credentials/keys, and what is refused before it does.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bearer, KEY } from '../../stacks/bearer/stack.ts'
import type { FileMap, Role } from '../../stacks/stack.ts'

const now = new Date('2026-11-21T12:00:00Z')
const seconds = now.getTime() / 1000
const KEYS = 'credentials/keys'
const one = '1'.repeat(64)
const two = '2'.repeat(64)
// Made with ssh-keygen.
const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOkPQv8DddpLBH5vhHoua7HXxTz2qj3uhf+POkVGGRM9'
const otherSsh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVV8XXkWi8Ef6CPO7yYg7TlZ38+16Y3nU0HzS9cY4Ad'

const files = (content?: string): FileMap => (content === undefined ? new Map() : new Map([[KEYS, { content, mode: 0o600 }]]))
const add = async (content: string | undefined, name: string, role: Role = 'user') => {
  const { change, credential } = await bearer.people.issue(files(content), { name, role }, { now })
  if (credential.secret === null || credential.login === null) throw new Error('no secret')
  return { after: String(change.get(KEYS)?.content), change, credential: { ...credential, secret: credential.secret, login: credential.login } }
}
const list = (content: string): string[] => bearer.people.list(files(content)).map(({ name, role }) => `${name}:${role}`)
const sha256 = (text: string | null): string => createHash('sha256').update(text ?? '').digest('hex')
/** The lines that count, without the comments at the top. */
const body = (content: string): string => content.replace(/^(?:#.*\n)+/, '')

describe('a new person', () => {
  test('gets a key that scanners can recognise, kept as its SHA-256 only', async () => {
    const { after, change, credential } = await add(undefined, 'ann', 'admin')
    expect(credential.secret).toMatch(KEY)
    expect(Buffer.from(credential.secret.slice(5), 'base64url')).toHaveLength(32)
    expect(credential.login.headers).toEqual({ Authorization: `Bearer ${credential.secret}` })
    expect(body(after)).toBe(`ann:admin:${sha256(credential.secret)}:-:${seconds}\n`)
    expect([...change]).toEqual([[KEYS, { content: after, mode: 0o600 }]])
  })

  test('never the same key twice', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map(async (name) => (await add(undefined, name)).credential.secret))
    expect(new Set(made).size).toBe(3)
  })

  test.each(['', 'a:b', 'a\nb', '#a', '../a', '-a', 'ünï', 'a b', 'x'.repeat(65)])('the name %j is refused', async (name) => {
    await expect(add('', name)).rejects.toMatchObject({ exit: 2 })
  })

  test.each([`ann:user:${one}\n`, `\ufeffANN:user:${one}\n`, 'ann:user:half\n', `ann:later:${one}:more\n`])('ann is refused when there is %j', async (content) => {
    await expect(add(content, 'ann')).rejects.toMatchObject({ exit: 2 })
  })

  test('what somebody wrote by hand stays byte for byte', async () => {
    const hand = `\ufeff# family\r\n\nbob:user:${one}\r\nsomething odd\n`
    const { after } = await add(hand, 'ann')
    expect(after.startsWith(`${hand}ann:user:`)).toBe(true)
    expect(list(after)).toEqual(['bob:user', 'ann:user'])
  })

  test('the command that the file itself gives for adding by hand works', async () => {
    const { after } = await add(undefined, 'bob')
    const dir = mkdtempSync(join(tmpdir(), 'ollama-stack-keys-'))
    try {
      mkdirSync(join(dir, 'credentials'))
      writeFileSync(join(dir, KEYS), after)
      const command = /^# +(KEY=.*)$/m.exec(after)?.[1] ?? ''
      const key = execFileSync('sh', ['-eu', '-c', command], { cwd: dir, encoding: 'utf8' }).trim()
      const content = readFileSync(join(dir, KEYS), 'utf8')
      expect(key).toMatch(KEY)
      expect(content).toBe(`${after}ann:user:${sha256(key)}\n`)
      expect(list(content)).toEqual(['bob:user', 'ann:user'])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  test('an end is written in whole seconds, and listed', async () => {
    const expires = new Date('2026-12-21T12:00:00Z')
    const { change } = await bearer.people.issue(files(''), { name: 'ann', role: 'user' }, { now, expires })
    const after = String(change.get(KEYS)?.content)
    expect(body(after)).toMatch(new RegExp(`^ann:user:[0-9a-f]{64}:${expires.getTime() / 1000}:${seconds}\n$`))
    expect(bearer.people.list(files(after))).toEqual([{ name: 'ann', role: 'user', created: now, expires }])
  })

  test('nothing is put behind half a line, which would bring it to life', async () => {
    await expect(add(`bob:admin:${one}`, 'ann')).rejects.toMatchObject({ code: 'E_KEYS' })
    expect(() => list(`ann:user:${one}\nbob:admin:${one}`)).toThrow('no line end')
  })
})

describe('the list is what the proxy lets in', () => {
  test.each([
    ['both lines of a name', `ann:user:${one}\nann:admin:${two}\n`, ['ann:admin']],
    ['a digest under two names opens for neither', `ann:user:${one}\nbob:user:${one}\neve:user:${two}\n`, ['eve:user']],
    ['a short digest', `ann:user:${one.slice(1)}\n`, []],
    ['an unknown role', `ann:root:${one}\n`, []],
    ['a field we know nothing of', `ann:user:${one}:expires\n`, []],
    ['an end and a beginning', `ann:user:${one}:1795262400:1795000000\r\nbob:user:${two}:-\n`, ['ann:user', 'bob:user']],
    ['an end that is empty', `ann:user:${one}:\n`, []],
    ['an end before its time', `ann:user:${one}:-5\n`, []],
    ['a beginning that is empty', `ann:user:${one}:-:\n`, []],
    ['a field too many', `ann:user:${one}:-:1:2\n`, []],
    ['an ssh key', `ann:user:${ssh}\n`, ['ann:user']],
    ['an ssh key with its comment', `ann:user:${ssh} ann@laptop\n`, []],
    ['an ssh key under two names opens for neither', `ann:user:${ssh}\nbob:user:${ssh}:-\n`, []],
    ['a comment', `#ann:user:${one}\n`, []],
    ['a byte order mark in the middle', `bob:user:${two}\n\ufeffann:user:${one}\n`, ['bob:user']],
    ['two byte order marks', `\ufeff\ufeffann:user:${one}\n`, []],
    ['no file', '', []],
  ])('%s', (_, content, expected) => expect(list(content)).toEqual(expected))
})

describe('several lines of one name', () => {
  const account = (content: string) => bearer.people.list(files(content))
  // The role is a question of today: what ended counts no more.
  const past = 1_000_000_000
  const later = 99_999_999_999

  test.each([
    ['an admin key that ended makes nobody an admin', `ann:admin:${one}:${past}\nann:user:${two}\n`, 'user', null],
    ['the last end is the one that counts', `ann:user:${one}:${later}\nann:user:${two}:${past}\n`, 'user', new Date(later * 1000)],
    ['when all have ended, the newest says what the person was', `ann:user:${one}:${past}\nann:admin:${two}:${past}\n`, 'admin', new Date(past * 1000)],
  ])('%s', (_, content, role, expires) => {
    expect(account(content)).toEqual([{ name: 'ann', role, created: null, expires }])
  })
})

describe('another key', () => {
  const rotate = async (content: string, options: { overlap?: number; sshKey?: string } = {}) => {
    const { change, credential } = await bearer.people.rotate(files(content), 'ann', { now, overlap: 0, ...options })
    return { after: String(change.get(KEYS)?.content), credential }
  }

  test('takes the place of the old one; the others, role and end stay', async () => {
    const { after, credential } = await rotate(`\ufeffann:admin:${one}:1800000000:1700000000\nbob:user:${two}\r\nodd\n`)
    expect(after).toBe(`\ufeffbob:user:${two}\r\nodd\nann:admin:${sha256(credential.secret)}:1800000000:${seconds}\n`)
    expect(credential).toMatchObject({ name: 'ann', role: 'admin', files: null })
  })

  test('with an overlap the old one ends then, but never later than it would have', async () => {
    const three = '3'.repeat(64)
    const { after, credential } = await rotate(`ann:user:${one}\r\nann:user:${two}:${seconds + 60}:7\nann:user:${three}:${seconds}\n`, { overlap: 3_600_000 })
    expect(after).toBe(`ann:user:${one}:${seconds + 3600}\r\nann:user:${two}:${seconds + 60}:7\nann:user:${sha256(credential.secret)}:-:${seconds}\n`)
  })

  test('an overlap of part of a second is a whole one', async () => {
    expect((await rotate(`ann:user:${one}\n`, { overlap: 1 })).after).toContain(`ann:user:${one}:${seconds + 1}\n`)
  })

  test('not for somebody unknown, whose line is damaged, or whose time is over', async () => {
    for (const content of ['', 'ann:user:half\n', `anna:user:${one}\n`]) await expect(rotate(content)).rejects.toMatchObject({ code: 'E_USER_UNKNOWN', exit: 2 })
    await expect(rotate(`ann:user:${one}:${seconds}\n`)).rejects.toMatchObject({ code: 'E_USER_EXPIRED', exit: 2 })
  })

  test('an ssh key only by another one', async () => {
    const old = `ann:user:${ssh}:-:5\n`
    await expect(rotate(old)).rejects.toMatchObject({ code: 'E_SSH_KEY', exit: 2 })
    await expect(rotate(old, { sshKey: ssh })).rejects.toMatchObject({ code: 'E_SSH_KEY' })
    const { after, credential } = await rotate(old, { sshKey: otherSsh, overlap: 60_000 })
    expect(after).toBe(`ann:user:${ssh}:${seconds + 60}:5\nann:user:${otherSsh}:-:${seconds}\n`)
    expect(credential).toMatchObject({ secret: null, login: null })
  })
})

describe('an ssh key of their own', () => {
  const bring = async (sshKey: string, content = '') =>
    bearer.people.issue(files(content), { name: 'ann', role: 'user' }, { now, sshKey })

  test.each([ssh, `${ssh} ann@laptop`, `  ${ssh}\tann laptop \n`])('%j is taken without its comment, and there is no secret', async (pasted) => {
    const { change, credential } = await bring(pasted)
    expect(body(String(change.get(KEYS)?.content))).toBe(`ann:user:${ssh}:-:${seconds}\n`)
    expect(credential).toEqual({ name: 'ann', role: 'user', secret: null, files: null, login: null })
  })

  const blob = (ssh.split(' ')[1] ?? '')
  const bytes = Buffer.from(blob, 'base64')
  const longer = Buffer.concat([bytes, Buffer.of(0)])
  test.each([
    ['', "doesn't begin"],
    [blob, "doesn't begin"],
    ['ssh-ed25519', 'not the base64'],
    [`ssh-rsa ${blob}`, 'ssh-rsa'],
    ['sk-ssh-ed25519@openssh.com AAAAGnNr', 'sk-ssh-ed25519@openssh.com'],
    [`ssh-ed25519 ${bytes.subarray(0, 50).toString('base64')}`, 'not the base64'],
    [`ssh-ed25519 ${longer.toString('base64')}`, 'not the base64'],
    [`ssh-ed25519 ${blob}=`, 'not the base64'],
    [`ssh-ed25519 ${blob.replace(/.$/, '-')}`, 'not the base64'],
    [`ssh-ed25519 ${Buffer.from(bytes).fill(0x21, 18, 19).toString('base64')}`, 'not the base64'],
    [`ssh-ed25519 ${Buffer.from(bytes).fill(0x71, 4, 5).toString('base64')}`, 'not the base64'],
    [`${ssh}\nbob:admin:${one}`, 'more than one line'],
    [`${ssh}\rbob:admin:${one}`, 'more than one line'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n', 'private key'],
  ])('%j is refused with the reason', async (pasted, reason) => {
    const error = await bring(pasted).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'E_SSH_KEY', exit: 2, message: expect.stringContaining(reason) })
    expect(String(error)).not.toContain('b3BlbnNzaC1rZXk')
  })

  test('one that somebody has, even without a comment or past its end, is refused', async () => {
    await expect(bring(`${ssh} again`, `bob:user:${ssh}:1\n`)).rejects.toMatchObject({ code: 'E_SSH_KEY', message: expect.stringContaining('bob') })
  })
})

describe('removing', () => {
  test('takes every line of that name, damaged ones too, and leaves the rest', () => {
    const before = `\ufeffann:user:${one}\n# ann:\nanna:user:${two}\r\nann:half\nodd`
    const change = bearer.people.remove(files(before), 'ann')
    expect([...change]).toEqual([[KEYS, { content: `\ufeff# ann:\nanna:user:${two}\r\nodd`, mode: 0o600 }]])
  })

  test('a dead line does not come alive as the first one', () => {
    const change = bearer.people.remove(files(`ann:user:${one}\n\ufeffbob:user:${two}\n`), 'ann')
    expect(list(String(change.get(KEYS)?.content))).toEqual([])
  })

  test("somebody who isn't there is an error", () => {
    expect(() => bearer.people.remove(files(''), 'ann')).toThrow('no user')
  })
})

test('bad logins differ from the good one and from each other', async () => {
  const { after, credential } = await add('', 'ann')
  const bad = await bearer.badLogins(credential, files(after), now)
  const sent = bad.map(({ login }) => login.headers['Authorization'])
  expect(new Set([...sent, credential.login.headers['Authorization']]).size).toBe(bad.length + 1)
  expect(new Set(bad.map(({ id }) => id)).size).toBe(bad.length)
  expect(bad.every(({ expect: wanted }) => wanted === 401)).toBe(true)
})

test('a line that opens for nobody is told by its number, never by its text', () => {
  const digest = 'a'.repeat(64)
  const text = `# fine\n\nann:user:${digest}\nbob:user:${digest}\neve:boss:${'b'.repeat(64)}\neve:user:${'b'.repeat(64)}:2027-01-31\ncarl:user:${'c'.repeat(64)}\nhalf`
  expect(bearer.people.problems(new Map([['credentials/keys', { content: text, mode: 0o600 }]]))).toEqual([
    expect.stringMatching(/line 3: the key of ann/), expect.stringMatching(/line 4: the key of bob/), expect.stringMatching(/line 5 is not/), expect.stringMatching(/line 6 is not/), expect.stringMatching(/line 8 is not .*lacks its line end/),
  ])
})
