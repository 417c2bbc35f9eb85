// What only the mutual TLS stack has: certificates that end, sessions that are resumed, keys that
// stayed with their owner, and files that people edit by hand.

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raw } from '../../src/attacks/raw.ts'
import { makeClientCert, makeExpiredCert } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { ask, keptAlive, open, TlsAlert, type Door } from '../../src/net/http.ts'
import { issue, remove, rotate } from '../../src/people/people.ts'
import { loadProject, type Project } from '../../src/project/project.ts'
import type { Login } from '../../stacks/stack.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'

const name = 'test-mtls-own'
const place = workspace()
const dir = join(place.dir, name)
let project: Project
let at: Door
let ann: Login
let bob: Login

beforeAll(async () => {
  const { code, stdout } = await create([dir, '--auth', 'mtls', '--user', 'ann:admin', '--user', 'bob', '--port', String(await freePort()), '--yes', '--json'])
  const made = JSON.parse(stdout) as CreateDocument
  expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
  at = door(made)
  project = loadProject(dir)
  ;[ann, bob] = made.users.map((user) => loginOf(made, user)) as [Login, Login]
})
afterAll(async () => {
  if (existsSync(join(dir, 'compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  place.remove()
})

const status = async (login: Login | undefined, more: Partial<Parameters<typeof ask>[1]> = {}): Promise<number> => (await ask(at, { path: '/api/version', login, ...more })).status
const proxyLog = async (): Promise<string> => { const { stdout, stderr } = await docker('logs', `${name}-proxy-1`); return stdout + stderr }
const pathOf = (login: Login): string => join(dir, 'credentials', `${readCert(login.cert ?? '').fingerprint}.pem`)
const newcomer = async (person: string, expires: Date | null = null): Promise<Login> => (await issue(project, { name: person, role: 'user' }, { now: new Date(), expires })).login as Login
const inSeconds = (seconds: number): Date => new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000)

/** A stream of about six seconds: Ollama's stand-in says a word each 28 ms or so. */
async function stream(login: Login): Promise<{ whole: () => Promise<boolean> }> {
  const body = JSON.stringify({ model: 'gemma3:1b', prompt: 'tell me', options: { num_predict: 200 } })
  const response = await open(at, { method: 'POST', path: '/api/generate', login, body })
  let text = ''
  const done = (async () => { for await (const chunk of response) text += String(chunk) })()
  return { whole: async () => { await done; return response.statusCode === 200 && text.includes('"done":true') } }
}

/** One request, on a session of before if there is one. */
function connect(login: Login, version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer): Promise<{ status: number; session: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    let ticket: Buffer | undefined
    let text = ''
    const socket = tls.connect({ ...at.connect, servername: 'localhost', ca: at.ca ?? '', cert: login.cert, key: login.key, minVersion: version, maxVersion: version, ...(session ? { session } : {}) })
    socket.on('session', (next) => { ticket = next })
    socket.on('secureConnect', () => socket.write('GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'))
    socket.on('data', (chunk) => { text += String(chunk) })
    socket.on('error', reject)
    socket.on('close', () => resolve({ status: Number(text.slice(9, 12)), session: ticket }))
  })
}

describe('out at once', () => {
  test('on a kept-alive connection, on a new one, and on resumed sessions of both protocols', async () => {
    const eve = await newcomer('eve')
    const agent = keptAlive(at)
    expect(await status(eve, { agent })).toBe(200)
    const sessions = await Promise.all((['TLSv1.2', 'TLSv1.3'] as const).map(async (version) => ({ version, ...(await connect(eve, version)) })))
    // Caddy 2.11 gives no session tickets where it asks for certificates; should it, this still holds.
    for (const { version, session } of sessions) expect((await connect(eve, version, session)).status, version).toBe(200)
    const others = await stream(bob)
    await remove(project, ['eve'])
    expect(await status(eve, { agent })).toBe(401)
    expect(agent.opened()).toBe(1)
    expect(await status(eve)).toBe(401)
    for (const { version, session } of sessions) expect((await connect(eve, version, session)).status, version).toBe(401)
    expect(await others.whole()).toBe(true)
    agent.destroy()
  })

  test('by hand: the file removed', async () => {
    const eve = await newcomer('eve2')
    const agent = keptAlive(at)
    expect(await status(eve, { agent })).toBe(200)
    rmSync(pathOf(eve))
    expect(await status(eve, { agent })).toBe(401)
    agent.destroy()
  })
})

