// By which certificate a client remembers a server: the highest one that the server shows, so that
// a renewed certificate below it changes nothing. `status` and `connect` must name the same.

import { X509Certificate } from 'node:crypto'

/** `chain`: as a server shows it, its own first. What didn't sign the one before it doesn't count. */
export function topOf(chain: readonly X509Certificate[]): X509Certificate | undefined {
  let [top] = chain
  for (const next of chain.slice(1)) {
    if (top === undefined || !next.ca || !top.checkIssued(next) || !top.verify(next.publicKey)) break
    top = next
  }
  return top
}

/** SHA-256 of the highest certificate in a PEM file, as `openssl x509 -fingerprint -sha256` writes it. */
export function topFingerprint(pem: string): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return topOf(blocks.map((block) => new X509Certificate(block)))?.fingerprint256
}
