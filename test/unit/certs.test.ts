// The certificates, judged by the programs that will meet them: OpenSSL, Python, Node, NSS, GnuTLS.

import { execFile } from 'node:child_process'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCa, makeClientCert, makeExpiredCert, makeServerCert, strangerCert } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import type { KeyPair as Pair } from '../../src/certs/certs.ts'
import { bmp as bmpString, integer, octets, oid, set as setOf } from '../../src/certs/der.ts'
import { makeP12 } from '../../src/certs/p12.ts'

const HOSTS = ['ollama.lan', 'localhost', '127.0.0.1', '::1']
const PASSWORD = 'password-1'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = new Date()
const run = promisify(execFile)

let dir: string
let ca: Pair
let server: Pair
let client: Pair
let expired: Pair
let stranger: Pair
let p12: Buffer

const at = (name: string) => join(dir, name)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'certs-test-'))
  ca = await makeCa({ name: 'lab', now })
  server = await makeServerCert({ ca, hosts: HOSTS, now })
  client = await makeClientCert({ ca, person: 'ana', now })
  expired = await makeExpiredCert({ ca, person: 'ana', now })
  stranger = await strangerCert({ person: 'ana', now })
  p12 = Buffer.from(makeP12({ ...client, ca: ca.cert, password: PASSWORD, name: 'ana @ läb' }))
  for (const [name, pair] of Object.entries({ ca, server, client, expired, stranger })) {
    writeFileSync(at(`${name}.crt`), pair.cert)
    writeFileSync(at(`${name}.key`), pair.key)
  }
  writeFileSync(at('client.p12'), p12)
  writeFileSync(at('password'), PASSWORD)
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('what is in them', () => {
  test('the CA', () => {
    const info = readCert(ca.cert)
    expect(info).toMatchObject({ cn: 'lab Ollama CA', sans: [], isCa: true })
    expect(info.notBefore.getTime()).toBeLessThanOrEqual(now.getTime() - HOUR)
    expect(info.notAfter.getFullYear() - now.getFullYear()).toBeGreaterThanOrEqual(9)
    expect(new X509Certificate(ca.cert).verify(new X509Certificate(ca.cert).publicKey)).toBe(true)
  })

  test('the server certificate: a chain, for every host, for a year', () => {
    const info = readCert(server.cert)
    expect(info).toMatchObject({ cn: 'Ollama', sans: ['ollama.lan', 'localhost', '127.0.0.1', '::1'], isCa: false })
    expect(info.notAfter.getTime() - info.notBefore.getTime()).toBe(365 * DAY)
    expect(server.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(server.cert.endsWith(ca.cert)).toBe(true)
  })

  test('the client certificate', () => {
    const info = readCert(client.cert)
    expect(info).toMatchObject({ cn: 'ana', sans: [], isCa: false })
    expect(info.fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(info.notAfter.getTime() - info.notBefore.getTime()).toBe(365 * DAY)
    expect(new X509Certificate(client.cert).keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  })

  test('says when it was made, and ends where it is told to', async () => {
    expect(readCert(client.cert).issued).toEqual(new Date(Math.floor(now.getTime() / 1000) * 1000))
    const soon = new Date(readCert(client.cert).notAfter.getTime() - 300 * DAY)
    expect(readCert((await makeClientCert({ ca, person: 'ana', now, expires: soon })).cert).notAfter).toEqual(soon)
    const never = new Date(now.getTime() + 5000 * DAY)
    expect(readCert((await makeClientCert({ ca, person: 'ana', now, expires: never })).cert).notAfter).toEqual(readCert(client.cert).notAfter)
  })

  test('the keys are PKCS#8 on P-256 and fit their certificates', () => {
    for (const { cert, key } of [ca, server, client, stranger]) {
      expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
      expect(key.endsWith('-----\n')).toBe(true)
      expect(createPrivateKey(key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
      expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true)
    }
  })

  test('serials are 20 bytes, positive and never twice the same', async () => {
    const pairs = await Promise.all(Array.from({ length: 50 }, () => makeClientCert({ ca, person: 'ana', now })))
    const serials = pairs.map(pair => new X509Certificate(pair.cert).serialNumber)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/)
    expect(new Set(serials).size).toBe(50)
  })

  const AWKWARD = ['bob, CN=admin', 'a+b=c', 'Acme, Inc.', '"q"', 'back\\slash', '#hash', '<a;b>', 'Zoë 李', ' space ', 'x\nCN=y']
  test.each(AWKWARD)('a name is data: %j', async name => {
    const { cert } = await makeClientCert({ ca, person: name, now })
    expect(new X509Certificate(cert).subject.match(/^CN=/gm)).toHaveLength(1)
    const fields = new X509Certificate(cert).toLegacyObject().subject
    expect(fields).toEqual({ CN: name })
    expect(readCert(cert).cn).toBe(name)
  })

  const TRICKS = ['a+CN=admin', 'a,O=x', ',', '"', '\\', 'a\\', '\\0a', 'x\\0Ay', '=', ' ', '#0c0161']
  test.each([...AWKWARD, ...TRICKS])("a name is data, for strangers too: %j", async name => {
    const { cert } = await strangerCert({ person: name, now })
    expect(new X509Certificate(cert).toLegacyObject().subject).toEqual({ CN: name })
    expect(readCert(cert)).toMatchObject({ cn: name, issuer: 'Foreign CA' })
  })

  test('the issuer is read as it is', async () => {
    const odd = await makeCa({ name: 'a, "b" + ü', now })
    expect(readCert((await makeClientCert({ ca: odd, person: 'ana', now })).cert).issuer).toBe('a, "b" + ü Ollama CA')
  })

  test.each([makeClientCert, makeExpiredCert, (of: { person: string; now: Date }) => strangerCert(of)])('a name of 1 to 64 characters (%#)', async make => {
    for (const person of ['', 'x'.repeat(65), '😀'.repeat(65)]) {
      await expect(make({ ca, person, now })).rejects.toMatchObject({ code: 'E_CERT_PERSON' })
    }
    for (const person of ['x'.repeat(64), '😀'.repeat(64)]) expect(readCert((await make({ ca, person, now })).cert).cn).toBe(person)
  })

  test("a CA's key that isn't its own signs nothing", async () => {
    const wanted = { code: 'E_CA_MISMATCH', hint: expect.stringContaining('Put back the key that belongs to certs/ca.crt') }
    const other = await makeCa({ name: 'lab', now })
    for (const key of [other.key, '', 'x', ca.cert]) {
      const mixed = { cert: ca.cert, key }
      await expect(makeClientCert({ ca: mixed, person: 'ana', now })).rejects.toMatchObject(wanted)
      await expect(makeExpiredCert({ ca: mixed, person: 'ana', now })).rejects.toMatchObject(wanted)
      await expect(makeServerCert({ ca: mixed, hosts: HOSTS, now })).rejects.toMatchObject(wanted)
    }
    await expect(makeClientCert({ ca: { cert: 'x', key: ca.key }, person: 'ana', now })).rejects.toMatchObject({ code: 'E_CERT_DAMAGED' })
  })

  test('a long project name is cut where RFC 5280 ends a common name', async () => {
    expect(readCert((await makeCa({ name: 'x'.repeat(80), now })).cert).cn).toMatch(/^x{54} Ollama CA$/)
  })

  test('international host names go in as they go over the wire', async () => {
    const { cert } = await makeServerCert({ ca, hosts: ['Bücher.lan'], now })
    expect(readCert(cert).sans).toEqual(['xn--bcher-kva.lan'])
  })

  test.each([
    ['ollama.home.arpa'], ['nas'], ['1.a'], ['xn--bcher-kva.lan'], ['a'.repeat(63)], [`${'a.'.repeat(126)}a`],
    ['bücher.example', 'xn--bcher-kva.example'],
    // A full stop at the end is for the resolver alone: clients take it off before they compare.
    ['nas.lan.', 'nas.lan'],
    ['nas。lan', 'nas.lan'],
  ])('a host: %j', async (host, name = host) => {
    expect(readCert((await makeServerCert({ ca, hosts: [host], now })).cert).sans).toEqual([name])
  })

  test.each([
    '', '.', 'a b', ' a', 'a\n', 'a\tb', 'a\0b', 'a\u00adb', '1.2.3', '999', '01.2.3.4', '1.2.3.4.', 'a/x', 'a?b', 'a#b', 'a\\b', 'a%62', 'a,b', 'a..b', 'a..', '.a',
    '[::1]', '-a', 'a-', 'a.-b', 'a'.repeat(64), `${'a.'.repeat(127)}a`, 'user@a', 'a:80', '*', '*.lan', '＊', 'my_host', "a'b", 'xn--a', '::g', 'DNS:a',
  ])('no host: %j', async host => {
    await expect(makeServerCert({ ca, hosts: ['nas', host], now })).rejects.toMatchObject({
      code: 'E_CERT_HOST', message: expect.stringContaining('neither a DNS name nor'),
    })
  })

  test.each([
    ['::ffff:1.2.3.4', '::ffff:102:304'], ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'], ['FD00:0:0:0:0:0:0:20', 'fd00::20'], ['::', '::'], ['1::', '1::'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], ['127.0.0.1', '127.0.0.1'],
  ])('an address: %s', async (host, short) => {
    const { cert } = await makeServerCert({ ca, hosts: [host, short], now })
    expect(readCert(cert).sans).toEqual([short])
    expect(new X509Certificate(cert).checkIP(host)).toBe(host)
  })

  test('no address with a zone: it means something on one machine only', async () => {
    await expect(makeServerCert({ ca, hosts: ['fe80::1%eth0'], now })).rejects.toMatchObject({ code: 'E_CERT_HOST', message: expect.stringContaining('zone') })
  })

  test('no hosts', async () => {
    await expect(makeServerCert({ ca, hosts: [], now })).rejects.toThrow('at least one')
  })

  test('no certificate outlives its CA', async () => {
    const late = new Date(now.getTime() + 9.5 * 365 * DAY)
    const { cert } = await makeClientCert({ ca, person: 'ana', now: late })
    expect(readCert(cert).notAfter).toEqual(readCert(ca.cert).notAfter)
  })

  test('readCert takes certificates only', () => {
    const half = client.cert.slice(0, client.cert.length / 2)
    const label = client.key.replaceAll('PRIVATE KEY', 'CERTIFICATE')
    for (const text of ['', 'x', '\n', client.key, half, label, new X509Certificate(client.cert).raw.toString('hex')]) {
      expect(() => readCert(text)).toThrow(expect.objectContaining({ name: 'StackError', code: 'E_CERT_DAMAGED' }))
    }
  })

  test('readCert finds the certificate after a key and after words', () => {
    expect(readCert(`${client.key}${client.cert}`)).toEqual(readCert(client.cert))
    expect(readCert(`ana's\n${client.cert}${ca.cert}`).cn).toBe('ana')
  })

  test('readCert reads what others made', async () => {
    const names = 'DNS:nas,IP:fd00::20,IP:10.0.0.1,email:a@b,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:x'
    const { stdout } = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('other.key'), '-subj', '/O=Acme/CN=a, b/CN=c', '-addext', `subjectAltName=${names}`])
    expect(readCert(stdout)).toMatchObject({ cn: 'a, b', issuer: 'a, b', isCa: true })
    expect(readCert(stdout).sans.slice(0, 4)).toEqual(['nas', 'fd00::20', '10.0.0.1', 'a@b'])
    const bare = await run('openssl', ['req', '-x509', '-key', at('other.key'), '-subj', '/O=Acme'])
    expect(readCert(bare.stdout)).toMatchObject({ cn: '', issuer: '', sans: [] })
  })
})

describe('OpenSSL', () => {
  const verify = (file: string, ...more: string[]) =>
    run('openssl', ['verify', '-x509_strict', '-CAfile', at('ca.crt'), ...more, at(file)])

  test('takes each for its own purpose, strictly', async () => {
    for (const [file, purpose] of [['server.crt', 'sslserver'], ['client.crt', 'sslclient']] as const) {
      expect((await verify(file, '-purpose', purpose)).stdout).toMatch(/: OK\n$/)
    }
    expect((await verify('ca.crt')).stdout).toMatch(/: OK\n$/)
  })

  test('takes neither for the other purpose', async () => {
    await expect(verify('server.crt', '-purpose', 'sslclient')).rejects.toThrow(/unsuitable certificate purpose|unsupported certificate purpose/)
    await expect(verify('client.crt', '-purpose', 'sslserver')).rejects.toThrow(/unsuitable certificate purpose|unsupported certificate purpose/)
  })

  test('refuses the stranger, the expired, and the wrong host', async () => {
    await expect(run('openssl', ['verify', '-CAfile', at('ca.crt'), at('stranger.crt')])).rejects.toThrow('local issuer')
    await expect(verify('expired.crt')).rejects.toThrow('has expired')
    await expect(verify('server.crt', '-verify_hostname', 'evil.lan')).rejects.toThrow(/hostname mismatch/i)
  })

  test('takes the longest name and every kind of address, strictly', async () => {
    const odd = await makeServerCert({ ca, hosts: ['::ffff:1.2.3.4', 'fd00::20', `${'a.'.repeat(126)}a`], now })
    writeFileSync(at('odd.crt'), odd.cert)
    for (const ip of ['::ffff:1.2.3.4', 'fd00::20']) expect((await verify('odd.crt', '-verify_ip', ip)).stdout).toMatch(/: OK\n$/)
    writeFileSync(at('long.crt'), (await makeClientCert({ ca, person: '李'.repeat(64), now })).cert)
    expect((await verify('long.crt', '-purpose', 'sslclient')).stdout).toMatch(/: OK\n$/)
  })

  test('sees one name where a stranger tries for two', async () => {
    writeFileSync(at('trick.crt'), (await strangerCert({ person: 'a+CN=b, O=c', now })).cert)
    const { stdout } = await run('openssl', ['x509', '-noout', '-subject', '-nameopt', 'sep_multiline', '-in', at('trick.crt')])
    expect(stdout).toBe('subject=\n    CN=a+CN=b, O=c\n')
  })

  test('sees the extensions', async () => {
    const show = async (file: string) => (await run('openssl', ['x509', '-noout', '-text', '-in', at(file)])).stdout
    const text = await show('ca.crt')
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/)
    expect(text).toContain('ecdsa-with-SHA256')
    for (const [file, usage] of [['server.crt', 'Server'], ['client.crt', 'Client']] as const) {
      const leaf = await show(file)
      expect(leaf).toMatch(/Key Usage: critical\s+Digital Signature\n/)
      expect(leaf).toMatch(new RegExp(`Extended Key Usage: \\s+TLS Web ${usage} Authentication\\n`))
      expect(leaf).toContain('Subject Key Identifier')
      expect(leaf).toContain('Authority Key Identifier')
    }
  })
})

