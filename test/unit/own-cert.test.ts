// A certificate that the owner brings, made by openssl as owners make them: what is wrong is named.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKey, readOwnCert, readRoot } from '../../src/questions/own-cert.ts'
import { covers } from '../../src/certs/host-match.ts'
import { failure } from './refusal.ts'

let dir: string
const at = (name: string): string => join(dir, name)
const text = (name: string): string => readFileSync(at(name), 'utf8')
const openssl = (...args: string[]): string => execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

function sign(name: string, ca: string, { san = 'DNS:ai.example.com,DNS:*.lab.example.com,IP:192.168.1.5', more = [] as string[], key = EC, days = ['-days', '90'] } = {}): void {
  openssl('req', '-x509', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`, '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, ...days,
    '-addext', 'basicConstraints=critical,CA:FALSE', ...(san === '' ? [] : ['-addext', `subjectAltName=${san}`]), ...more)
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'own-cert-'))
  openssl('req', '-x509', ...EC, '-nodes', '-keyout', 'root.key', '-out', 'root.crt', '-subj', '/CN=Root', '-days', '900')
  openssl('req', '-x509', ...EC, '-nodes', '-keyout', 'mid.key', '-out', 'mid.crt', '-subj', '/CN=Mid', '-CA', 'root.crt', '-CAkey', 'root.key', '-days', '800', '-addext', 'basicConstraints=critical,CA:TRUE')
  sign('leaf', 'mid', { more: ['-addext', 'extendedKeyUsage=serverAuth'] })
  sign('other', 'mid')
  sign('client', 'mid', { more: ['-addext', 'extendedKeyUsage=clientAuth'] })
  sign('nameless', 'mid', { san: '' })
  sign('wild', 'mid', { san: 'DNS:*.lab.example.com' })
  sign('small', 'mid', { key: ['-newkey', 'rsa:1024'] })
  sign('rsa', 'mid', { key: ['-newkey', 'rsa:2048'] })
  sign('edwards', 'mid', { key: ['-newkey', 'ed25519'] })
  sign('p521', 'mid', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'] })
  sign('sha1', 'mid', { more: ['-sha1'] })
  sign('odd', 'mid', { san: 'DNS:ai.example.com,email:a@example.com,URI:https://x.example/,DNS:b.example 1; ~.' })
  sign('mail', 'mid', { san: 'email:a@example.com,URI:https://x.example/' })
  openssl('req', '-x509', ...EC, '-nodes', '-keyout', 'past.key', '-out', 'past.crt', '-subj', '/CN=Past', '-CA', 'root.crt', '-CAkey', 'root.key', '-days', '1', '-addext', 'basicConstraints=critical,CA:TRUE')
  sign('under-past', 'past')
  writeFileSync(at('past-chain.crt'), text('under-past.crt') + text('past.crt'))
  sign('under-leaf', 'leaf')
  writeFileSync(at('leaf-chain.crt'), text('under-leaf.crt') + text('leaf.crt'))
  writeFileSync(at('full.crt'), text('leaf.crt') + text('mid.crt'))
  writeFileSync(at('whole.crt'), `subject=/CN=leaf\r\n${text('leaf.crt').replaceAll('\n', '\r\n')}${text('mid.crt')}${text('root.crt')}`)
  writeFileSync(at('reversed.crt'), text('mid.crt') + text('leaf.crt'))
  writeFileSync(at('gap.crt'), text('leaf.crt') + text('root.crt'))
  writeFileSync(at('cut.crt'), text('leaf.crt').slice(0, 300))
  writeFileSync(at('damaged.crt'), text('leaf.crt').replace(/\n[A-Za-z0-9+/]{64}\n/, '\n'))
  writeFileSync(at('cut.key'), text('leaf.key').slice(0, 90))
  writeFileSync(at('empty'), '')
  openssl('x509', '-in', 'leaf.crt', '-outform', 'der', '-out', 'leaf.der')
  openssl('pkey', '-in', 'leaf.key', '-outform', 'der', '-out', 'key.der')
  openssl('pkcs12', '-export', '-in', 'leaf.crt', '-inkey', 'leaf.key', '-out', 'leaf.p12', '-passout', 'pass:x')
  openssl('pkey', '-in', 'leaf.key', '-aes256', '-passout', 'pass:x', '-out', 'encrypted.key')
  openssl('ec', '-in', 'leaf.key', '-aes256', '-passout', 'pass:x', '-out', 'old-encrypted.key')
  openssl('ec', '-in', 'leaf.key', '-out', 'sec1.key')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

// openssl made them a moment later than this file was read.
const now = new Date(Date.now() + 60_000)
const later = (days: number): Date => new Date(now.getTime() + days * 24 * 60 * 60_000)
const own = (cert: string, key: string, hosts: string[] = [], when = now) => readOwnCert(at(cert), at(key), { hosts, now: when })

test.each([['full.crt', 'leaf.key', 2], ['leaf.crt', 'leaf.key', 1], ['whole.crt', 'leaf.key', 3], ['leaf.crt', 'sec1.key', 1], ['rsa.crt', 'rsa.key', 1]])('%s with %s', (cert, key, certificates) => {
  const pair = own(cert, key, ['ai.example.com', 'box.lab.example.com', '192.168.1.5'])
  expect(pair.cert.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(certificates)
  expect(new X509Certificate(pair.cert).toString()).toBe(new X509Certificate(text(cert)).toString())
  expect(pair.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/)
  expect(pair.names).toEqual(['ai.example.com', '192.168.1.5'])
})

test.each<[string, string, string[], Date, RegExp]>([
  ['other.crt', 'leaf.key', [], now, /leaf\.key isn't the key of \S+other\.crt/],
  ['reversed.crt', 'leaf.key', [], now, /begins with the certificate of Mid, but the key belongs to number 2.*cat server\.crt/],
  ['gap.crt', 'leaf.key', [], now, /wrong order: number 2 didn't sign number 1/],
  ['cut.crt', 'leaf.key', [], now, /cut\.crt holds no certificate in PEM form/],
  ['damaged.crt', 'leaf.key', [], now, /damaged\.crt has a damaged certificate/],
  ['empty', 'leaf.key', [], now, /empty holds no certificate in PEM form/],
  ['leaf.key', 'leaf.key', [], now, /leaf\.key holds a private key, not a certificate\. Are the two files swapped/],
  ['leaf.crt', 'leaf.crt', [], now, /leaf\.crt holds no private key in PEM form/],
  ['leaf.crt', 'cut.key', [], now, /cut\.key has a damaged private key/],
  ['leaf.der', 'leaf.key', [], now, /leaf\.der is binary.*openssl x509 -inform der/],
  ['leaf.p12', 'leaf.key', [], now, /leaf\.p12 is binary[^]*openssl pkcs12 -in/],
  ['leaf.crt', 'key.der', [], now, /key\.der is binary.*openssl pkey -inform der/],
  ['leaf.crt', 'encrypted.key', [], now, /is encrypted.*openssl pkey -in/],
  ['leaf.crt', 'old-encrypted.key', [], now, /is encrypted.*openssl pkey -in/],
  ['leaf.crt', 'nowhere', [], now, /nowhere doesn't exist/],
  ['.', 'leaf.key', [], now, /is a directory/],
  ['/dev/zero', 'leaf.key', [], now, /isn't a file/],
  ['leaf.crt', 'leaf.key', [], later(-2), /isn't valid before .*clock/],
  ['leaf.crt', 'leaf.key', [], later(91), /expired on \d{4}-\d\d-\d\d/],
  ['leaf.crt', 'leaf.key', ['ai.example.com', 'nas.example.com', 'deep.box.lab.example.com', '192.168.1.6'], now, /doesn't name nas\.example\.com, deep\.box\.lab\.example\.com, 192\.168\.1\.6/],
  ['root.crt', 'root.key', [], now, /is marked as a CA's[^]*-addext basicConstraints=critical,CA:FALSE[^]*--tls private/],
  ['client.crt', 'client.key', [], now, /isn't made for servers/],
  ['nameless.crt', 'nameless.key', [], now, /names no host/],
  ['mail.crt', 'mail.key', [], now, /names no host/],
  ['past-chain.crt', 'under-past.key', [], later(2), /expired certificate in its chain \(number 2\)/],
  ['leaf-chain.crt', 'under-leaf.key', [], now, /number 2 didn't sign number 1/],
  ['small.crt', 'small.key', [], now, /RSA key of 1024 bits/],
  ['edwards.crt', 'edwards.key', [], now, /a key of a kind that browsers don't take \(ed25519\)/],
  ['p521.crt', 'p521.key', [], now, /browsers don't take \(secp521r1\)/],
  ['sha1.crt', 'sha1.key', [], now, /signed with SHA-1/],
])('%s with %s is refused', (cert, key, hosts, when, says) => {
  const error = failure(() => readOwnCert(cert.startsWith('/') ? cert : at(cert), at(key), { hosts, now: when }))
  expect({ code: error.code, exit: error.exit }).toEqual({ code: 'E_TLS_FILES', exit: 2 })
  expect(`${error.message} ${error.hint}`).toMatch(says)
})

test('what a certificate names besides hosts comes near no file', () => expect(own('odd.crt', 'odd.key').names).toEqual(['ai.example.com']))

test('a key that others may read is told, with the way to close it', () => {
  chmodSync(at('other.key'), 0o640)
  expect(openKey(at('other.key'))).toMatch(/other\.key may be read by others .*\(mode 0640\).*chmod 600 /)
  chmodSync(at('other.key'), 0o600)
  expect(openKey(at('other.key'))).toBe(null)
})

test('a root is one certificate, of a CA', () => {
  expect(readRoot(at('root.crt'))).toBe(new X509Certificate(text('root.crt')).toString())
  expect(failure(() => readRoot(at('full.crt'))).message).toMatch(/holds 2 certificates/)
  expect(failure(() => readRoot(at('leaf.crt'))).message).toMatch(/isn't the certificate of a CA/)
})

test.each([
  [['ai.example.com'], 'AI.example.com', true], [['*.example.com'], 'ai.example.com', true], [['*.example.com'], 'example.com', false], [['*.example.com'], 'a.b.example.com', false],
  [['*.com'], 'example.com', true], [['*.0.0.1'], '127.0.0.1', false], [['::1'], '0:0::1', true], [['ai.example.com'], 'xai.example.com', false], [[], 'localhost', false],
])('%j speaks for %s: %s', (names, host, expected) => expect(covers(names, host)).toBe(expected))
