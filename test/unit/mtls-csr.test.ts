// Certificates for keys that never left their owner's machine. The requests are OpenSSL's own.

import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCa } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { mtls } from '../../stacks/mtls/stack.ts'
import type { Change, FileMap } from '../../stacks/stack.ts'

const now = new Date()
const dir = mkdtempSync(join(tmpdir(), 'csr-test-'))
const at = (name: string): string => join(dir, name)
let empty: FileMap

beforeAll(async () => {
  const ca = await makeCa({ name: 'lab', now })
  writeFileSync(at('ca.crt'), ca.cert)
  writeFileSync(at('ca.key'), ca.key)
  empty = new Map([['certs/ca.crt', { content: ca.cert, mode: 0o644 }], ['certs/ca.key', { content: ca.key, mode: 0o600 }]])
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const EC = (curve: string): string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]
/** A request with a new key; the key goes to key.pem. */
const request = (key: string[], ...more: string[]): string => openssl('req', '-new', ...key, '-nodes', '-keyout', at('key.pem'), '-subj', '/O=Evil/CN=admin', ...more)
const again = (...more: string[]): string => openssl('req', '-new', '-key', at('key.pem'), '-subj', '/CN=x', ...more)
const issue = (csr: string, name = 'eve', files = empty) => mtls.people.issue(files, { name, role: 'user' }, { now, csr })
const apply = (files: FileMap, change: Change): FileMap => {
  const after = new Map([...files].filter(([path]) => change.get(path) !== null))
  for (const [path, entry] of change) if (entry) after.set(path, entry)
  return after
}
const refused = (why: RegExp) => expect.objectContaining({ code: 'E_CSR', exit: 2, message: expect.stringMatching(why), hint: expect.any(String) })

test.each([
  ['P-256', EC('P-256')], ['P-384', EC('P-384')], ['RSA 2048', ['-newkey', 'rsa:2048']], ['RSA 4096', ['-newkey', 'rsa:4096', '-sha512']], ['Ed25519', ['-newkey', 'ed25519']],
  ['a compressed point', [...EC('P-256'), '-pkeyopt', 'ec_param_enc:named_curve', '-pkeyopt', 'point-format:compressed']],
])('%s: only the certificate comes back', async (_, key) => {
  const { change, credential } = await issue(request(key))
  expect(credential).toEqual({ name: 'eve', role: 'user', secret: null, login: null, files: { cert: 'certs/clients/eve.crt', key: null, p12: null } })
  const cert = String(change.get('certs/clients/eve.crt')?.content)
  expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(readFileSync(at('key.pem'))))).toBe(true)
  expect(readCert(cert)).toMatchObject({ cn: 'eve', isCa: false, eku: ['1.3.6.1.5.5.7.3.2'] })
  expect(change.get(`credentials/${readCert(cert).fingerprint}.pem`)?.content).toBe(`${cert}user\n`)
  writeFileSync(at('eve.crt'), cert)
  expect(openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', at('ca.crt'), at('eve.crt'))).toMatch(/: OK\n$/)
})

