// Whom `connect` trusts, and what it remembers, against plain TLS servers.

import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { once } from 'node:events'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeCa, makeClientCert, makeP12, makeServerCert, type KeyPair } from '../../src/certs/certs.ts'
import { configDir, keep, keptAt, readKept } from '../../src/forward/store.ts'
import { targetOf } from '../../src/forward/target.ts'
import { fingerprint, settle } from '../../src/forward/trust.ts'
import { unreachable } from '../../src/forward/words.ts'
import { topFingerprint } from '../../src/certs/top-cert.ts'
import { closeAll, fake, until } from './connect-rig.ts'
import { ran } from './ran.ts'
import { failure, refusal } from './refusal.ts'

const now = new Date()
const dir = mkdtempSync(join(tmpdir(), 'connect-'))
let ca: KeyPair
let server: KeyPair
let ann: KeyPair

beforeAll(async () => {
  ca = await makeCa({ name: 'home', now })
  server = await makeServerCert({ ca, hosts: ['localhost', '127.0.0.1'], now })
  ann = await makeClientCert({ ca, person: 'ann', now })
  writeFileSync(join(dir, 'ca.crt'), ca.cert)
})
afterEach(closeAll)
afterAll(() => rmSync(dir, { recursive: true }))

const TAGS = '{"models":[]}'
const takes = (authorization: string, challenge: string): RequestListener => (request, response) => {
  if (request.headers.authorization === authorization) return void response.end(TAGS)
  response.writeHead(401, { 'www-authenticate': challenge }).end('{"error":"A valid key is needed."}')
}
const bearer = takes('Bearer olsk_1', 'Bearer realm="Ollama"')
const basic = takes(`Basic ${Buffer.from('ann:pässwörd').toString('base64')}`, 'Basic realm="Ollama", charset="UTF-8"')
const number = (pem: string): string => new X509Certificate(pem).fingerprint256