describe('an end', () => {
  test('on a kept-alive connection and on resumed sessions the door closes, a new handshake gets an alert', async () => {
    const end = inSeconds(3)
    const eve = await newcomer('limited', end)
    const agent = keptAlive(at)
    expect(await status(eve, { agent })).toBe(200)
    const sessions = await Promise.all((['TLSv1.2', 'TLSv1.3'] as const).map(async (version) => ({ version, ...(await connect(eve, version)) })))
    const own = await stream(eve)
    await sleep(end.getTime() - Date.now() - 300)
    expect(await status(eve, { agent })).toBe(200)
    await sleep(end.getTime() - Date.now() + 50)
    expect(await status(eve, { agent })).toBe(401)
    expect(agent.opened()).toBe(1)
    await sleep(1000)
    await expect(ask(at, { path: '/api/version', login: eve })).rejects.toBeInstanceOf(TlsAlert)
    for (const { version, session } of sessions) {
      expect(await connect(eve, version, session).then(({ status }) => status, () => 'alert'), version).not.toBe(200)
    }
    // What was let in before, and is still being answered, isn't cut.
    expect(await own.whole()).toBe(true)
    expect(await proxyLog()).toMatch(/"person":"limited"/)
    agent.destroy()
  })

  test('rotation: old and new until the overlap ends, then the new one; others notice nothing', async () => {
    const old = await newcomer('turner')
    const agent = keptAlive(at)
    expect(await status(old, { agent })).toBe(200)
    const others = await stream(bob)
    const begun = Date.now()
    const next = (await rotate(project, 'turner', { now: new Date(), overlap: 2000 })).login as Login
    expect([await status(old, { agent }), await status(next)]).toEqual([200, 200])
    await sleep(begun + 3100 - Date.now())
    expect([await status(old, { agent }), await status(next)]).toEqual([401, 200])
    const last = (await rotate(project, 'turner', { now: new Date(), overlap: 0 })).login as Login
    expect([await status(next), await status(last)]).toEqual([401, 200])
    expect(await others.whole()).toBe(true)
    agent.destroy()
  })
})

describe('the file decides, whoever writes it', () => {
  let eve: Login
  let whole: string
  beforeAll(async () => {
    eve = await newcomer('edited')
    whole = readFileSync(pathOf(eve), 'utf8')
  })
  const written = async (text: string): Promise<number> => { writeFileSync(pathOf(eve), text); return status(eve) }
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

  test.each<[string, (text: string) => string]>([
    ['as it is', (text) => text],
    ['with Windows line breaks', (text) => text.replaceAll('\n', '\r\n')],
    ['without a line break at the end', (text) => text.trimEnd()],
    ['until tomorrow', (text) => text.replace('user', `user until ${day(1)}`)],
    ['as an admin until tomorrow', (text) => text.replace('user', `admin until ${day(1)}T00:00:00Z`)],
  ])('in: %s', async (_, edit) => {
    expect(await written(edit(whole))).toBe(200)
  })

  test.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['one line break', () => '\n'],
    ['garbage', () => 'garbage\n'],
    ['half of it', (text) => text.slice(0, text.length / 2)],
    ['a letter short', (text) => text.slice(0, -2)],
    ['the certificate alone', (text) => text.replace('user\n', '')],
    ['the line alone', () => 'user\n'],
    ['the line after an empty one', () => '\r\nuser\n'],
    ['the line before', (text) => `user\n${text.replace('user\n', '')}`],
    ['an unknown role', (text) => text.replace('user', 'root')],
    ['until yesterday', (text) => text.replace('user', `user until ${day(-1)}`)],
    ['until today, which has begun', (text) => text.replace('user', `user until ${day(0)}`)],
    ['until tomorrow, in a word', (text) => text.replace('user', 'user until tomorrow')],
    ['until a day that comes before the year', (text) => text.replace('user', 'user until 31.12.2099')],
    ['until nothing', (text) => text.replace('user', 'user until ')],
    ['until in seconds', (text) => text.replace('user', 'user until 4000000000')],
    ['a line more', (text) => `${text}admin\n`],
  ])('out, and others stay in: %s', async (_, edit) => {
    expect(await written(edit(whole))).toBe(401)
    expect(await status(bob)).toBe(200)
    expect(await written(whole)).toBe(200)
  })

  test('the role is the line, at once', async () => {
    const manage = (): Promise<number> => status(eve, { method: 'POST', path: '/api/pull', body: '{}' })
    expect(await manage()).toBe(403)
    await written(whole.replace('user', 'admin'))
    expect(await manage()).toBe(400) // Ollama's own answer: no model named
    await written(whole.replace('user', `admin until ${day(1)}`).replaceAll('\n', '\r\n'))
    expect(await manage()).toBe(400)
    await written(whole)
    expect(await manage()).toBe(403)
    expect(await status(ann, { method: 'POST', path: '/api/pull', body: '{}' })).toBe(400)
  })

  test("a file for no certificate at all doesn't open the door to strangers", async () => {
    const path = join(dir, 'credentials', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.pem')
    for (const text of ['user\n', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\nuser\n']) {
      writeFileSync(path, text, { mode: 0o644 })
      expect(await status(undefined)).toBe(401)
    }
    rmSync(path)
  })

  test('a folder that the proxy may not read lets nobody in, says so in the log, and breaks no stream', async () => {
    const running = await stream(bob)
    const agent = keptAlive(at)
    expect(await status(ann, { agent })).toBe(200)
    chmodSync(join(dir, 'credentials'), 0)
    try {
      // Root owns the folder's parents, so it is the proxy's user who is shut out, not this test.
      expect([await status(ann, { agent }), await status(bob)]).toEqual([401, 401])
      expect(await proxyLog()).toMatch(/failed to read file.*permission denied/)
    } finally {
      chmodSync(join(dir, 'credentials'), 0o700)
    }
    expect([await status(ann, { agent }), await status(bob)]).toEqual([200, 200])
    expect(await running.whole()).toBe(true)
    agent.destroy()
  })

  test('a stranger without a certificate costs no error in the log', async () => {
    const before = (await proxyLog()).match(/failed to read file/g)?.length ?? 0
    expect(await status(undefined)).toBe(401)
    expect((await proxyLog()).match(/failed to read file/g)?.length ?? 0).toBe(before)
  })
})

