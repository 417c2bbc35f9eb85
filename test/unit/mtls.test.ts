// The mTLS stack without Caddy: its allowlist against the table, and people as files.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeCa, makeClientCert, makeServerCert, readCert } from '../../src/certs.ts'
import { mtls } from '../../stacks/mtls/stack.ts'
import { ROUTES } from '../../stacks/routes.ts'
import type { FileMap, Issued, Person } from '../../stacks/stack.ts'

const now = new Date()
const shipped = (name: string): string => readFileSync(new URL(`../../stacks/mtls/files/${name}`, import.meta.url), 'utf8')

describe('the allowlist in routes.caddy', () => {
  const text = shipped('routes.caddy')
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
    for (const file of ['Caddyfile', 'login.caddy', 'routes.caddy', 'upstream.caddy', 'refusals.caddy']) {
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
  const add = async (files: FileMap, person: Person): Promise<FileMap> => apply(files, await mtls.people.issue(files, person, { now }))
  const paths = (files: FileMap): string[] => [...files.keys()].filter((path) => !path.startsWith('certs/ca.'))
  const entryOf = (files: FileMap): string => paths(files).find((path) => path.startsWith('credentials/')) ?? ''

  test('a new person: one file lets them in, a bundle is theirs, the password is nowhere', async () => {
    const { change, credential } = await mtls.people.issue(empty, { name: 'ann', role: 'admin' }, { now })
    const { fingerprint, cn } = readCert(credential.login.cert ?? '')
    expect(cn).toBe('ann')
    expect([...change].map(([path, entry]) => [path, entry?.mode])).toEqual([
      ['certs/clients/ann.key', 0o600], ['certs/clients/ann.crt', 0o644], ['certs/clients/ann.p12', 0o600], [`credentials/admin/${fingerprint}.pem`, 0o600],
    ])
    expect(credential).toMatchObject({ name: 'ann', role: 'admin', login: { headers: {} }, files: { cert: 'certs/clients/ann.crt', key: 'certs/clients/ann.key', p12: 'certs/clients/ann.p12' } })
    expect(credential.secret).toMatch(/^[a-zA-Z2-9]{24}$/)
    for (const entry of change.values()) expect(Buffer.from(entry?.content ?? '').includes(credential.secret)).toBe(false)
    const p12 = Buffer.from(change.get('certs/clients/ann.p12')?.content ?? '')
    expect(() => tls.createSecureContext({ pfx: p12, passphrase: credential.secret })).not.toThrow()
    expect(() => tls.createSecureContext({ pfx: p12, passphrase: `${credential.secret}x` })).toThrow()
  })

  test('list, remove, and the same name again', async () => {
    const both = await add(await add(empty, { name: 'ann', role: 'admin' }), { name: 'bob', role: 'user' })
    expect(mtls.people.list(both)).toEqual([{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }])
    const change = mtls.people.remove(both, 'ann')
    expect([...change.keys()][0]).toMatch(/^credentials\/admin\/[0-9a-f]{64}\.pem$/)
    const left = apply(both, { change })
    expect(mtls.people.list(left)).toEqual([{ name: 'bob', role: 'user' }])
    expect(paths(left).some((path) => path.includes('ann'))).toBe(false)
    expect(mtls.people.list(await add(left, { name: 'ann', role: 'user' }))).toContainEqual({ name: 'ann', role: 'user' })
  })

  test('two certificates of one name: listed once, with the stronger role, and removed together', async () => {
    const first = await add(empty, { name: 'ann', role: 'user' })
    const second = await add(empty, { name: 'ann', role: 'admin' })
    const files = new Map([...first, ...second])
    expect(mtls.people.list(files)).toEqual([{ name: 'ann', role: 'admin' }])
    expect([...mtls.people.remove(files, 'ann').keys()].filter((path) => path.startsWith('credentials/'))).toHaveLength(2)
  })

  test.each(['ann', 'ANN'])('%s is taken', async (name) => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    await expect(mtls.people.issue(files, { name, role: 'admin' }, { now })).rejects.toMatchObject({ code: 'E_USER_EXISTS', exit: 2 })
  })

  test.each(['', '.', '../x', 'a/b', 'a b', 'a,CN=b', 'a\nb', 'x'.repeat(65)])('%j is no name', async (name) => {
    await expect(mtls.people.issue(empty, { name, role: 'user' }, { now })).rejects.toMatchObject({ code: 'E_USER_NAME', exit: 2 })
  })

  test('without the CA nobody new, and it says which file', async () => {
    await expect(mtls.people.issue(new Map(), { name: 'ann', role: 'user' }, { now })).rejects.toMatchObject({ code: 'E_NO_CA', message: expect.stringContaining('certs/ca.crt') })
  })

  test.each(['', 'garbage', 'half'])('a damaged file (%j) is an error that names it, for list and remove alike', async (damage) => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    const path = entryOf(files)
    const whole = String(files.get(path)?.content)
    files.set(path, { content: damage === 'half' ? whole.slice(0, whole.length / 2) : damage, mode: 0o600 })
    const wanted = expect.objectContaining({ code: 'E_CERT_DAMAGED', message: expect.stringContaining(path), hint: expect.stringContaining(`rm ${path}`) })
    expect(() => mtls.people.list(files)).toThrow(wanted)
    expect(() => mtls.people.remove(files, 'ann')).toThrow(wanted)
  })

  test('a certificate under another name lets somebody else in, or nobody: an error', async () => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    const content = files.get(entryOf(files)) ?? { content: '', mode: 0 }
    for (const name of ['ann.pem', `${'0'.repeat(64)}.pem`]) {
      expect(() => mtls.people.list(new Map([...files, [`credentials/user/${name}`, content]]))).toThrow(expect.objectContaining({ code: 'E_CERT_NAME', message: expect.stringContaining(name) }))
    }
  })

  test('what an editor or a killed write leaves behind is nobody', async () => {
    const files = await add(empty, { name: 'ann', role: 'user' })
    files.set('credentials/user/.DS_Store', { content: 'x', mode: 0o600 })
    files.set(`credentials/user/.${'0'.repeat(64)}.pem.abc.tmp`, { content: '', mode: 0o600 })
    expect(mtls.people.list(files)).toHaveLength(1)
  })

  test('bad logins: each with one thing wrong, each with its own key', async () => {
    const { credential } = await mtls.people.issue(empty, { name: 'ann', role: 'user' }, { now })
    const bad = await mtls.badLogins(credential, empty, now)
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
    expect([...files.keys()]).toEqual(['proxy/hosts.caddy'])
    expect(String(files.get('proxy/hosts.caddy')?.content)).toMatch(/^#.*\nnot host localhost host\.docker\.internal ollama\.home\.arpa\n$/)
  })

  test('each file that is imported is shipped or generated', () => {
    const made = [...Object.keys(mtls.files({ ...config, hosts: [] })), ...mtls.render({ ...config, hosts: [] }).keys()]
    for (const path of Object.values(mtls.files({ ...config, hosts: [] }))) {
      for (const [, name] of shipped(path.replace('mtls/files/', '')).matchAll(/^\s*import (\S+)$/gm)) expect(made).toContain(`proxy/${name}`)
    }
  })

  test('a server certificate is no client, and a client no server', async () => {
    const ca = await makeCa({ name: 'lab', now })
    expect(readCert((await makeServerCert({ ca, hosts: ['localhost'], now })).cert).eku).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(readCert((await makeClientCert({ ca, person: 'ann', now })).cert).eku).toEqual(['1.3.6.1.5.5.7.3.2'])
  })
})
