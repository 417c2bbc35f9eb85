// A certificate and key that the owner brings: everything that would make a proxy fail to start, or
// clients refuse it, is said before anything is written.

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { SERVER_AUTH, type KeyPair } from '../certs/certs.ts'
import { readCert, signedWith, type CertFacts } from '../certs/read-cert.ts'
import { codeOf, StackError, UsageError } from '../errors.ts'
import { shellWord } from '../ui/shell-word.ts'
import { covers } from '../certs/host-match.ts'
import { isDnsName } from './values.ts'

/** No chain is that long; a block device would be. */
const LONGEST = 1 << 20
const LEAST_RSA_BITS = 2048

/**
 * Reads both files. `cert` comes back as the leaf and what follows it, each once and nothing else, `key` as PKCS#8.
 * Throws UsageError E_TLS_FILES naming the file, what is wrong with it and the command that puts it right.
 */
export function readOwnCert(certPath: string, keyPath: string, asked: Asked): KeyPair & { names: string[] } {
  const chain = certificates(certPath)
  const [leaf] = chain
  if (!leaf) throw new Error('certificates() gives at least one')
  const key = privateKey(keyPath)
  if (!leaf.checkPrivateKey(key)) {
    const other = chain.findIndex((one) => one.checkPrivateKey(key))
    if (other > 0) throw wrong(certPath, `begins with the certificate of ${readCert(leaf.toString()).cn || 'a CA'}, but the key belongs to number ${other + 1}`, "Put the server's own certificate first, then the one that signed it, and so on: cat server.crt intermediate.crt > fullchain.pem")
    throw wrong(keyPath, `isn't the key of ${certPath}`, `Compare both: openssl x509 -noout -pubkey -in ${shellWord(certPath)}; openssl pkey -pubout -in ${shellWord(keyPath)}`)
  }
  const names = checked(certPath, chain, asked)
  return {
    cert: chain.map((one) => one.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    // A URL can't begin with a wildcard.
    names: names.filter((name) => !name.startsWith('*.')),
  }
}

/** The certificate alone, before a key is known. Returns what it names. */
export const checkOwnCert = (path: string, asked: Asked): string[] => checked(path, certificates(path), asked)

function checked(path: string, chain: X509Certificate[], { hosts, now }: Asked): string[] {
  const [leaf] = chain
  if (!leaf) throw new Error('certificates() gives at least one')
  const facts = readCert(leaf.toString())
  const names = facts.sans.filter(isHostName)
  checkChain(path, chain, now)
  checkLeaf(path, leaf, { ...facts, sans: names }, now)
  const missing = hosts.filter((host) => !covers(names, host))
  if (missing.length > 0) throw wrong(path, `doesn't name ${missing.join(', ')}`, `It names ${names.join(', ')}. Give one of these with --host, or get a certificate for the name you want.`)
  return names
}

interface Asked {
  hosts: readonly string[]
  now: Date
}

/** A sentence about a key that lies open where the owner keeps it, or null. Where modes mean nothing, neither does this. */
export function openKey(path: string): string | null {
  const mode = statSync(path).mode & 0o777
  if (process.platform === 'win32' || (mode & 0o077) === 0) return null
  return `${path} may be read by others on this machine (mode ${mode.toString(8).padStart(4, '0')}). The project's copy may not; for yours: chmod 600 ${shellWord(path)}`
}

/** The root of a private ACME CA, as PEM. Throws UsageError E_TLS_FILES. */
export function readRoot(path: string): string {
  const [root, ...more] = certificates(path)
  if (!root || more.length > 0) throw wrong(path, `holds ${more.length + 1} certificates`, 'Give the one root alone.')
  if (!root.ca) throw wrong(path, "isn't the certificate of a CA", "Give the CA's own root, not a server's certificate.")
  return root.toString()
}

/** A DNS name, one behind `*.`, or an address. A certificate may name mailboxes and anything else; none of that may come near a file. */
function isHostName(name: string): boolean {
  return isIP(name) !== 0 || isDnsName(name.toLowerCase().replace(/^\*\./, ''))
}

function certificates(path: string): X509Certificate[] {
  const text = read(path)
  const blocks = text.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks && /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text.toString('latin1'))) throw wrong(path, 'holds a private key, not a certificate', 'Are the two files swapped?')
  if (!blocks && text.includes('-----BEGIN CERTIFICATE REQUEST-----')) throw wrong(path, 'holds a request for a certificate, not one', 'Give what the CA sent back.')
  if (!blocks) throw notPem(path, text, 'certificate', `openssl x509 -inform der -in ${shellWord(path)} -out server.crt`)
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch {
      throw wrong(path, `has a damaged certificate (number ${index + 1})`, 'Copy the file again from where you got it.')
    }
  })
}

