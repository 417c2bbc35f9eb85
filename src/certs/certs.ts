// The project's own certificates: a CA, the server's and the clients'. PEM in, PEM out.
//
// Made with @peculiar/x509, because strict verifiers (Python's default from 3.13, `openssl verify
// -x509_strict`) want key identifiers, which selfsigned, built on it, can't write.
//
// P-256 with SHA-256 everywhere: every TLS library and every phone takes it.

import { createPrivateKey, KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { refuseOutside } from '../net/clock.ts'
import { StackError } from '../errors.ts'
import { generalName, LONGEST_CN, personName } from './names.ts'
import { BACKDATED, parseCert, readCert } from './read-cert.ts'

export { makeP12 } from './p12.ts'
export { strangerCert } from './stranger.ts'

/** PEM. `cert` may hold a chain: its own certificate first. */
export interface KeyPair {
  cert: string
  key: string
}

type Library = typeof import('./library.ts')

const library = (): Promise<Library> => import('./library.ts')

const DAY = 24 * 60 * 60_000
const CA_DAYS = 3650
/** Apple refuses a server certificate of more than 825 days even from a private CA, and 398 is its
 * limit for public ones (support.apple.com/103769, 102028). One year stays below both. */
const SERVER_DAYS = 365
const CLIENT_DAYS = 365

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNED = { name: 'ECDSA', hash: 'SHA-256' } as const
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

export async function makeCa({ name, now }: { name: string; now: Date }): Promise<KeyPair> {
  const x509 = await library()
  const keys = await newKeys()
  const title = ' Ollama CA'
  const subject = named(x509, `${name.slice(0, LONGEST_CN - title.length)}${title}`)
  const { KeyUsageFlags: use } = x509
  const cert = await x509.X509CertificateGenerator.create({
    ...validity(now, CA_DAYS),
    serialNumber: serial(),
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: SIGNED,
    extensions: [
      // It signs people and servers, never another CA.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(use.keyCertSign | use.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pem(cert), key: keyPem(keys.privateKey) }
}

/** For these DNS names and addresses. The chain: this certificate, then the CA's. */
export async function makeServerCert({ ca, hosts, now }: { ca: KeyPair; hosts: readonly string[]; now: Date }): Promise<KeyPair> {
  const names = [...new Map(hosts.map(generalName).map((name) => [`${name.type} ${name.value}`, name])).values()]
  if (names.length === 0) throw new StackError('E_CERT_HOST', 'A server certificate needs at least one name or address.')
  // Clients look at the alternative names alone (RFC 9110, section 4.3.4).
  const leaf = await withKey((publicKey) => sign(ca, { cn: 'Ollama', publicKey, usage: SERVER_AUTH, names, ...validity(now, SERVER_DAYS) }))
  return { cert: leaf.cert + ca.cert, key: leaf.key }
}

/** Throws E_CLOCK, when what that CA signs now would never hold. */
export const refuseClock = (ca: KeyPair, now: Date): void => refuseOutside("The project's CA (certs/ca.crt)", readCert(ca.cert), now)

export interface ClientOptions {
  ca: KeyPair
  person: string
  now: Date
  /** The certificate ends then, if not before. */
  expires?: Date | null
}

/** Who this is; what they may do isn't written in it, but beside it in the file that lists it. */
export function makeClientCert(options: ClientOptions): Promise<KeyPair> {
  return withKey((publicKey) => signClientCert({ ...options, publicKey }))
}

/** For a key whose private half is elsewhere. Only the certificate, as PEM. */
export function signClientCert({ ca, person, now, expires, publicKey }: ClientOptions & { publicKey: KeyObject }): Promise<string> {
  refuseClock(ca, now)
  const { notBefore, notAfter } = validity(now, CLIENT_DAYS)
  return sign(ca, { cn: person, publicKey, usage: CLIENT_AUTH, notBefore, notAfter: earlier(notAfter, expires ?? notAfter) })
}

/** A client certificate that ended a day ago. */
export function makeExpiredCert({ ca, person, now }: { ca: KeyPair; person: string; now: Date }): Promise<KeyPair> {
  return withKey((publicKey) => sign(ca, { cn: person, publicKey, usage: CLIENT_AUTH, ...validity(new Date(now.getTime() - 2 * DAY), 1) }))
}

interface Leaf {
  cn: string
  publicKey: KeyObject
  /** Extended key usage. */
  usage: string
  /** Alternative ones. */
  names?: X509.JsonGeneralName[]
  notBefore: Date
  notAfter: Date
}

async function sign(ca: KeyPair, { cn, publicKey, usage, names, notBefore, notAfter }: Leaf): Promise<string> {
  const x509 = await library()
  const caCert = parseCert(ca.cert)
  const issuer = new x509.X509Certificate(new Uint8Array(caCert.raw))
  const signingKey = await importKey(caKey(caCert, ca.key))
  const spki = new x509.PublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
  const cert = await x509.X509CertificateGenerator.create({
    notBefore,
    // What outlives its CA is refused by some and not by others.
    notAfter: earlier(notAfter, issuer.notAfter),
    serialNumber: serial(),
    subject: named(x509, cn),
    issuer: issuer.subjectName,
    publicKey: spki,
    signingKey,
    signingAlgorithm: SIGNED,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.SubjectKeyIdentifierExtension.create(spki),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  return pem(cert)
}

/** With a new key of its own. */
async function withKey(make: (publicKey: KeyObject) => Promise<string>): Promise<KeyPair> {
  const { publicKey, privateKey } = await newKeys()
  return { cert: await make(KeyObject.from(publicKey)), key: keyPem(privateKey) }
}

/** Another key signs just as well, but nobody would take what it signed. */
function caKey(cert: X509Certificate, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (cert.checkPrivateKey(key)) return key
  } catch {
    // Not a key at all: the same advice.
  }
  throw new StackError('E_CA_MISMATCH', "The CA's key doesn't belong to the CA's certificate.", {
    hint: 'Put back the key that belongs to certs/ca.crt: certs/ca.key.',
  })
}

const earlier = (one: Date, other: Date): Date => (one < other ? one : other)

/** The certificate's times have no milliseconds. */
function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor((now.getTime() - BACKDATED) / 1000) * 1000
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY) }
}

/** 20 random bytes, the most that RFC 5280 allows, without the sign bit and without a leading zero. */
function serial(): string {
  const bytes = randomBytes(20)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** Built from parts and not from a string, so that no character of a name means anything. */
const named = (x509: Library, cn: string): X509.Name => new x509.Name([{ CN: [{ utf8String: personName(cn) }] }])

const pem = (cert: X509.X509Certificate): string => `${cert.toString('pem').trim()}\n`

const newKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(EC, true, ['sign', 'verify'])

const keyPem = (key: CryptoKey): string => KeyObject.from(key).export({ format: 'pem', type: 'pkcs8' }).toString()

function importKey(key: KeyObject): Promise<CryptoKey> {
  const bytes = key.export({ format: 'der', type: 'pkcs8' })
  return crypto.subtle.importKey('pkcs8', new Uint8Array(bytes), EC, false, ['sign'])
}
