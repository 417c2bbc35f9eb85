// What a certificate says, whoever made it.

import { createHash, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
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
  // Node prints names with escapes, and addresses in full: those come from `parsed`.
  const { cert, parsed } = parseCert(text)
  return {
    cn: parsed.subjectName.getField('CN')[0] ?? '',
    issuer: parsed.issuerName.getField('CN')[0] ?? '',
    sans: parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map((name) => name.value) ?? [],
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
  const { hash } = parseCert(text).parsed.signatureAlgorithm
  return typeof hash === 'string' ? hash : hash?.name ?? ''
}

/** By OpenSSL first, which finds the certificate among keys and words. */
export function parseCert(text: string): { cert: X509Certificate; parsed: x509.X509Certificate } {
  try {
    const cert = new X509Certificate(text)
    const parsed = new x509.X509Certificate(new Uint8Array(cert.raw))
    void parsed.extensions // Read when asked for, so ask here, where a failure has a name.
    return { cert, parsed }
  } catch (cause) {
    throw new StackError('E_CERT_DAMAGED', 'This is not a certificate in PEM form, or only a part of one.', { cause })
  }
}
