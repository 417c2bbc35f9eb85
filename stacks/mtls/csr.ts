// A certificate signing request (PKCS#10, RFC 2986): somebody's public key, and proof that they hold
// its private half. The names and extensions that it asks for are ignored: the name is given by who
// runs the command, and what a client certificate may do is the same for everybody.

import { createPublicKey, KeyObject } from 'node:crypto'
import type { Pkcs10CertificateRequest } from '@peculiar/x509'
import { UsageError } from '../../src/errors.ts'

/** A request with a key of 8192 bits and many names is below 8 KB. */
const LONGEST = 32_768
/** Go, which Caddy is made of, refuses longer RSA keys in a handshake (crypto/tls, maxRSAKeySize). */
const RSA_BITS = { least: 2048, most: 8192 }
const CURVES = ['prime256v1', 'secp384r1']

/** Its public key, once the signature is verified. Throws E_CSR. */
export async function readCsr(text: string): Promise<KeyObject> {
  if (text.length > LONGEST) throw refused(`is larger than ${LONGEST / 1024} KB, which no request is`)
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw refused('holds a private key, which must stay with its owner')
  const body = /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END \1CERTIFICATE REQUEST-----\s*$/.exec(text)?.[2]
  if (body === undefined) throw refused('is not a certificate request in PEM form, or only a part of one')
  const { request, key } = await parse(Buffer.from(body, 'base64'))
  checkKind(key)
  if (!(await signedBy(request))) throw refused('is not signed with the key that it asks a certificate for')
  return key
}

async function parse(der: Buffer): Promise<{ request: Pkcs10CertificateRequest; key: KeyObject }> {
  const { Pkcs10CertificateRequest } = await import('../../src/certs/library.ts')
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(der))
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' })
    // By way of JWK, for Go takes no compressed points; OpenSSL keeps the form that a key came in.
    return { request, key: isKnown(key) ? createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }) : key }
  } catch {
    throw refused("is damaged: its PEM frame is there, but what it holds can't be read")
  }
}

const isKnown = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean =>
  asymmetricKeyType === 'rsa' || asymmetricKeyType === 'ed25519' || (asymmetricKeyType === 'ec' && CURVES.includes(asymmetricKeyDetails?.namedCurve ?? ''))

function checkKind(key: KeyObject): void {
  if (!isKnown(key)) throw refused('has a key of a kind that not every TLS program takes')
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && (bits < RSA_BITS.least || bits > RSA_BITS.most)) throw refused(`has an RSA key of ${bits} bits, where ${RSA_BITS.least} to ${RSA_BITS.most} are taken`)
}

async function signedBy(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify()
  } catch {
    return false
  }
}

function refused(why: string): UsageError {
  return new UsageError('E_CSR', `The certificate request ${why}.`,
    'Its owner makes a key and a request with: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout me.key -subj /CN=me -out me.csr')
}

export function keyTaken(whose: string): UsageError {
  return new UsageError('E_CSR', `The certificate request has the key of ${whose}.`, 'Each person needs a key of their own. Ask for a request with a new one.')
}