describe('the certificate', () => {
  const none = { ca: undefined, pinned: undefined, fingerprint: undefined }

  test('signed by nobody known, and nobody there to ask: refused with the number and the line to type', async () => {
    const { url } = await fake(bearer, server)
    const error = await settle(targetOf(url), none, {}, null).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'E_UNTRUSTED', message: expect.stringContaining(`"home Ollama CA", which this machine doesn't know. SHA-256 fingerprint:\n${number(ca.cert)}`) })
    expect(error).toMatchObject({ hint: expect.stringContaining(`ollama-stack connect ${url} --fingerprint ${number(ca.cert)}\n`) })
  })

  test('agreed to: the CA is what is remembered, so a renewed certificate is no news', async () => {
    const { url, close } = await fake(bearer, server)
    const asked: string[] = []
    const trust = await settle(targetOf(url), none, {}, async ({ fingerprint: shown }) => { asked.push(shown); return true })
    expect({ asked, trust }).toEqual({ asked: [number(ca.cert)], trust: { ca: new X509Certificate(ca.cert).toString(), fresh: true } })
    close()
    const renewed = await makeServerCert({ ca, hosts: ['127.0.0.1'], now })
    await fake(bearer, renewed, Number(new URL(url).port))
    expect(await settle(targetOf(url), { ...none, pinned: trust.ca ?? '' }, {}, null)).toMatchObject({ fresh: false })
  })

  test('not agreed to: nothing is trusted', async () => {
    const { url } = await fake(bearer, server)
    await expect(settle(targetOf(url), none, {}, async () => false)).rejects.toMatchObject({ code: 'E_UNTRUSTED' })
  })

  test('another one than the remembered: refused with both numbers', async () => {
    const other = await makeCa({ name: 'home', now })
    const { url } = await fake(bearer, await makeServerCert({ ca: other, hosts: ['127.0.0.1'], now }))
    const error = await settle(targetOf(url), { ...none, pinned: ca.cert }, {}, async () => true).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'E_CERT_CHANGED', message: expect.stringContaining(`Trusted: ${number(ca.cert)}\nShown:   ${number(other.cert)}`) })
  })

  test("a stranger who shows the real CA's certificate beside his own", async () => {
    const other = await makeCa({ name: 'home', now })
    const leaf = await makeServerCert({ ca: other, hosts: ['127.0.0.1'], now })
    const mixed = { cert: leaf.cert.replace(other.cert, ca.cert), key: leaf.key }
    const { url } = await fake(bearer, mixed)
    await expect(settle(targetOf(url), { ...none, fingerprint: number(ca.cert) }, {}, null)).rejects.toMatchObject({ code: 'E_FINGERPRINT' })
    await expect(settle(targetOf(url), { ...none, ca: ca.cert }, {}, null)).rejects.toMatchObject({ code: 'E_CERT_CHANGED' })
  })

  test('by its fingerprint; another one is refused', async () => {
    const { url } = await fake(bearer, server)
    expect(await settle(targetOf(url), { ...none, fingerprint: number(ca.cert) }, {}, null)).toMatchObject({ fresh: true })
    await expect(settle(targetOf(url), { ...none, fingerprint: number(server.cert) }, {}, null)).rejects.toMatchObject({ code: 'E_FINGERPRINT' })
  })

  test('a self-signed one without a CA', async () => {
    const alone = { cert: server.cert.slice(0, server.cert.indexOf(ca.cert)), key: server.key }
    const { url } = await fake(bearer, alone)
    const trust = await settle(targetOf(url), none, {}, async () => true)
    expect(number(trust.ca ?? '')).toBe(number(alone.cert))
  })

  test.each<[string, { hosts: string[]; now: Date }, string, RegExp]>([
    ['for another name', { hosts: ['nas.lan', '10.0.0.2'], now }, 'E_CERT_NAME', /is for nas\.lan, 10\.0\.0\.2, not for 127\.0\.0\.1/],
    ['expired', { hosts: ['127.0.0.1'], now: new Date(now.getTime() - 400 * 86_400_000) }, 'E_CERT_EXPIRED', /has expired/],
    ['from the future', { hosts: ['127.0.0.1'], now: new Date(now.getTime() + 2 * 86_400_000) }, 'E_CERT_EXPIRED', /isn't valid yet/],
  ])('%s: refused in words, whoever agrees', async (_what, wish, code, words) => {
    const ca = await makeCa({ name: 'home', now: new Date(now.getTime() - 500 * 86_400_000) })
    const { url } = await fake(bearer, await makeServerCert({ ca, ...wish }))
    for (const trust of [{ ...none, ca: ca.cert }, { ...none, fingerprint: number(ca.cert) }, none]) {
      await expect(settle(targetOf(url), trust, {}, async () => true)).rejects.toMatchObject({ code, message: expect.stringMatching(words) })
    }
  })

  test("the owner's number is the same", async () => {
    expect(topFingerprint(server.cert)).toBe(number(ca.cert))
    // What didn't sign the one before it doesn't count: another CA, one of the same name, no CA at all.
    for (const name of ['other', 'home']) expect(topFingerprint(server.cert.replace(ca.cert, (await makeCa({ name, now })).cert))).toBe(number(server.cert))
    expect(topFingerprint(server.cert.replace(ca.cert, ann.cert))).toBe(number(server.cert))
    expect(topFingerprint('')).toBeUndefined()
    const hex = number(ca.cert).replaceAll(':', '')
    for (const spelt of [number(ca.cert), hex.toLowerCase(), `SHA256:${hex}`, `sha256 Fingerprint=${number(ca.cert)}`]) expect(fingerprint(spelt)).toBe(number(ca.cert))
    expect(refusal(() => fingerprint('SHA1:ab')).message).toContain('64 hexadecimal digits')
  })
})

