// What a certificate says, whoever made it.

import { createHash, X509Certificate } from 'node:crypto'
import { fieldsOf, type Fields } from './cert-fields.ts'
import { StackError } from '../errors.ts'

export interface CertFacts {
  /** The subject's common name, or '' without one. */
  cn: string
  issuer: string
  /** Names and addresses as people write them: `nas.lan`, `fd00::20`. */
  sans: string[]
  notBefore: Date
  notAfter: Date
  /** When it was made, if it was made here: the start is dated back. */
  issued: Date
  /** SHA-256 of the DER, lower-case hex: what Caddy calls {http.request.tls.client.fingerprint}. */
  fingerprint: string
  isCa: boolean
  /** Object identifiers of the extended key usage. */
  eku: string[]
}

/** A client whose clock is a little behind must not see a certificate from the future. */
export const BACKDATED = 60 * 60_000

/** When a certificate that is valid from `notBefore` was made. */
export const issuedAt = (notBefore: Date): Date => new Date(notBefore.getTime() + BACKDATED)

/** Of the first certificate in the file. Throws E_CERT_DAMAGED. */
export function readCert(text: string): CertFacts {
  const cert = parseCert(text)
  // Node prints names with escapes, and addresses in full.
  const { issuer, subject, sans } = fields(cert)
  return {
    cn: subject,
    issuer,
    sans,
    notBefore: new Date(cert.validFrom),
    notAfter: new Date(cert.validTo),
    issued: issuedAt(new Date(cert.validFrom)),
    fingerprint: createHash('sha256').update(cert.raw).digest('hex'),
    isCa: cert.ca,
    eku: cert.keyUsage ?? [],
  }
}

/** The hash under the signature, such as `SHA-256`; '' where the algorithm has its own (Ed25519). */
export function signedWith(text: string): string {
  return fields(parseCert(text)).hash
}

/** By OpenSSL, which finds the certificate among keys and words. Throws E_CERT_DAMAGED. */
export function parseCert(text: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw damaged(cause)
  }
}

function fields({ raw }: X509Certificate): Fields {
  const found = fieldsOf(raw)
  if (found === null) throw damaged()
  return found
}

function damaged(cause?: unknown): StackError {
  return new StackError('E_CERT_DAMAGED', 'This is not a certificate in PEM form, or only a part of one.', { cause })
}
