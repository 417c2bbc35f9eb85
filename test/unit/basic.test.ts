// People of the Basic stack: what lands in credentials/, and what is refused before it does.

import bcrypt from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { basic } from '../../stacks/basic/stack.ts'
import type { Change, FileMap, Role } from '../../stacks/stack.ts'

const now = new Date('2026-11-21T12:00:00Z')
const HTPASSWD = 'credentials/htpasswd'
const HASH = `$2y$05$${'a'.repeat(53)}`

const files = (entries: Record<string, string> = {}): FileMap =>
  new Map(Object.entries(entries).map(([path, content]) => [path, { content, mode: 0o600 }]))

function applied(before: FileMap, change: Change): FileMap {
  const after = new Map(before)
  for (const [path, entry] of change) {
    if (entry) after.set(path, entry)
    else after.delete(path)
  }
  return after
}

const add = async (before: FileMap, name: string, role: Role = 'user', password?: string) => {
  const { change, credential } = await basic.people.issue(before, { name, role }, { now, ...(password === undefined ? {} : { password }) })
  return { after: applied(before, change), change, credential }
}

const text = (map: FileMap): string => String(map.get(HTPASSWD)?.content)

describe('a new person', () => {
  test('gets 32 signs that nobody mixes up, kept as bcrypt only', async () => {
    const { after, change, credential } = await add(files(), 'ann', 'admin')
    expect(credential.secret).toMatch(/^[a-km-np-z2-9]{32}$/)
    expect(credential.login.headers).toEqual({ Authorization: `Basic ${btoa(`ann:${credential.secret}`)}` })
    expect(text(after)).toMatch(/^ann:\$2y\$05\$[./A-Za-z0-9]{53}\n$/)
    expect(await bcrypt.compare(credential.secret, text(after).slice(4).trim())).toBe(true)
    expect([...after].map(([path, { content }]) => `${path}\n${String(content)}`).join('\n')).not.toContain(credential.secret)
    expect([...change.values()].map((entry) => entry?.mode)).toEqual([0o600, 0o600])
    expect(basic.people.list(after)).toEqual([{ name: 'ann', role: 'admin' }])
  })

  test('never the same password twice', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map(async (name) => (await add(files(), name)).credential.secret))
    expect(new Set(made).size).toBe(3)
  })

  test('own passwords are hashed slowly', async () => {
    const { after, credential } = await add(files(), 'ann', 'user', 'correct: horse pässwörd')
    expect(text(after)).toMatch(/^ann:\$2y\$10\$/)
    expect(Buffer.from(credential.login.headers['Authorization']?.slice(6) ?? '', 'base64').toString()).toBe('ann:correct: horse pässwörd')
  })

  test.each([
    ['7 bytes', 'seven77'], ['none', ''], ['73 bytes', 'x'.repeat(73)], ['37 letters of 2 bytes', 'ä'.repeat(37)],
    ['NUL', 'password\0tail'], ['line break', 'pass\nword'], ['tab', 'pass\tword'], ['C1 control', 'password\u0085'], ['half a surrogate', 'password\ud800'],
  ])('an own password of %s is refused, without repeating it', async (_, password) => {
    const refused = await add(files(), 'ann', 'user', password).then(() => null, (error: Error & { exit?: number }) => error)
    expect(refused).toMatchObject({ code: 'E_PASSWORD', exit: 2 })
    if (password !== '') expect(refused?.message).not.toContain(password)
  })

  test('72 bytes and 8 bytes are fine', async () => {
    for (const password of ['x'.repeat(72), 'ä'.repeat(36), '12345678']) expect((await add(files(), 'ann', 'user', password)).credential.secret).toBe(password)
  })

  test.each(['', 'a:b', 'a\nb', '#a', '../a', 'a/b', '-a', '.a', 'ünï', 'a b', 'a\u202eb', 'x'.repeat(65)])('the name %j is refused', async (name) => {
    await expect(add(files(), name)).rejects.toMatchObject({ exit: 2 })
  })

  test.each(['ann', 'ANN'])('%s is refused when there is an ann', async (name) => {
    await expect(add(files({ [HTPASSWD]: `ann:${HASH}\n` }), name)).rejects.toMatchObject({ exit: 2 })
  })

  test('a role file that somebody left behind makes nobody an admin', async () => {
    const { after } = await add(files({ 'credentials/admins/Ann': '', 'credentials/admins/ann': '' }), 'ann', 'user')
    expect(basic.people.list(after)).toEqual([{ name: 'ann', role: 'user' }])
    expect([...after.keys()]).toEqual([HTPASSWD])
  })

  test('what somebody wrote by hand stays byte for byte', async () => {
    const hand = `# family\r\n\nbob:${HASH}:his laptop\nsomething odd\neve:${HASH}`
    const { after } = await add(files({ [HTPASSWD]: hand }), 'ann')
    expect(text(after).startsWith(`${hand}\nann:$2y$`)).toBe(true)
    expect(basic.people.list(after).map(({ name }) => name)).toEqual(['bob', 'eve', 'ann'])
  })
})

describe('a hand-written line that nginx would take, but that is no bcrypt', () => {
  test.each([['plain', '{PLAIN}secret'], ['SHA', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='], ['apr1', '$apr1$x$y'], ['empty', ''], ['DES', 'rqXexS6ZhobKA'], ['bcrypt that stalls the proxy', HASH.replace('05', '31')]])('%s is refused by name, never by content', (_, hash) => {
    const there = files({ [HTPASSWD]: `ann:${HASH}\nbob:${hash}\n` })
    expect(() => basic.people.list(there)).toThrow(/password of bob/)
    if (hash !== '') expect(() => basic.people.list(there)).not.toThrow(hash)
    expect(basic.people.list(applied(there, basic.people.remove(there, 'bob')))).toHaveLength(1)
  })
})

describe('removing', () => {
  test('takes every line of that name and the role, and leaves the rest', () => {
    const before = files({ [HTPASSWD]: `# ann:\nann:${HASH}\nanna:${HASH}\r\nann:${HASH}:old\nodd`, 'credentials/admins/ann': '' })
    const change = basic.people.remove(before, 'ann')
    expect([...change.keys()]).toEqual([HTPASSWD, 'credentials/admins/ann'])
    expect(text(applied(before, change))).toBe(`# ann:\nanna:${HASH}\r\nodd`)
  })

  test('the last one leaves a file that lets nobody in', () => {
    expect(basic.people.remove(files({ [HTPASSWD]: `ann:${HASH}\n` }), 'ann').get(HTPASSWD)).toEqual({ content: '', mode: 0o600 })
  })

  test('somebody who isn\'t there is an error', () => {
    expect(() => basic.people.remove(files(), 'ann')).toThrow('no user')
  })
})

test('bad logins differ from the good one and from each other', async () => {
  for (const password of ['passwordx', 'passwordxx', 'passwordxxx']) {
    const { after, credential } = await add(files(), 'ann', 'user', password)
    const bad = await basic.badLogins(credential, after, now)
    const sent = bad.map(({ login }) => login.headers['Authorization'])
    expect(new Set([...sent, credential.login.headers['Authorization']]).size).toBe(bad.length + 1)
    expect(new Set(bad.map(({ id }) => id)).size).toBe(bad.length)
    expect(bad.every(({ expect: wanted }) => wanted === 401)).toBe(true)
  }
})