function privateKey(path: string): KeyObject {
  const text = read(path)
  const pem = text.toString('latin1')
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw wrong(path, 'is encrypted, and a proxy that starts by itself can ask nobody for the password', `Write it without: openssl pkey -in ${shellWord(path)} -out server.key`)
  }
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem)) throw notPem(path, text, 'private key', `openssl pkey -inform der -in ${shellWord(path)} -out server.key`)
  try {
    return createPrivateKey(pem)
  } catch {
    throw wrong(path, 'has a damaged private key', 'Copy the file again from where you got it.')
  }
}

function read(path: string): Buffer {
  try {
    const about = statSync(path)
    // A pipe would be waited for, and a device has no end.
    if (!about.isFile() && !about.isDirectory()) throw wrong(path, "isn't a file", 'Name the file with the certificate or key itself.')
    if (about.size > LONGEST) throw wrong(path, 'is too large for a certificate or key', 'Name the PEM file itself.')
    return readFileSync(path)
  } catch (cause) {
    if (cause instanceof StackError) throw cause
    const code = codeOf(cause)
    throw wrong(path, code === 'ENOENT' ? "doesn't exist" : code === 'EACCES' ? "can't be read: permission denied" : code === 'EISDIR' ? 'is a directory' : "can't be read",
      code === 'EACCES' ? `Copy it to where you may read it, or run this as its owner: ls -l ${shellWord(path)}` : `See what is there, and name the file itself: ls -l ${shellWord(dirname(path))}`)
  }
}

/** DER and PKCS#12 both begin with an ASN.1 sequence. */
function notPem(path: string, bytes: Buffer, what: string, fromDer: string): UsageError {
  if (bytes[0] !== 0x30) return wrong(path, `holds no ${what} in PEM form`, 'A PEM file has a line with -----BEGIN, letters and digits below it, and a line with -----END.')
  return wrong(path, `is binary, and the proxy needs PEM`, `Convert it: ${fromDer}\nIf it is PKCS#12 (.p12, .pfx): openssl pkcs12 -in ${shellWord(path)} -nodes -nocerts -out server.key\nand: openssl pkcs12 -in ${shellWord(path)} -nokeys -out server.crt`)
}

/** RFC 8446, 4.4.2: each certificate certifies the one before it. */
function checkChain(path: string, chain: X509Certificate[], now: Date): void {
  for (const [index, one] of chain.slice(0, -1).entries()) {
    const next = chain[index + 1]
    if (!next) continue
    if (new Date(next.validTo) <= now) throw wrong(path, `has an expired certificate in its chain (number ${index + 2})`, 'Get the chain anew from your CA.')
    if (one.checkIssued(next) && one.verify(next.publicKey) && next.ca) continue
    throw wrong(path, `has its certificates in the wrong order: number ${index + 2} didn't sign number ${index + 1}`, "Put the server's own certificate first, then the one that signed it, and so on. Leave out what doesn't belong to it.")
  }
}

function checkLeaf(path: string, leaf: X509Certificate, { notBefore, notAfter, isCa, eku, sans }: CertFacts, now: Date): void {
  const day = (date: Date): string => date.toISOString().slice(0, 10)
  if (now < notBefore) throw wrong(path, `isn't valid before ${day(notBefore)}`, `If that is past, this machine's clock is wrong: it says ${now.toISOString()}.`)
  if (now >= notAfter) throw wrong(path, `expired on ${day(notAfter)}`, 'Renew it where you got it.')
  if (isCa) throw wrong(path, "is marked as a CA's, which some clients refuse from a server (`openssl req -x509` marks it unless told otherwise)", 'Make it again with: -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:ollama.example.com\nOr give the one that was made for the server, or have everything made here: --tls private')
  if (eku.length > 0 && !eku.includes(SERVER_AUTH)) throw wrong(path, "isn't made for servers (its extended key usage lacks serverAuth)", 'Get one for a TLS server.')
  if (sans.length === 0) throw wrong(path, 'names no host (it has no subject alternative name), so clients refuse it', 'Get one that names the host; the common name alone counts no more.')
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = leaf.publicKey
  if (type === 'rsa' && (details?.modulusLength ?? 0) < LEAST_RSA_BITS) throw wrong(path, `has an RSA key of ${details?.modulusLength} bits, which clients refuse`, 'Use at least 2048, or P-256.')
  if (type !== 'rsa' && !(type === 'ec' && /^(?:prime256v1|secp384r1)$/.test(details?.namedCurve ?? ''))) {
    throw wrong(path, `has a key of a kind that browsers don't take (${details?.namedCurve ?? type})`, 'Use RSA from 2048 bits, P-256 or P-384.')
  }
  const hash = signedWith(leaf.toString())
  if (/^(?:SHA-1|MD5)$/i.test(hash)) throw wrong(path, `is signed with ${hash}, which clients refuse`, 'Get a new one from your CA, signed with SHA-256 or better.')
}

function wrong(path: string, what: string, hint: string): UsageError {
  return new UsageError('E_TLS_FILES', `${path} ${what}.`, hint)
}
