// The mTLS stack without Caddy: its allowlist against the table, and people as files.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeCa, makeClientCert, makeServerCert } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { mtls } from '../../stacks/mtls/stack.ts'
import { ROUTES } from '../../stacks/routes.ts'
import type { FileMap, Issued, MadeCredential, Person } from '../../stacks/stack.ts'

const now = new Date()
const HOUR = 3_600_000
const DAY = 24 * HOUR
const whole = (date: Date): Date => new Date(Math.floor(date.getTime() / 1000) * 1000)
const shipped = (path: string): string => readFileSync(new URL(`../../stacks/${path}`, import.meta.url), 'utf8')

describe('the allowlist in routes.caddy', () => {
  const text = shipped('mtls/files/routes.caddy')
  const rules = [...text.matchAll(/^@(\w+) vars_regexp line "(\^.*\$)"$/gm)].map(([, name = '', pattern = '']) => {
    // `vars @name key value`, in one line or in a block.
    const settings = new RegExp(`^vars @${name} (?:\\{([^}]*)\\}|(.*))$`, 'm').exec(text)
    const words = (settings?.[1] ?? settings?.[2] ?? '').trim().split(/\s+/)
    const value = (key: string): string | undefined => (words.includes(key) ? words[words.indexOf(key) + 1] : undefined)
    return { pattern: new RegExp(pattern), need: value('need') ?? 'nobody', body: value('body') ?? 'small' }
  })
  const BODY = { 1: 'small', 100: 'large', 0: 'any' } as const
  /** What Caddy makes of a request: the last rule that matches counts. */
  const verdict = (line: string): { need: string; body: string } => {
    const { need, body } = rules.findLast(({ pattern }) => pattern.test(line)) ?? { need: 'nobody', body: 'small' }
    return { need, body }
  }

  test.each(ROUTES)('$method $path: $role, $body MB', ({ method, path, role, body }) => {
    expect(rules.length).toBeGreaterThan(3)
    for (const query of ['', '?', '?x=1&y=%2F']) expect(verdict(`${method} ${path}${query}`)).toEqual({ need: role, body: BODY[body] })
  })

  test('each line belongs to one rule', () => {
    for (const { method, path } of ROUTES) expect(rules.filter(({ pattern }) => pattern.test(`${method} ${path}`)), path).toHaveLength(1)
  })

  test('another method of a known path is on no line', () => {
    const known = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`))
    for (const { path } of ROUTES) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'CONNECT', 'get', '']) {
        const line = `${method} ${path}`
        if (!known.has(line)) expect(verdict(line).need, line).toBe('nobody')
      }
    }
  })

  test.each([
    '//api/pull', '/api/./pull', '/api/pull/', '/api/%70ull', '/api%2Fpull', '/api/pull;x', '/api/pull#', '/api/pull?a#b', '/API/pull', '/api/pull\n', '/api/pull HTTP/1.1', 'http://x/api/pull', '*',
  ])('POST %j is on no line', (target) => {
    expect(verdict(`POST ${target}`).need).toBe('nobody')
  })

  test.each(['/v1/models/', '/v1/models/a/b', '/v1/models/..%2Fx', '/v1/models/a%2F..%2Fb', '/v1/models/%2e', '/v1/models/a%2F', '/v1/models/a%00'])('GET %s is on no line', (target) => {
    expect(verdict(`GET ${target}`).need).toBe('nobody')
  })

  test('no matcher repeats `vars`, which Caddy would join by "or"', () => {
    for (const file of Object.values(mtls.files({ tls: 'private' }))) {
      for (const [block] of shipped(file).matchAll(/^\t*@\w+ \{[^}]*\n\t*\}/gm)) {
        expect(block.match(/^\t*vars /gm)?.length ?? 0, `${file}: ${block}`).toBeLessThan(2)
        expect(block.match(/^\t*vars_regexp /gm)?.length ?? 0, `${file}: ${block}`).toBeLessThan(2)
      }
    }
  })
})

describe('people', () => {
  let empty: FileMap
  beforeAll(async () => {
    const ca = await makeCa({ name: 'lab', now })
    empty = new Map([['certs/ca.crt', { content: ca.cert, mode: 0o644 }], ['certs/ca.key', { content: ca.key, mode: 0o600 }]])
  })
  const apply = (files: FileMap, { change }: Pick<Issued, 'change'>): FileMap => {
    const after = new Map(files)
    for (const [path, entry] of change) {
      if (entry) after.set(path, entry)
      else after.delete(path)
    }
    return after
  }
  const add = async (files: FileMap, person: Person, at = now): Promise<FileMap> => apply(files, await mtls.people.issue(files, person, { now: at }))
  const named = (files: FileMap): string[] => mtls.people.list(files).map(({ name, role }) => `${name} ${role}`)
  const paths = (files: FileMap): string[] => [...files.keys()].filter((path) => !path.startsWith('certs/ca.'))
  const entryOf = (files: FileMap): string => paths(files).find((path) => path.startsWith('credentials/')) ?? ''

  test('a new person: one file lets them in, a bundle is theirs, the password is nowhere', async () => {
    const { change, credential } = await mtls.people.issue(empty, { name: 'ann', role: 'admin' }, { now })
    const { fingerprint, cn } = readCert(credential.login?.cert ?? '')
    const secret = credential.secret ?? ''
    expect(cn).toBe('ann')
    expect([...change].map(([path, entry]) => [path, entry?.mode])).toEqual([
      ['certs/clients/ann.key', 0o600], ['certs/clients/ann.p12', 0o600], ['certs/clients/ann.crt', 0o644], [`credentials/${fingerprint}.pem`, 0o600],
    ])
    expect(change.get(`credentials/${fingerprint}.pem`)?.content).toBe(`${credential.login?.cert}admin\n`)
    expect(credential).toMatchObject({ name: 'ann', role: 'admin', login: { headers: {} }, files: { cert: 'certs/clients/ann.crt', key: 'certs/clients/ann.key', p12: 'certs/clients/ann.p12' } })
    expect(secret).toMatch(/^[a-zA-Z2-9]{24}$/)
    for (const entry of change.values()) expect(Buffer.from(entry?.content ?? '').includes(secret)).toBe(false)
    const p12 = Buffer.from(change.get('certs/clients/ann.p12')?.content ?? '')
    expect(() => tls.createSecureContext({ pfx: p12, passphrase: secret })).not.toThrow()
    expect(() => tls.createSecureContext({ pfx: p12, passphrase: `${secret}x` })).toThrow()
  })

  test('list, remove, and the same name again', async () => {
    const both = await add(await add(empty, { name: 'ann', role: 'admin' }), { name: 'bob', role: 'user' })
    expect(named(both)).toEqual(['ann admin', 'bob user'])
    const change = mtls.people.remove(both, 'ann')
    expect([...change.keys()][0]).toMatch(/^credentials\/[0-9a-f]{64}\.pem$/)
    const left = apply(both, { change })
    expect(named(left)).toEqual(['bob user'])
    expect(paths(left).some((path) => path.includes('ann'))).toBe(false)
    expect(named(await add(left, { name: 'ann', role: 'user' }, new Date(now.getTime() + 5000)))).toEqual(['bob user', 'ann user'])
  })

  test('list says since when and until when', async () => {
    const [ann] = mtls.people.list(await add(empty, { name: 'ann', role: 'user' }))
    expect(ann?.created).toEqual(whole(now))
    // The certificate's own end: a year after its start, which is an hour back.
    expect(ann?.expires).toEqual(whole(new Date(now.getTime() + 365 * DAY - HOUR)))
  })

  test('two certificates of one name: listed once, as the newer says, and removed together', async () => {
    const first = await add(empty, { name: 'ann', role: 'admin' }, new Date(now.getTime() - 5000))
    const second = await add(empty, { name: 'ann', role: 'user' })
    for (const files of [new Map([...first, ...second]), new Map([...second, ...first])]) {
      expect(mtls.people.list(files)).toMatchObject([{ name: 'ann', role: 'user', created: whole(now) }])
      expect([...mtls.people.remove(files, 'ann').keys()].filter((path) => path.startsWith('credentials/'))).toHaveLength(2)
    }
  })

  test('nobody of that name', async () => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    const wanted = expect.objectContaining({ code: 'E_USER_UNKNOWN', exit: 2 })
    expect(() => mtls.people.remove(files, 'Ann')).toThrow(wanted)
    await expect(mtls.people.rotate(files, 'Ann', { now, overlap: 0 })).rejects.toEqual(wanted)
  })

  describe('an end', () => {
    const end = new Date('2027-03-04T05:06:07Z')
    const before = new Date(end.getTime() - 30 * DAY)

    test('is in the certificate, beside it, and in the list', async () => {
      const { change, credential } = await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now: before, expires: end })
      expect(readCert(credential.login?.cert ?? '').notAfter).toEqual(end)
      const files = apply(empty, { change })
      expect(String(files.get(entryOf(files))?.content)).toMatch(/-----\nuser until 2027-03-04T05:06:07Z\n$/)
      expect(mtls.people.list(files)[0]?.expires).toEqual(end)
    })

    test('beyond the certificate\'s own changes nothing today, and is kept for the next certificate', async () => {
      const far = new Date(before.getTime() + 500 * DAY)
      const files = apply(empty, await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now: before, expires: far }))
      expect(mtls.people.list(files)[0]?.expires).toEqual(new Date(before.getTime() + 365 * DAY - HOUR))
      const later = new Date(before.getTime() + 300 * DAY)
      const rotated = apply(files, await mtls.people.rotate(files, 'ann', { now: later, overlap: 0 }))
      expect(mtls.people.list(rotated)[0]?.expires).toEqual(far)
    })

    test('after 2099 is written as a time that the proxy takes', async () => {
      const files = apply(empty, await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now, expires: new Date('2150-01-01T00:00:00Z') }))
      expect(String(files.get(entryOf(files))?.content)).toMatch(/until 2099-12-31T23:59:59Z\n$/)
    })

    test('that is over: still listed, and no rotation, since the new one would end with it', async () => {
      const files = apply(empty, await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now: before, expires: end }))
      expect(named(files)).toEqual(['ann user'])
      await expect(mtls.people.rotate(files, 'ann', { now: end, overlap: 0 })).rejects.toMatchObject({ code: 'E_USER_EXPIRED', exit: 2, hint: expect.stringContaining('user remove ann') })
    })

    test('by hand: a day is enough', async () => {
      const files = await add(empty, { name: 'ann', role: 'user' }, before)
      files.set(entryOf(files), { content: `${String(files.get(entryOf(files))?.content).trim()} until 2027-03-04\n`, mode: 0o600 })
      expect(mtls.people.list(files)[0]?.expires).toEqual(new Date('2027-03-04T00:00:00Z'))
    })
  })

  describe('rotation', () => {
    const certOf = (files: FileMap): string => String(files.get('certs/clients/ann.crt')?.content)
    const texts = (files: FileMap): string[] => paths(files).filter((path) => path.startsWith('credentials/')).map((path) => String(files.get(path)?.content))

    test('at once: the old certificate is gone, the bundle is new, role and end stay', async () => {
      const expires = new Date(now.getTime() + 30 * DAY)
      const files = apply(empty, await mtls.people.issue(empty, { name: 'ann', role: 'admin' }, { now, expires }))
      const issued = await mtls.people.rotate(files, 'ann', { now, overlap: 0 })
      const after = apply(files, issued)
      expect(paths(after)).toHaveLength(4)
      expect(certOf(after)).toBe(issued.credential.login?.cert)
      expect(certOf(after)).not.toBe(certOf(files))
      expect(mtls.people.list(after)).toMatchObject([{ name: 'ann', role: 'admin', expires: whole(expires) }])
      // Never without any: the new one is let in before the old one goes.
      const steps = [...issued.change].filter(([path]) => path.startsWith('credentials/')).map(([, entry]) => entry !== null)
      expect(steps).toEqual([true, false])
    })

    test('with an overlap the old one gets an end; never shorter than asked, never later than its own', async () => {
      const soon = new Date(now.getTime() + HOUR / 2)
      for (const [expires, wanted] of [[null, new Date(Math.ceil((now.getTime() + HOUR) / 1000) * 1000)], [soon, whole(soon)]] as const) {
        const files = apply(empty, await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now: new Date(now.getTime() - 5000), expires }))
        const after = apply(files, await mtls.people.rotate(files, 'ann', { now, overlap: HOUR }))
        expect(texts(after)[0]).toBe(`${certOf(files)}user until ${wanted.toISOString().slice(0, 19)}Z\n`)
        expect(texts(after)[1]).toMatch(expires === null ? /-----\nuser\n$/ : /-----\nuser until /)
        expect(mtls.people.list(after)).toMatchObject([{ created: whole(now) }])
        const third = apply(after, await mtls.people.rotate(after, 'ann', { now, overlap: 0 }))
        expect(texts(third)).toHaveLength(1)
      }
    })

    test('twice in one second: the newest counts', async () => {
      const files = await add(empty, { name: 'ann', role: 'user' })
      const after = apply(files, await mtls.people.rotate(files, 'ann', { now, overlap: HOUR }))
      expect(mtls.people.list(after)[0]?.expires?.getTime()).toBeGreaterThan(now.getTime() + DAY)
    })
  })

  test.each(['', '.', '../x', 'a/b', 'a b', 'a,CN=b', 'a\nb', 'x'.repeat(65)])('%j is no name', async (name) => {
    await expect(mtls.people.issue(empty, { name, role: 'user' }, { now })).rejects.toMatchObject({ code: 'E_USER_NAME', exit: 2 })
  })

  test('without the CA nobody new, and it says which file', async () => {
    await expect(mtls.people.issue(new Map(), { name: 'ann', role: 'user' }, { now })).rejects.toMatchObject({ code: 'E_NO_CA', message: expect.stringContaining('certs/ca.crt') })
  })

  describe('a damaged file', () => {
    const damages: Record<string, (whole: string) => string> = {
      empty: () => '',
      garbage: () => 'garbage',
      'cut short': (whole) => whole.slice(0, whole.length / 2),
      'without a line': (whole) => whole.replace('user\n', ''),
      'of another role': (whole) => whole.replace('user', 'root'),
      'with an end that nobody can read': (whole) => whole.replace('user', 'user until tomorrow'),
      'with a day that comes before the year': (whole) => whole.replace('user', 'user until 31.12.2027'),
      'with no such month': (whole) => whole.replace('user', 'user until 2027-19-01'),
      'with an empty end': (whole) => whole.replace('user', 'user until '),
      'with something before': (whole) => `user\n${whole}`,
      'with lines of another length': (whole) => whole.replace(/\n(\w)(\w+)\n/, '\n$1\n$2\n'),
    }
    test.each(Object.keys(damages))('%s is nobody, and is told; nobody is removed while it may be theirs', async (damage) => {
      const files = await add(empty, { name: 'ann', role: 'user' })
      const path = entryOf(files)
      files.set(path, { content: damages[damage]?.(String(files.get(path)?.content)) ?? '', mode: 0o600 })
      const wanted = expect.objectContaining({ code: 'E_CERT_DAMAGED', message: expect.stringContaining(path), hint: expect.stringContaining(`rm ${path}`) })
      expect(mtls.people.list(files)).toEqual([])
      expect(mtls.people.problems(files)).toEqual([expect.stringContaining(path)])
      expect(() => mtls.people.remove(files, 'ann')).toThrow(wanted)
    })
  })

  test("a file of somebody else that is damaged keeps nobody in whose own is whole", async () => {
    const files = await add(await add(empty, { name: 'ann', role: 'user' }), { name: 'bob', role: 'user' })
    const damaged = 'credentials/0000.pem'
    files.set(damaged, { content: 'garbage', mode: 0o600 })
    const change = mtls.people.remove(files, 'bob')
    expect([...change.values()].every((entry) => entry === null)).toBe(true)
    expect(named(apply(files, { change }))).toEqual(['ann user'])
    expect(change.has(damaged)).toBe(false)
  })

  test.each([['CRLF', (text: string) => text.replaceAll('\n', '\r\n')], ['no line break at the end', (text: string) => text.trimEnd()]])('an editor that leaves %s is no damage', async (_, edit) => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    files.set(entryOf(files), { content: edit(String(files.get(entryOf(files))?.content)), mode: 0o600 })
    expect(named(files)).toEqual(['ann user'])
  })

  test('a certificate under another name is told: the name decides', async () => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    const content = files.get(entryOf(files)) ?? { content: '', mode: 0 }
    for (const name of ['ann.pem', `${'0'.repeat(64)}.pem`, `user/${entryOf(files).slice('credentials/'.length)}`]) {
      expect(mtls.people.problems(new Map([...files, [`credentials/${name}`, content]]))).toEqual([expect.stringContaining(name)])
    }
  })

  test('what an editor or a killed write leaves behind is nobody', async () => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    files.set('credentials/.DS_Store', { content: 'x', mode: 0o600 })
    files.set(`credentials/.${'0'.repeat(64)}.pem.abc.tmp`, { content: '', mode: 0o600 })
    expect(mtls.people.list(files)).toHaveLength(1)
  })

  test('bad logins: each with one thing wrong, each with its own key', async () => {
    const { credential } = await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now })
    const bad = await mtls.badLogins(credential as MadeCredential, empty, now)
    expect(bad.map(({ id, expect }) => [id, expect])).toEqual([['foreign-ca', 'alert'], ['expired', 'alert'], ['server-as-client', 'alert'], ['ca-as-client', 401], ['not-listed', 401]])
    const ca = new X509Certificate(String(empty.get('certs/ca.crt')?.content))
    for (const { id, login } of bad) {
      expect(() => tls.createSecureContext({ cert: login.cert, key: login.key })).not.toThrow()
      expect(new X509Certificate(login.cert ?? '').verify(ca.publicKey), id).toBe(id !== 'foreign-ca')
    }
  })
})

describe('what is generated', () => {
  const config = { name: 'lab', auth: 'mtls', bind: '127.0.0.1', port: 8443, tls: 'private' as const, model: null, subnet: '10.213.7', user: '1000:1000' }
  test('hosts.caddy has the names, once and in lower case, and leaves addresses to their shape', () => {
    const files = mtls.render({ ...config, hosts: ['Ollama.home.arpa', 'localhost', '192.168.1.20', 'fd00::20'] })
    expect([...files.keys()]).toEqual(['proxy/hosts.caddy', 'proxy/origins.caddy', 'proxy/allow.caddy', 'proxy/hsts.caddy'])
    expect(String(files.get('proxy/hosts.caddy')?.content)).toMatch(/^#.*\nnot vars_regexp \{http\.request\.hostport\} ".*"\n$/)
  })

  test.each(['private', 'files', 'acme'] as const)('each file that is imported is shipped or generated, with --tls %s', (tls) => {
    const acme = { names: ['ai.example.com'], email: null, directory: null, root: null }
    const generated = mtls.render({ ...config, tls, acme: tls === 'acme' ? acme : null, hosts: [] })
    const texts = [...Object.values(mtls.files({ tls })).map(shipped), ...[...generated.values()].map(({ content }) => String(content))]
    const made = [...Object.keys(mtls.files({ tls })), ...generated.keys()]
    const imported = texts.flatMap((text) => [...text.matchAll(/^\s*import (\S+\.caddy)/gm)].map(([, name]) => `proxy/${name}`))
    expect(imported.length).toBeGreaterThan(10)
    expect(imported.filter((path) => !made.includes(path))).toEqual([])
  })

  test('a server certificate is no client, and a client no server', async () => {
    const ca = await makeCa({ name: 'lab', now })
    expect(readCert((await makeServerCert({ ca, hosts: ['localhost'], now })).cert).eku).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(readCert((await makeClientCert({ ca, person: 'ann', now })).cert).eku).toEqual(['1.3.6.1.5.5.7.3.2'])
  })
})
