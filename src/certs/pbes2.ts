// Content encrypted with a password as PKCS#8 and PKCS#12 have it: PBES2 with PBKDF2, HMAC-SHA-256 and
// AES-256 in CBC mode (RFC 8018). OpenSSL from 1.0 reads it, and everything built on it.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { integer, nothing, octets, oid, parts, sequence } from './der.ts'

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const

/** `key`: the first 32 bytes of PBKDF2 with SHA-256 over the password, with this salt and so many rounds. */
export interface Derived {
  salt: Buffer
  rounds: number
  key: Buffer
}

/** `algorithm` is the AlgorithmIdentifier that says how `bytes` were made. */
export interface Encrypted {
  algorithm: Buffer
  bytes: Buffer
}

export function pbes2(content: Buffer, { salt, rounds, key }: Derived): Encrypted {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const kdf = sequence(oid(OID.pbkdf2), sequence(octets(salt), integer(rounds), sequence(oid(OID.hmacSha256), nothing())))
  const scheme = sequence(oid(OID.aes256Cbc), octets(iv))
  return { algorithm: sequence(oid(OID.pbes2), sequence(kdf, scheme)), bytes: Buffer.concat([cipher.update(content), cipher.final()]) }
}

/** RFC 5208, EncryptedPrivateKeyInfo, in DER. */
export const encryptedKeyInfo = ({ algorithm, bytes }: Encrypted): Buffer => sequence(algorithm, octets(bytes))

/** The PKCS#8 key in what `encryptedKeyInfo` made with the same `derived`. Throws for anything else. */
export function openKeyInfo(info: Buffer, { key }: Derived): Buffer {
  const [whole] = parts(info)
  const [algorithm, encrypted] = parts(whole?.content)
  const [, parameters] = parts(algorithm?.content)
  const [, scheme] = parts(parameters?.content)
  const [, iv] = parts(scheme?.content)
  if (!encrypted || iv?.content.length !== 16) throw new Error('not a key encrypted with AES-256-CBC under PBES2')
  const decipher = createDecipheriv('aes-256-cbc', key, iv.content)
  return Buffer.concat([decipher.update(encrypted.content), decipher.final()])
}
