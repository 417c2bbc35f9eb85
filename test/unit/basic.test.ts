// People of the Basic stack: what lands in credentials/, and what is refused before it does.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { basic } from '../../stacks/basic/stack.ts'
import type { Change, FileMap, IssueOptions, MadeCredential, Role, RotateOptions } from '../../stacks/stack.ts'

const now = new Date('2026-11-21T12:00:00Z')
const HTPASSWD = 'credentials/htpasswd'
const OLD = 'credentials/htpasswd.old'
/** `now` in the file's words. */
const NOW = now.getTime() / 1000
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

const add = async (before: FileMap, name: string, role: Role = 'user', options: Partial<IssueOptions> = {}) => {
  const { change, credential } = await basic.people.issue(before, { name, role }, { now, ...options })
  return { after: applied(before, change), change, credential: credential as MadeCredential }
}

const rotate = async (before: FileMap, name: string, options: Partial<RotateOptions> = {}) => {
  const { change, credential } = await basic.people.rotate(before, name, { now, overlap: 0, ...options })
  return { after: applied(before, change), change, credential: credential as MadeCredential }
}

const text = (map: FileMap, path = HTPASSWD): string => String(map.get(path)?.content)

const hashOf = (line: string): string => line.trim().split(':')[1] ?? ''

describe('a new person', () => {
  test('gets 32 signs that nobody mixes up, kept as bcrypt only', async () => {
    const { after, change, credential } = await add(files(), 'ann', 'admin')
    expect(credential.secret).toMatch(/^[a-km-np-z2-9]{32}$/)
    expect(credential.login.headers).toEqual({ Authorization: `Basic ${btoa(`ann:${credential.secret}`)}` })
    expect(text(after)).toMatch(new RegExp(`^ann:\\$2y\\$05\\$[./A-Za-z0-9]{53}:admin:-:${NOW}\n$`))
    expect(await bcrypt.compare(credential.secret, hashOf(text(after)))).toBe(true)
    expect([...after].map(([path, { content }]) => `${path}\n${String(content)}`).join('\n')).not.toContain(credential.secret)
    expect([...change.values()].map((entry) => entry?.mode)).toEqual([0o600])
    expect(basic.people.list(after)).toEqual([{ name: 'ann', role: 'admin', created: now, expires: null }])
  })

  test('never the same password twice', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map(async (name) => (await add(files(), name)).credential.secret))
    expect(new Set(made).size).toBe(3)
  })

  test('own passwords are hashed at the cost that a flood of guesses allows', async () => {
    const { after, credential } = await add(files(), 'ann', 'user', { password: 'correct: horse pässwörd' })
    expect(text(after)).toMatch(/^ann:\$2y\$06\$/)
    expect(Buffer.from(credential.login.headers['Authorization']?.slice(6) ?? '', 'base64').toString()).toBe('ann:correct: horse pässwörd')
  })

  test.each([
    ['7 bytes', 'seven77'], ['none', ''], ['73 bytes', 'x'.repeat(73)], ['37 letters of 2 bytes', 'ä'.repeat(37)],
    ['NUL', 'password\0tail'], ['line break', 'pass\nword'], ['tab', 'pass\tword'], ['C1 control', 'password\u0085'], ['half a surrogate', 'password\ud800'],
  ])('an own password of %s is refused, without repeating it', async (_, password) => {
    const refused = await add(files(), 'ann', 'user', { password }).then(() => null, (error: Error & { exit?: number }) => error)
    expect(refused).toMatchObject({ code: 'E_PASSWORD', exit: 2 })
    if (password !== '') expect(refused?.message).not.toContain(password)
  })

  test('72 bytes and 8 bytes are fine', async () => {
    for (const password of ['x'.repeat(72), 'ä'.repeat(36), '12345678']) {
      const { credential } = await add(files(), 'ann', 'user', { password })
      // Shown to nobody: its owner knows it.
      expect([credential.secret, Buffer.from(credential.login.headers['Authorization']?.slice(6) ?? '', 'base64').toString()]).toEqual([null, `ann:${password}`])
    }
  })

  test.each(['', 'a:b', 'a\nb', '#a', '../a', 'a/b', '-a', '.a', 'ünï', 'a b', 'a\u202eb', 'x'.repeat(65)])('the name %j is refused', async (name) => {
    await expect(add(files(), name)).rejects.toMatchObject({ exit: 2 })
  })

  test.each(['ann', 'ANN'])('%s is refused when there is an ann', async (name) => {
    await expect(add(files({ [HTPASSWD]: `ann:${HASH}\n` }), name)).rejects.toMatchObject({ exit: 2 })
  })

  test('may have an end, in whole seconds', async () => {
    const expires = new Date('2027-01-01T00:00:00Z')
    const { after } = await add(files(), 'ann', 'user', { expires })
    expect(text(after)).toMatch(new RegExp(`:user:${expires.getTime() / 1000}:${NOW}\n$`))
    expect(basic.people.list(after)).toEqual([{ name: 'ann', role: 'user', created: now, expires }])
  })

  test('never inherits the old password of somebody who had the name', async () => {
    const { after, change } = await add(files({ [OLD]: `ann:${HASH}:user:${NOW + 60}:1\nbob:${HASH}:user:${NOW + 60}:1\n` }), 'ann')
    expect([...change.keys()]).toEqual([OLD, HTPASSWD])
    expect(text(after, OLD)).toBe(`bob:${HASH}:user:${NOW + 60}:1\n`)
  })

  test('what somebody wrote by hand stays byte for byte', async () => {
    const hand = `# family\r\n\nbob:${HASH}:admin:-\nsomething odd\neve:${HASH}\n`
    const { after } = await add(files({ [HTPASSWD]: hand }), 'ann')
    expect(text(after).startsWith(`${hand}ann:$2y$`)).toBe(true)
    expect(basic.people.list(after).map(({ name }) => name)).toEqual(['bob', 'eve', 'ann'])
  })
})

