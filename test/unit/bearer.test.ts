// People of the Bearer stack: what lands in credentials/keys, and what is refused before it does.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bearer, KEY } from '../../stacks/bearer/stack.ts'
import type { FileMap, Role } from '../../stacks/stack.ts'

const now = new Date('2026-11-21T12:00:00Z')
const KEYS = 'credentials/keys'
const one = '1'.repeat(64)
const two = '2'.repeat(64)

const files = (content?: string): FileMap => (content === undefined ? new Map() : new Map([[KEYS, { content, mode: 0o600 }]]))
const add = async (content: string | undefined, name: string, role: Role = 'user') => {
  const { change, credential } = await bearer.people.issue(files(content), { name, role }, { now })
  return { after: String(change.get(KEYS)?.content), change, credential }
}
const list = (content: string): string[] => bearer.people.list(files(content)).map(({ name, role }) => `${name}:${role}`)

describe('a new person', () => {
  test('gets a key that scanners can recognise, kept as its SHA-256 only', async () => {
    const { after, change, credential } = await add(undefined, 'ann', 'admin')
    expect(credential.secret).toMatch(KEY)
    expect(Buffer.from(credential.secret.slice(5), 'base64url')).toHaveLength(32)
    expect(credential.login.headers).toEqual({ Authorization: `Bearer ${credential.secret}` })
    expect(after).toBe(`ann:admin:${createHash('sha256').update(credential.secret).digest('hex')}\n`)
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
    ['a comment', `#ann:user:${one}\n`, []],
    ['no file', '', []],
  ])('%s', (_, content, expected) => expect(list(content)).toEqual(expected))
})

describe('removing', () => {
  test('takes every line of that name, damaged ones too, and leaves the rest', () => {
    const before = `\ufeffann:user:${one}\n# ann:\nanna:user:${two}\r\nann:half\nodd`
    const change = bearer.people.remove(files(before), 'ann')
    expect([...change]).toEqual([[KEYS, { content: `\ufeff# ann:\nanna:user:${two}\r\nodd`, mode: 0o600 }]])
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