describe('a TLS server that asks for client certificates', () => {
  let port: number
  let listener: tls.Server

  beforeAll(async () => {
    listener = tls.createServer({ ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true }, socket => {
      const subject = socket.getPeerCertificate().subject
      socket.on('error', () => {})
      socket.end(`hello ${subject.CN}`)
    })
    await new Promise<void>(done => listener.listen(0, '127.0.0.1', done))
    port = (listener.address() as AddressInfo).port
  })

  afterAll(() => listener.close())

  const greet = (login: tls.ConnectionOptions, servername = 'ollama.lan') => new Promise<string>((done, fail) => {
    let text = ''
    tls.connect({ host: '127.0.0.1', port, servername, ca: ca.cert, ...login })
      .setEncoding('utf8')
      .on('data', (chunk: string) => { text += chunk })
      .on('error', fail)
      .on('close', () => (text ? done(text) : fail(new Error('closed'))))
  })

  test('lets the client in, and with the p12', async () => {
    expect(await greet(client)).toBe('hello ana')
    expect(await greet({ pfx: p12, passphrase: PASSWORD })).toBe('hello ana')
  })

  test('every host of the certificate is right, another is not', async () => {
    const leaf = new X509Certificate(server.cert)
    expect(leaf.checkHost('localhost')).toBe('localhost')
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(leaf.checkIP('::1')).toBe('::1')
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined()
    await expect(greet(client, 'evil.lan')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test('refuses everybody else', async () => {
    await expect(greet({})).rejects.toThrow()
    await expect(greet({ cert: stranger.cert, key: stranger.key })).rejects.toThrow()
    await expect(greet({ cert: server.cert, key: server.key })).rejects.toThrow()
    await expect(greet({ cert: expired.cert, key: expired.key })).rejects.toThrow()
  })

  test('tells a client that the server is by another CA', async () => {
    const other = await makeCa({ name: 'other', now })
    await expect(greet({ ...client, ca: other.cert })).rejects.toThrow(/verify|self-signed/)
  })

  const PYTHON = `
import socket, ssl, sys
ca, cert, key, port, host = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.load_cert_chain(cert, key)
with socket.create_connection(('127.0.0.1', int(port))) as raw:
    with context.wrap_socket(raw, server_hostname=host) as tls:
        print(tls.recv(100).decode())
`
  const python = (host: string) =>
    run('python3', ['-c', PYTHON, at('ca.crt'), at('client.crt'), at('client.key'), String(port), host])

  test('Python with VERIFY_X509_STRICT gets in', async () => {
    for (const host of ['ollama.lan', '127.0.0.1', '::1']) expect((await python(host)).stdout).toBe('hello ana\n')
  })

  test('Python refuses the wrong host', async () => {
    await expect(python('evil.lan')).rejects.toThrow(/Hostname mismatch/)
  })
})

describe('PKCS#12', () => {
  test('OpenSSL opens it, and nothing in it is old', async () => {
    const { stdout, stderr } = await run('openssl', ['pkcs12', '-in', at('client.p12'), '-passin', `file:${at('password')}`, '-nodes', '-info'])
    expect(stderr).toMatch(/MAC: sha256, Iteration 2048\n/)
    expect(stderr).toMatch(/length: 32, salt length: 8\n/)
    expect(stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256/g)).toHaveLength(2)
    expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(stdout.match(/localKeyID: (.*)/g)).toHaveLength(2)
    const base64 = (pem: string) => pem.replace(/-----.*-----|\s/g, '')
    const all = base64(stdout.replace(/^[^-\s][^\n]*:.*$/gm, ''))
    for (const pem of [client.cert, client.key, ca.cert]) expect(all).toContain(base64(pem))
  })

  test('a wrong password is refused', async () => {
    await expect(run('openssl', ['pkcs12', '-in', at('client.p12'), '-passin', 'pass:wrong', '-noout'])).rejects.toThrow(/invalid password/)
  })

  test('NSS, which Firefox and Chrome on Linux use, imports it', async () => {
    const database = `sql:${dir}`
    await run('certutil', ['-N', '-d', database, '--empty-password'])
    const { stdout } = await run('pk12util', ['-i', at('client.p12'), '-d', database, '-w', at('password')])
    expect(stdout).toContain('IMPORT SUCCESSFUL')
    expect((await run('certutil', ['-L', '-d', database])).stdout).toMatch(/ana @ läb\s+u,u,u/)
    expect((await run('certutil', ['-K', '-d', database])).stdout).toMatch(/ana @ läb/)
  })

  test('GnuTLS opens it', async () => {
    const { stdout, stderr } = await run('certtool', ['--p12-info', '--inder', '--infile', at('client.p12'), '--password', PASSWORD])
    expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(stdout + stderr).not.toMatch(/error|fail/i)
    // It prints the key as it found it. Its other mode opens that.
    const key = /-----BEGIN ENCRYPTED PRIVATE KEY-----[^]+-----END ENCRYPTED PRIVATE KEY-----\n/.exec(stdout)?.[0]
    writeFileSync(at('shrouded.key'), key ?? '')
    const info = await run('certtool', ['--key-info', '--pkcs8', '--infile', at('shrouded.key'), '--password', PASSWORD])
    expect(info.stdout).toMatch(/EC\/ECDSA|SECP256R1/)
  })

  test('never twice the same bytes, and never the key in the clear', () => {
    const again = Buffer.from(makeP12({ ...client, ca: ca.cert, password: PASSWORD, name: 'ana' }))
    expect(again.equals(p12)).toBe(false)
    expect(p12.includes(new X509Certificate(client.cert).raw)).toBe(false)
    const der = createPrivateKey(client.key).export({ type: 'pkcs8', format: 'der' })
    expect(p12.includes(der.subarray(-32))).toBe(false)
  })

  test.each(['', 'pässwörd', 'two words'])('no such password: %j', password => {
    expect(() => makeP12({ ...client, ca: ca.cert, password, name: 'ana' })).toThrow('printable ASCII')
  })
})

describe('DER', () => {
  test.each([
    ['zero', integer(0), '020100'],
    ['an integer with the top bit', integer(128), '02020080'],
    ['a long integer', integer(100_000), '02030186a0'],
    ['an OID', oid('1.2.840.113549.1.7.1'), '06092a864886f70d010701'],
    ['an OID that begins with 2.16', oid('2.16.840.1'), '060460864801'],
    ['a BMPString', bmpString('aé'), '1e04006100e9'],
    ['a set, sorted', setOf(integer(2), integer(1)), '3106020101020102'],
  ])('%s', (_, bytes, hex) => {
    expect(bytes.toString('hex')).toBe(hex)
  })

  test.each([[127, '047f'], [128, '048180'], [256, '04820100'], [65_536, '0483010000']])('a length of %i', (length, head) => {
    expect(octets(Buffer.alloc(length)).toString('hex', 0, head.length / 2)).toBe(head)
  })
})