describe('why a stack is out of reach', () => {
  // Caddy's alerts and the system's codes, as Node names them.
  test.each<[string, string, RegExp]>([
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'E_CERT_REFUSED', /refuses the client certificate: it is from another CA\./],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'E_CERT_REFUSED', /it has expired\. .*user rotate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'E_CERT_REQUIRED', /wants a client certificate\. .*--p12/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'E_NO_TLS', /doesn't speak TLS.*http:\/\/nas\.lan:8443/],
    ['ENOTFOUND', 'E_NO_NAME', /no such name\./],
    ['EAI_AGAIN', 'E_NO_NAME', /out of reach\./],
    ['ETIMEDOUT', 'E_TIMEOUT', /can't be reached.*VPN/],
    ['EHOSTUNREACH', 'E_TIMEOUT', /can't be reached/],
    ['ECONNRESET', 'E_CLOSED', /closed the connection/],
    ['HPE_INVALID_CONSTANT', 'E_NO_HTTP', /isn't HTTP/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'E_CERT_CHANGED', /somebody is in between\. Nothing secret was sent\./],
    ['ESOMETHING', 'E_NO_ANSWER', /can't be used: ESOMETHING/],
  ])('%s: %s', (code, known, words) => {
    const error = unreachable(targetOf('https://nas.lan:8443'), Object.assign(new Error(code), { code }), true)
    expect(error.code).toBe(known)
    expect(`${error.message} ${error.hint}`).toMatch(words)
  })
})

describe('what is kept', () => {
  const path = keptAt(dir, { url: 'https://[fd00::1]:8443' })

  test('one file for each stack, for its owner alone', () => {
    expect(path).toBe(join(dir, 'https_@fd00@@1@@8443.json'))
    keep(path, dir, { login: 'bearer', secret: 'olsk_1' })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readKept(path)).toEqual({ login: 'bearer', secret: 'olsk_1' })
    expect(readKept(join(dir, 'none.json'))).toEqual({})
  })

  test.each([['https://nas:8443', 'https://nas-8443'], ['http://a!b', 'http://a-b'], ['https://nas:8443', 'http://nas:8443'], ['http://a_b', 'http://a-b']])('the login of %s is not that of %s', (one, other) => {
    expect(keptAt(dir, targetOf(one))).not.toBe(keptAt(dir, targetOf(other)))
  })

  test.each<[string, () => void, RegExp]>([
    ['others may read it', () => chmodSync(path, 0o640), /may read or write it \(mode 0640\)/],
    ['damaged', () => writeFileSync(path, '{"secret":'), /is damaged/],
    ['of another shape', () => writeFileSync(path, '{"secret":7}'), /is damaged/],
    ['a link', () => { rmSync(path); symlinkSync('/dev/null', path) }, /isn't a file/],
  ])('%s: refused, and never passed over', (_what, harm, words) => {
    rmSync(path, { force: true })
    keep(path, dir, { secret: 'olsk_1' })
    harm()
    expect(failure(() => readKept(path))).toMatchObject({ code: 'E_KEPT', message: expect.stringMatching(words) })
  })

  test.each<[Record<string, string>, NodeJS.Platform, string]>([
    [{}, 'linux', '/home/ann/.config/ollama-stack'],
    [{ XDG_CONFIG_HOME: '/x' }, 'linux', '/x/ollama-stack'],
    [{ XDG_CONFIG_HOME: 'x' }, 'linux', '/home/ann/.config/ollama-stack'],
    [{ XDG_CONFIG_HOME: '/x' }, 'darwin', '/home/ann/Library/Application Support/ollama-stack'],
    [{ APPDATA: '/roaming' }, 'win32', '/roaming/ollama-stack'],
  ])('%j on %s: %s', (env, platform, expected) => expect(configDir(env, platform, '/home/ann')).toBe(expected))
})

describe('the command', () => {
  /** Runs until it listens or ends; what it said. */
  async function connected(argv: string[], { stdin = '', env = {}, during }: { stdin?: string; env?: Record<string, string>; during?: (url: string) => Promise<void> } = {}) {
    const controller = new AbortController()
    const free = await freePort()
    const running = ran(dir, ['connect', ...argv, '--port', String(free), '--json'], { stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]), env: { XDG_CONFIG_HOME: dir, ...env }, signal: controller.signal })
    let ended = false
    void running.finally(() => (ended = true))
    const at = `http://127.0.0.1:${free}`
    for (let i = 0; i < 200 && !ended; i++) {
      // With Ollama's own path: the door is closed again while the login is looked at.
      const answer = await fetch(`${at}/api/tags`).catch(() => null)
      if (answer?.status === 200) {
        await during?.(at)
        controller.abort()
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const { code, out, err } = await running
    return { code, err, document: JSON.parse(out) as Record<string, unknown> & { error?: { code: string; message: string; hint: string } } }
  }
  async function freePort(): Promise<number> {
    const { url, close } = await fake(() => {})
    close()
    await until(() => true)
    return Number(new URL(url).port)
  }

  test('asks the server which login; a key from stdin, kept, used again, forgotten', async () => {
    const { url } = await fake(bearer, server)
    const first = await connected([url, '--ca', 'ca.crt', '--secret-stdin', '--save'], { stdin: 'olsk_1\n' })
    const file = keptAt(join(dir, 'ollama-stack'), { url })
    expect(first).toMatchObject({ code: 0, document: { forwarding: url, login: 'bearer', user: null, ca: number(ca.cert), kept: file } })
    expect(first.err).not.toContain('olsk_1')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await connected([url])).toMatchObject({ code: 0, document: { login: 'bearer', ca: number(ca.cert) } })
    expect(await ran(dir, ['connect', url, '--forget', '--json'], { env: { XDG_CONFIG_HOME: dir } })).toMatchObject({ code: 0, out: '{"forgotten":true}\n' })
    expect((await connected([url])).document.error?.code).toBe('E_UNTRUSTED')
  })

  test('a fingerprint that was given once is remembered, the login only if wanted', async () => {
    const { url } = await fake(bearer, server)
    const env = { OLLAMA_STACK_SECRET: 'olsk_1' }
    expect((await connected([url, '--fingerprint', number(ca.cert)], { env })).document).toMatchObject({ login: 'bearer', kept: null })
    expect(readKept(keptAt(join(dir, 'ollama-stack'), { url }))).toEqual({ ca: new X509Certificate(ca.cert).toString() })
    expect((await connected([url], { env })).document).toMatchObject({ ca: number(ca.cert) })
  })

  test('name and password, with letters beyond ASCII, from the environment; not kept unasked', async () => {
    const { url } = await fake(basic)
    const { document } = await connected([url, '--user', 'ann'], { env: { OLLAMA_STACK_SECRET: 'pässwörd' } })
    expect(document).toMatchObject({ login: 'basic', user: 'ann', ca: null, kept: null })
    expect((await connected([url, '--user', 'ann'])).document.error).toMatchObject({ code: 'E_SECRET', message: 'The stack wants the password of ann, and there is no terminal to ask for it.' })
    expect((await connected([url])).document.error).toMatchObject({ code: 'E_USER_NAME', hint: `Add it: ollama-stack connect ${url} --user NAME` })
  })

  test("a wrong one is told at the start, in the server's words", async () => {
    const { url } = await fake(bearer)
    expect(await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk_2' } })).toMatchObject({ code: 1, document: { error: { code: 'E_LOGIN', message: expect.stringMatching(/refuses the key: A valid key is needed\.$/) } } })
    expect(await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk 1\r\nX: y' } })).toMatchObject({ code: 2, document: { error: { code: 'E_SECRET' } } })
  })

  test('a client certificate, as PEM and as PKCS#12; what is wrong with one is said', async () => {
    const { url } = await fake((request, response) => {
      if ((request.socket as unknown as { authorized: boolean }).authorized) return void response.end(TAGS)
      response.writeHead(401, { 'www-authenticate': 'Certificate realm="Ollama"' }).end('{"error":"A client certificate is needed."}')
    }, { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: false })
    const put = (name: string, content: string | Uint8Array, mode = 0o600): void => writeFileSync(join(dir, name), content, { mode })
    put('ann.crt', ann.cert)
    put('ann.key', ann.key)
    put('open.key', ann.key, 0o644)
    put('ann.p12', makeP12({ ...ann, ca: ca.cert, password: 'open-sesame', name: 'ann' }))
    expect((await connected([url, '--ca', 'ca.crt', '--cert', 'ann.crt', '--key', 'ann.key'])).document).toMatchObject({ login: 'certificate', user: null })
    expect((await connected([url, '--p12', 'ann.p12', '--secret-stdin'], { stdin: 'open-sesame' })).document).toMatchObject({ login: 'certificate' })
    const refused = async (...argv: string[]): Promise<string> => (await connected([url, '--ca', 'ca.crt', ...argv], { env: { OLLAMA_STACK_SECRET: 'wrong' } })).document.error?.message ?? ''
    expect(await refused()).toBe('The stack wants a client certificate.')
    expect(await refused('--cert', 'ann.crt', '--key', 'open.key')).toContain('others on this machine may read or write it')
    expect(await refused('--cert', 'ca.crt', '--key', 'ann.key')).toContain('the key belongs to another certificate')
    expect(await refused('--p12', 'ann.p12')).toContain('the password is wrong')
    expect(await refused('--p12', 'ann.crt')).toContain("it isn't a PKCS#12 file")
    expect(await refused('--cert', 'ann.crt')).toContain('--cert needs --key FILE too')
  })

  test.each<[number, Record<string, string>, string, string, RegExp]>([
    [421, {}, '{"error":"This server does not answer to that host name."}', 'E_SERVER', /answers 421: This server does not answer to that host name\.\n.*--host/],
    [403, {}, '{"error":"This address may not connect."}', 'E_SERVER', /answers 403: This address may not connect\.\n.*--allow/],
    [429, {}, '{"error":"Too many requests. Try again later."}', 'E_SERVER', /Wait a moment/],
    [502, {}, '{"error":"Ollama can not be reached."}', 'E_SERVER_DOWN', /answers 502: Ollama can not be reached\.\n.*ollama-stack status/],
    [404, {}, '<html>\u001b[2J</html>', 'E_SERVER', /answers 404\.\n.*the right port/],
    [401, { 'www-authenticate': 'Negotiate' }, '', 'E_LOGIN_KIND', /of a kind that isn't known here: "Negotiate"/],
    [401, {}, '', 'E_LOGIN_KIND', /it names none/],
  ])('a server that answers %i %j', async (status, headers, body, code, words) => {
    const { url } = await fake((_request, response) => response.writeHead(status, headers).end(body))
    const { document: { error } } = await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk_1' } })
    expect(error?.code).toBe(code)
    expect(`${error?.message}\n${error?.hint}`).toMatch(words)
  })

  test('several schemes in one header: the first one that is known', async () => {
    const { url } = await fake(takes('Bearer olsk_1', 'Negotiate, Bearer realm="a, Basic b"'))
    expect((await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk_1' } })).document).toMatchObject({ login: 'bearer' })
  })

  test('a server that wants no login: forwarded all the same, and said', async () => {
    const { url } = await fake((_request, response) => response.end(TAGS))
    const { document, err } = await connected([url])
    expect(document).toMatchObject({ login: 'none', kept: null })
    expect(err).toContain(`Whoever reaches ${url} can use it.`)
  })

  test('a login that ends while it runs: told once, until something works again', async () => {
    let good = true
    const { url } = await fake((request, response) => (good ? bearer(request, response) : void response.writeHead(401).end()))
    const { err } = await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk_1' }, during: async (at) => {
      const ask = async (): Promise<number> => (await fetch(`${at}/api/tags`)).status
      good = false
      expect([await ask(), await ask()]).toEqual([401, 401])
      good = true
      expect(await ask()).toBe(200)
      good = false
      expect(await ask()).toBe(401)
    } })
    expect(err.match(/Warning: The stack refuses the login/g)).toHaveLength(2)
  })

  test('what was kept lets it start while the stack is away', async () => {
    const { url, close } = await fake(bearer)
    await connected([url, '--secret-stdin', '--save'], { stdin: 'olsk_1' })
    close()
    const controller = new AbortController()
    const running = ran(dir, ['connect', url, '--port', String(await freePort())], { env: { XDG_CONFIG_HOME: dir }, signal: controller.signal })
    setTimeout(() => controller.abort(), 500)
    expect(await running).toMatchObject({ code: 0, out: expect.stringContaining('with the key.'), err: expect.stringMatching(/Nothing listens at .* Each request tries again\./) })
    await ran(dir, ['connect', url, '--forget'], { env: { XDG_CONFIG_HOME: dir } })
    expect((await connected([url])).document.error?.code).toBe('E_REFUSED')
  })

  test('a port that is taken: by whom, and which one is free', async () => {
    const { url } = await fake(bearer)
    const ollama = await fake((_request, response) => response.end('{"version":"0.32.15"}'))
    const { port } = new URL(ollama.url)
    const { code, err } = await ran(dir, ['connect', url, '--port', port], { env: { OLLAMA_STACK_SECRET: 'olsk_1' } })
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(new RegExp(`^Error: Port ${port} of 127\\.0\\.0\\.1 is taken: an Ollama of this machine listens there \\(version 0\\.32\\.15\\)\\.\n  .*--port \\d+, and tell the tools: OLLAMA_HOST=127\\.0\\.0\\.1:\\d+\n$`)) })
    await connected([url], { env: { OLLAMA_STACK_SECRET: 'olsk_1' }, during: async (at) => {
      expect((await ran(dir, ['connect', url, '--port', new URL(at).port])).err).toContain('another ollama-stack connect listens there')
    } })
  })

  test('a port that says nothing over HTTP: the program, where the system tells; an address that is not here', async () => {
    const { url } = await fake(bearer)
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const port = String((silent.address() as net.AddressInfo).port)
    const { err } = await ran(dir, ['connect', url, '--port', port], { env: { OLLAMA_STACK_SECRET: 'olsk_1' } })
    silent.close()
    expect(err).toMatch(process.platform === 'linux' ? new RegExp(`the program .+ \\(process ${process.pid}\\) listens there`) : /another program listens there/)
    expect((await connected([url, '--bind', '203.0.113.9'], { env: { OLLAMA_STACK_SECRET: 'olsk_1' } })).document.error).toMatchObject({ code: 'E_BIND', message: '203.0.113.9 is not an address of this machine.' })
  })

  test.each<[string[], string, RegExp]>([
    [['nas.lan:8443'], 'E_URL', /connect https:\/\/nas\.lan:8443/],
    [['ftp://nas.lan'], 'E_URL', /neither https/],
    [['https://nas.lan:8443/v1'], 'E_URL', /no path.*connect https:\/\/nas\.lan:8443\n/s],
    [['https://ann:hunter2@nas.lan'], 'E_URL', /^(?!.*hunter2).*--user ann/s],
    [['http://10.1.2.3:8880'], 'E_INSECURE_HTTP', /--insecure-http/],
    [['http://127.0.0.1:1', '--bind', '0.0.0.0'], 'E_BIND', /hand your login to everybody/],
    [['http://127.0.0.1:1', '--origin', '*'], 'E_ORIGIN', /every web page/],
    [['http://127.0.0.1:1', '--service', 'launchd'], 'E_VALUE', /systemd/],
  ])('%j: %s', async (argv, code, words) => {
    const { code: exit, out } = await ran(dir, ['connect', ...argv, '--json'])
    const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string } }
    expect({ exit, code: error.code }).toEqual({ exit: 2, code })
    expect(`${error.message}\n${error.hint}\n`).toMatch(words)
  })
})