describe('the tool and the proxy agree', () => {
  const source = readFileSync(join(import.meta.dirname, '../../stacks/basic/files/people.js'), 'utf8')
  const LINE = new RegExp(/^const LINE = \/(.+)\/;$/m.exec(source)?.[1] ?? '(')
  const rests = ['', ':user', ':admin', ':admin:-', ':user:-:1', ':user:1:1', ':user:99999999999', ':', ':Admin', ':user:', ':user:soon', ':user:-1', ':user:-:', ':user:-:1:', ':user:123456789012', ' ', ':user ', ':user\t', ':admin\u2028']
  const hashes = [HASH, HASH.slice(0, -1), `${HASH}a`, HASH.replace('05', '03'), HASH.replace('05', '04'), HASH.replace('05', '12'), HASH.replace('05', '13'), HASH.replace('2y', '2x'), HASH.replace('2y', '2b'), '{PLAIN}x', '']
  test.each([...rests.map((rest) => HASH + rest), ...hashes])('on NAME:%s', (rest) => {
    const ours = ((): unknown => { try { return basic.people.list(files({ [HTPASSWD]: `ann:${rest}\n` }))[0]?.role } catch { return undefined } })()
    const match = LINE.exec(`ann:${rest}`)
    expect(match ? match[2] ?? 'user' : undefined).toBe(ours)
  })
})

describe('a line without times', () => {
  test.each([['', 'user'], [':user', 'user'], [':admin', 'admin'], [':admin:-', 'admin']])('NAME:HASH%s is a %s without an end', (rest, role) => {
    for (const end of ['\n', '\r\n']) {
      expect(basic.people.list(files({ [HTPASSWD]: `ann:${HASH}${rest}${end}` }))).toEqual([{ name: 'ann', role, created: null, expires: null }])
    }
  })

  test('of two lines the first counts, as for nginx, and the other is told', () => {
    expect(basic.people.problems(files({ [HTPASSWD]: `ann:${HASH}\nann:${HASH}:admin\n# fine\n\nthis is garbage\n` }))).toEqual([expect.stringMatching(/line 2: ann has a line above/), expect.stringMatching(/line 5 is not NAME:HASH/)])
    expect(basic.people.list(files({ [HTPASSWD]: `ann:${HASH}\nann:${HASH}:admin\n` }))).toMatchObject([{ role: 'user' }])
  })
})