test('what the request asks for is ignored', async () => {
  const { change } = await issue(request(EC('P-256'), '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'extendedKeyUsage=serverAuth'))
  const cert = new X509Certificate(String(change.get('certs/clients/eve.crt')?.content))
  expect({ subject: cert.subject, ca: cert.ca, names: cert.subjectAltName, usage: cert.keyUsage }).toEqual({ subject: 'CN=eve', ca: false, names: undefined, usage: ['1.3.6.1.5.5.7.3.2'] })
})

test('a key that was written with a compressed point is written in full, as Go wants it', async () => {
  request(EC('P-256'))
  openssl('ec', '-in', at('key.pem'), '-conv_form', 'compressed', '-out', at('short.pem'))
  const csr = openssl('req', '-new', '-key', at('short.pem'), '-subj', '/CN=x')
  writeFileSync(at('short.crt'), String((await issue(csr)).change.get('certs/clients/eve.crt')?.content))
  expect(openssl('x509', '-in', at('short.crt'), '-noout', '-text')).toMatch(/pub:\s+04:/)
})

test.each<[string, () => string, RegExp]>([
  ['nothing', () => '', /PEM/],
  ['no PEM', () => 'hello', /PEM/],
  ['a certificate', () => readFileSync(at('ca.crt'), 'utf8'), /PEM/],
  ['a half', () => request(EC('P-256')).slice(0, 200), /PEM/],
  ['two', () => request(EC('P-256')) + again(), /PEM/],
  ['a damaged body', () => '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n', /damaged/],
  ['a private key with it', () => request(EC('P-256')) + readFileSync(at('key.pem'), 'utf8'), /private key/],
  ['too large', () => request(EC('P-256')) + ' '.repeat(40_000), /larger than 32 KB/],
  ['RSA 1024', () => request(['-newkey', 'rsa:1024']), /1024 bits/],
  ['P-521', () => request(EC('P-521')), /kind/],
  ['secp256k1', () => request(EC('secp256k1')), /kind/],
  ['Ed448', () => request(['-newkey', 'ed448']), /kind/],
  ['a flipped bit', () => { const body = Buffer.from(request(EC('P-256')).replace(/-----.*-----|\n/g, ''), 'base64'); body[body.length - 1]! ^= 1; return pem(body) }, /not signed with the key/],
  ["another's key under an own signature", swapped, /not signed with the key/],
])('%s is refused', async (_, csr, why) => {
  await expect(issue(csr())).rejects.toEqual(refused(why))
})

const pem = (body: Buffer): string => `-----BEGIN CERTIFICATE REQUEST-----\n${body.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`

/** Two requests of one shape: the public key of the one inside the other. */
function swapped(): string {
  const point = (csr: Buffer): Buffer => csr.subarray(csr.indexOf(Buffer.from('03420004', 'hex')) + 4, csr.indexOf(Buffer.from('03420004', 'hex')) + 68)
  const [mine, theirs] = [request(EC('P-256')), request(EC('P-256'))].map((text) => Buffer.from(text.replace(/-----.*-----|\n/g, ''), 'base64'))
  point(theirs!).copy(point(mine!))
  return pem(mine!)
}

test("somebody else's key, or the CA's, is refused; one's own may be certified again", async () => {
  const csr = request(EC('P-256'))
  const files = apply(empty, (await issue(csr, 'ann')).change)
  await expect(issue(again(), 'bob', files)).rejects.toEqual(refused(/key of ann/))
  await expect(mtls.people.rotate(apply(files, (await issue(request(EC('P-256')), 'bob', files)).change), 'bob', { now, overlap: 0, csr })).rejects.toEqual(refused(/key of ann/))
  const renewed = await mtls.people.rotate(files, 'ann', { now, overlap: 0, csr })
  expect(renewed.credential).toMatchObject({ name: 'ann', secret: null, login: null })
  await expect(issue(openssl('req', '-new', '-key', at('ca.key'), '-subj', '/CN=x'))).rejects.toEqual(refused(/own CA/))
})

test('rotation: from a key made here to a request, which only its owner can renew', async () => {
  const first = await mtls.people.issue(empty, { name: 'ann', role: 'admin' }, { now })
  const files = apply(empty, first.change)
  const own = await mtls.people.rotate(files, 'ann', { now, overlap: 0, csr: request(EC('P-256')) })
  const after = apply(files, own.change)
  expect([...after.keys()].filter((path) => path.startsWith('certs/clients/'))).toEqual(['certs/clients/ann.crt'])
  await expect(mtls.people.rotate(after, 'ann', { now, overlap: 0 })).rejects.toMatchObject({ code: 'E_CSR', exit: 2, hint: expect.stringContaining('--csr FILE') })
})