test.each([
  ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']], ['RSA', ['-newkey', 'rsa:2048']], ['Ed25519', ['-newkey', 'ed25519']],
])('a key that stayed with its owner logs in: %s', async (kind, key) => {
  const own = mkdtempSync(join(tmpdir(), 'csr-'))
  const csr = execFileSync('openssl', ['req', '-new', ...key, '-nodes', '-keyout', join(own, 'key'), '-subj', '/CN=admin'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const person = `own-${kind}`
  const { files } = await issue(project, { name: person, role: 'user' }, { now: new Date(), csr })
  const login = { headers: {}, cert: readFileSync(join(dir, files?.cert ?? ''), 'utf8'), key: readFileSync(join(own, 'key'), 'utf8') }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) expect(await connect(login, version), version).toMatchObject({ status: 200 })
  expect(await status(login, { method: 'POST', path: '/api/pull', body: '{}' })).toBe(403)
  expect(await proxyLog()).toContain(`"person":"${person}"`)
  rmSync(own, { recursive: true })
})

describe('certificates that only look right', () => {
  const own = mkdtempSync(join(tmpdir(), 'foreign-'))
  const openssl = (...args: string[]): string => execFileSync('openssl', args, { cwd: own, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const read = (file: string): string => readFileSync(join(own, file), 'utf8')
  const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  /** Signed by our own CA, as somebody with ca.key could; but for what `extensions` say like one of ours. */
  const signed = (file: string, extensions: string, ca = [join(dir, 'certs/ca.crt'), join(dir, 'certs/ca.key')]): Login => {
    openssl('req', '-new', ...EC, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', '/CN=ann')
    writeFileSync(join(own, `${file}.ext`), extensions)
    openssl('x509', '-req', '-in', `${file}.csr`, '-CA', ca[0] ?? '', '-CAkey', ca[1] ?? '', '-CAcreateserial', '-CAserial', join(own, 'serial'), '-days', '2', '-out', `${file}.crt`, '-extfile', `${file}.ext`)
    return { headers: {}, cert: read(`${file}.crt`), key: read(`${file}.key`) }
  }
  const LEAF = 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n'
  afterAll(() => rmSync(own, { recursive: true }))

  test('self-signed, of the same name: the handshake ends', async () => {
    openssl('req', '-x509', ...EC, '-keyout', 'self.key', '-out', 'self.crt', '-subj', '/CN=ann', '-days', '2', '-addext', 'extendedKeyUsage=clientAuth')
    await expect(status({ headers: {}, cert: read('self.crt'), key: read('self.key') })).rejects.toBeInstanceOf(TlsAlert)
  })

  test('not yet valid: the handshake ends', async () => {
    const ca = { cert: readFileSync(join(dir, 'certs/ca.crt'), 'utf8'), key: readFileSync(join(dir, 'certs/ca.key'), 'utf8') }
    const pair = await makeClientCert({ ca, person: 'ann', now: new Date(Date.now() + 2 * 86_400_000) })
    await expect(status({ headers: {}, ...pair })).rejects.toBeInstanceOf(TlsAlert)
  })

  test("a CA of the same name with another key, and a client's certificate as a CA: the handshake ends", async () => {
    const subject = openssl('x509', '-in', join(dir, 'certs/ca.crt'), '-noout', '-subject', '-nameopt', 'compat').trim().replace(/^subject=/, '')
    openssl('req', '-x509', ...EC, '-keyout', 'twin.key', '-out', 'twin.crt', '-subj', subject, '-days', '2')
    await expect(status(signed('of-twin', LEAF, ['twin.crt', 'twin.key']))).rejects.toBeInstanceOf(TlsAlert)
    writeFileSync(join(own, 'bob.crt'), bob.cert ?? '')
    writeFileSync(join(own, 'bob.key'), bob.key ?? '')
    const child = signed('of-bob', LEAF, ['bob.crt', 'bob.key'])
    await expect(status({ ...child, cert: `${child.cert}${bob.cert}` })).rejects.toBeInstanceOf(TlsAlert)
  })

  test('of our CA, but over, or only for servers: the handshake ends', async () => {
    const ca = { cert: readFileSync(join(dir, 'certs/ca.crt'), 'utf8'), key: readFileSync(join(dir, 'certs/ca.key'), 'utf8') }
    await expect(status({ headers: {}, ...await makeExpiredCert({ ca, person: 'ann', now: new Date() }) })).rejects.toBeInstanceOf(TlsAlert)
    await expect(status(signed('server', 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n'))).rejects.toBeInstanceOf(TlsAlert)
  })

  test('of our CA, but not in credentials/: 401, whatever it may be used for', async () => {
    for (const [file, extensions] of [['plain', LEAF], ['no-usage', 'basicConstraints=CA:FALSE\n'], ['any-usage', 'extendedKeyUsage=anyExtendedKeyUsage\n'], ['ca', 'basicConstraints=CA:TRUE\n']] as const) {
      expect(await status(signed(file, extensions)), file).toBe(401)
    }
  })

  test("somebody else's certificate without its key is no certificate", async () => {
    const stranger = await newcomer('keyless')
    expect(() => tls.createSecureContext({ cert: ann.cert, key: stranger.key })).toThrow()
  })

  test('a CA file that is empty, or a key: nobody gets in, and `up` says which file', async () => {
    const path = join(dir, 'certs/server/ca.crt')
    const before = readFileSync(path, 'utf8')
    const restarted = async (): Promise<void> => {
      await dockerOk('restart', `${name}-proxy-1`)
      await expect.poll(() => status(undefined).catch(() => 0), { timeout: 10_000 }).toBe(401)
    }
    try {
      for (const wrong of ['', readFileSync(join(dir, 'certs/ca.key'), 'utf8')]) {
        writeFileSync(path, wrong)
        await restarted()
        for (const login of [ann, bob, signed('late', LEAF)]) await expect(status(login)).rejects.toBeInstanceOf(TlsAlert)
        const { code, stdout } = await ollamaStack(['up', '-C', dir, '--json'])
        expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.objectContaining({ code: 'E_CERT_DAMAGED', message: expect.stringContaining('certs/server/ca.crt') as string }) as object }])
      }
    } finally {
      writeFileSync(path, before)
      await restarted()
    }
    expect(await status(ann)).toBe(200)
  })
})

describe('requests that no client sends', () => {
  test.each(['localhost:evil.com', 'localhost:x', 'localhost:', 'localhost:999999', '[localhost', 'localhost]', '999.1.1.1', 'evil.com'])('Host: %s', async (host) => {
    expect((await raw(at, bob, `GET /api/version HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(421)
  })

  test.each([['no number', 'zz\r\n{}\r\n'], ['too long', '2\r\n{}x\r\n'], ['beyond all numbers', 'ffffffffffffffffff\r\n'], ['a bad trailer', '2\r\n{}\r\n0\r\nbad trailer\r\n\r\n']])('a chunk with %s is the fault of who sent it', async (_, body) => {
    const reply = await raw(at, bob, `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
    expect(reply.status).toBe(400)
    expect(JSON.parse(reply.body)).toMatchObject({ error: { message: 'The request body is malformed.', type: 'invalid_request_error' } })
  })
})