describe('a line whose role or end nobody understands', () => {
  test.each([':', ':Admin', ':root', ':his laptop', ':user:', ':user:soon', ':user:-1', ':user:1e9', ':user:0x1', ':user:123456789012', ':user:-:', ':user:-:x', ':user:-:1:more', ': user'])('NAME:HASH%s lets nobody in, and is told by name', (rest) => {
    const there = files({ [HTPASSWD]: `ann:${HASH}\nbob:${HASH}${rest}\n` })
    expect(basic.people.list(there)).toMatchObject([{ name: 'ann' }])
    expect(basic.people.problems(there)).toEqual([expect.stringMatching(/^credentials\/htpasswd, line 2: .*the hash of bob/)])
    expect(basic.people.problems(applied(there, basic.people.remove(there, 'bob')))).toEqual([])
  })
})

describe('a hand-written line that nginx would take, but that is no bcrypt', () => {
  test.each([['plain', '{PLAIN}secret'], ['SHA', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='], ['apr1', '$apr1$x$y'], ['empty', ''], ['DES', 'rqXexS6ZhobKA'], ['bcrypt that stalls the proxy', HASH.replace('05', '31')]])('%s lets nobody in, and is told by name, never by content', (_, hash) => {
    const there = files({ [HTPASSWD]: `ann:${HASH}\nbob:${hash}\n` })
    expect(basic.people.list(there)).toMatchObject([{ name: 'ann' }])
    const [problem, ...more] = basic.people.problems(there)
    expect([problem, more]).toEqual([expect.stringMatching(/line 2: the password of bob/), []])
    if (hash !== '') expect(problem).not.toContain(hash)
    expect(basic.people.problems(applied(there, basic.people.remove(there, 'bob')))).toEqual([])
  })
})

describe('rotating', () => {
  const before = files({ [HTPASSWD]: `# team\r\nann:${HASH}:admin:${NOW + 9000}:1\r\nbob:${HASH}\nann:${HASH}\n` })

  test('makes a new password for the same person, in the same place', async () => {
    const { after, change, credential } = await rotate(before, 'ann')
    expect(credential).toMatchObject({ name: 'ann', role: 'admin', secret: expect.stringMatching(/^[a-z2-9]{32}$/) })
    expect(text(after)).toMatch(new RegExp(`^# team\r\nann:\\$2y\\$05\\$[^:]{53}:admin:${NOW + 9000}:${NOW}\nbob:[^\n]*\n$`))
    expect(await bcrypt.compare(credential.secret, hashOf(text(after).split('\n')[1] ?? ''))).toBe(true)
    expect([...change.keys()]).toEqual([HTPASSWD])
    expect(basic.people.list(after)[0]).toEqual({ name: 'ann', role: 'admin', created: now, expires: new Date((NOW + 9000) * 1000) })
  })

  test('with an overlap the old hash is kept until its end, written before the new one', async () => {
    const { after, change } = await rotate(before, 'ann', { overlap: 90_500 })
    expect([...change.keys()]).toEqual([OLD, HTPASSWD])
    expect(text(after, OLD)).toBe(`ann:${HASH}:admin:${NOW + 91}:1\n`)
    expect(change.get(OLD)?.mode).toBe(0o600)
  })

  test('an overlap never outlives the person', async () => {
    expect(text((await rotate(before, 'ann', { overlap: 9_000_000_000 })).after, OLD)).toBe(`ann:${HASH}:admin:${NOW + 9000}:1\n`)
  })

  test('without an overlap no older password is left either', async () => {
    const once = await rotate(before, 'ann', { overlap: 60_000 })
    const twice = await rotate(once.after, 'ann')
    expect([...twice.change]).toMatchObject([[OLD, null], [HTPASSWD, {}]])
    expect(text(twice.after)).not.toContain(hashOf(text(once.after).split('\n')[1] ?? ''))
  })

  test('a second overlap takes the place of the first; what is over goes, what is odd stays', async () => {
    const once = await rotate(before, 'ann', { overlap: 60_000 })
    const odd = `# kept\ncarl:${HASH}:user:${NOW}:1\ndora:${HASH}:user:soon\neve:${HASH}:user:${NOW + 1}:1\n`
    const twice = await rotate(applied(once.after, new Map([[OLD, { content: odd + text(once.after, OLD), mode: 0o600 }]])), 'ann', { overlap: 60_000 })
    const hash = hashOf(text(once.after).split('\n')[1] ?? '')
    expect(text(twice.after, OLD)).toBe(`# kept\ndora:${HASH}:user:soon\neve:${HASH}:user:${NOW + 1}:1\nann:${hash}:admin:${NOW + 60}:${NOW}\n`)
  })

  test('takes an own password, by the same rules', async () => {
    expect((await rotate(before, 'ann', { password: 'correct horse' })).credential).toMatchObject({ secret: null, login: { headers: { Authorization: `Basic ${btoa('ann:correct horse')}` } } })
    await expect(rotate(before, 'ann', { password: 'short' })).rejects.toMatchObject({ code: 'E_PASSWORD' })
  })

  test.each(['carl', 'ANN', '# team', ''])('%j is nobody', async (name) => {
    await expect(rotate(before, name)).rejects.toMatchObject({ code: 'E_USER_UNKNOWN', exit: 2 })
  })
})

describe('removing', () => {
  test('takes every line of that name, first what lets in, and leaves the rest', () => {
    const before = files({ [HTPASSWD]: `# ann:\nann:${HASH}\nanna:${HASH}\r\nann:${HASH}:old\nodd`, [OLD]: `ann:${HASH}:user:9:1\nanna:${HASH}:user:9:1\n` })
    const change = basic.people.remove(before, 'ann')
    expect([...change.keys()]).toEqual([HTPASSWD, OLD])
    expect(text(applied(before, change))).toBe(`# ann:\nanna:${HASH}\r\nodd`)
    expect(text(applied(before, change), OLD)).toBe(`anna:${HASH}:user:9:1\n`)
  })

  test('an old password file that nobody is left in goes', () => {
    expect(basic.people.remove(files({ [HTPASSWD]: `ann:${HASH}\n`, [OLD]: `ann:${HASH}:user:9:1\n` }), 'ann').get(OLD)).toBeNull()
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
    const { after, credential } = await add(files(), 'ann', 'user', { password })
    const bad = await basic.badLogins({ ...credential, secret: password }, after, now)
    const sent = bad.map(({ login }) => login.headers['Authorization'])
    expect(new Set([...sent, credential.login.headers['Authorization']]).size).toBe(bad.length + 1)
    expect(new Set(bad.map(({ id }) => id)).size).toBe(bad.length)
    expect(bad.every(({ expect: wanted }) => wanted === 401)).toBe(true)
  }
})

test('a last line without its end may be half of one: it lets nobody in', async () => {
  const there = files({ [HTPASSWD]: `ann:${HASH}\nbob:${HASH}:admin` })
  expect(basic.people.list(there)).toMatchObject([{ name: 'ann' }])
  expect(basic.people.problems(there)).toEqual([expect.stringMatching(/line 2, of bob, has no line end/)])
  // Something behind it would make it whole.
  await expect(basic.people.issue(there, { name: 'carl', role: 'user' }, { now })).rejects.toMatchObject({ code: 'E_HTPASSWD' })
})

test.each([
  ['a line above that is the beginning of the name, for which nginx skips two', `an\nann:${HASH}:admin\nann:${HASH}:user\n`, /line 2: ann can't log in, because the line above/],
  ['a carriage return in the first of two lines', `ann:${HASH}:admin:-:1\r \nann:${HASH}:user\n`, /line 1: what follows the hash of ann/],
])('nobody is listed by a second line: %s', (_, content, says) => {
  const there = files({ [HTPASSWD]: content })
  expect(basic.people.list(there)).toEqual([])
  expect(basic.people.problems(there)).toEqual(expect.arrayContaining([expect.stringMatching(says)]))
})

test('who is added below the beginning of a name can log in', async () => {
  const { after } = await add(files({ [HTPASSWD]: 'an\n' }), 'ann')
  expect(basic.people.list(after).map(({ name }) => name)).toEqual(['ann'])
  expect(text(after)).toMatch(/^an\n\nann:/)
})
