// PKCS#12 (RFC 7292): a client certificate, its key and the CA in one file with a password, the
// form that browsers, phones and key stores import. Written here because no library at hand
// does it for EC keys: node-forge refuses them, and GnuTLS can't read what pkijs writes.
//
// AES-256 in CBC mode under PBES2 with HMAC-SHA-256 (RFC 8018), and a SHA-256 MAC: what OpenSSL 3
// writes by default. The MAC's salt has 8 bytes, as RFC 7292 examples and old importers have it:
// some versions of macOS are reported to take a longer one for a wrong password.

import { createHash, createHmac, createPrivateKey, pbkdf2Sync, randomBytes, X509Certificate } from 'node:crypto'
import { bmp, explicit, implicitOctets, integer, nothing, octets, oid, sequence, set, utf16be } from './der.ts'
import { encryptedKeyInfo, pbes2, type Encrypted } from './pbes2.ts'

/** Our passwords are random and long, so rounds add nothing; this is OpenSSL's count. */
const ROUNDS = 2048

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  sha256: '2.16.840.1.101.3.4.2.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const

export interface P12Parts {
  /** The client's certificate, its private key and the certificate of the CA, as PEM. */
  cert: string
  key: string
  ca: string
  /** ASCII: other letters are read differently by different programs. */
  password: string
  /** What key stores show in their lists. */
  name: string
}

export function makeP12({ cert, key, ca, password, name }: P12Parts): Uint8Array {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('a PKCS#12 password must be printable ASCII')
  const leaf = new X509Certificate(cert).raw
  // The key and its certificate find each other by this; the SHA-1 hash is the custom.
  const keyId = createHash('sha1').update(leaf).digest()
  const own = set(attribute(OID.friendlyName, bmp(name)), attribute(OID.localKeyId, octets(keyId)))
  const certificates = sequence(certBag(leaf, own), certBag(new X509Certificate(ca).raw))
  const pkcs8 = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' })
  const keys = sequence(sequence(oid(OID.shroudedKeyBag), explicit(0, encryptedKey(pkcs8, password)), own))
  const safe = sequence(encryptedData(certificates, password), data(keys))
  return sequence(integer(3), data(safe), mac(safe, password))
}

function certBag(certificate: Buffer, attributes?: Buffer): Buffer {
  const bag = sequence(oid(OID.x509Certificate), explicit(0, octets(certificate)))
  return sequence(oid(OID.certBag), explicit(0, bag), ...(attributes ? [attributes] : []))
}

const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), set(value))
const data = (content: Buffer): Buffer => sequence(oid(OID.data), explicit(0, octets(content)))

/** RFC 5652, EncryptedData. */
function encryptedData(content: Buffer, password: string): Buffer {
  const { algorithm, bytes } = encrypt(content, password)
  const encrypted = sequence(oid(OID.data), algorithm, implicitOctets(0, bytes))
  return sequence(oid(OID.encryptedData), explicit(0, sequence(integer(0), encrypted)))
}

const encryptedKey = (pkcs8: Buffer, password: string): Buffer => encryptedKeyInfo(encrypt(pkcs8, password))

function encrypt(content: Buffer, password: string): Encrypted {
  const salt = randomBytes(16)
  return pbes2(content, { salt, rounds: ROUNDS, key: pbkdf2Sync(password, salt, ROUNDS, 32, 'sha256') })
}

function mac(safe: Buffer, password: string): Buffer {
  const salt = randomBytes(8)
  const digest = createHmac('sha256', macKey(password, salt)).update(safe).digest()
  const info = sequence(sequence(oid(OID.sha256), nothing()), octets(digest))
  return sequence(info, octets(salt), integer(ROUNDS))
}

/** RFC 7292, appendix B, with purpose 3 (MAC). One round of SHA-256 is enough for a 32-byte key. */
function macKey(password: string, salt: Buffer): Buffer {
  const block = 64
  const purpose = Buffer.alloc(block, 3)
  // The terminating zero counts.
  const words = utf16be(`${password}\0`)
  let key = Buffer.concat([purpose, fill(salt, block), fill(words, block)])
  for (let round = 0; round < ROUNDS; round++) key = createHash('sha256').update(key).digest()
  return key
}

/** Repeated up to the next whole block. */
function fill(bytes: Buffer, block: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
}
