// Certificates that must be refused, as somebody else would make them.

import type { KeyPair } from './certs.ts'
import { der } from './der.ts'
import { personName } from './names.ts'
import { BACKDATED } from './read-cert.ts'

const DAY = 24 * 60 * 60_000

/** A client certificate of the same name from a CA that nobody here trusts. */
export async function strangerCert({ person, now }: { person: string; now: Date }): Promise<KeyPair> {
  const { generate } = await import('./library.ts')
  const common = {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - BACKDATED),
    notAfterDate: new Date(now.getTime() + DAY),
  }
  const ca = await generate([{ name: 'commonName', value: 'Foreign CA' }], {
    ...common,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, critical: true }],
  })
  // selfsigned joins names into a string to parse. In hex (RFC 4514, `CN=#0c03616e61`) no character
  // of a name means anything; escapes don't do, since that parser takes `\0a` for a line break.
  const utf8 = der(0x0c, Buffer.from(personName(person))).toString('hex')
  const leaf = await generate([{ name: 'commonName', value: `#${utf8}` }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [{ name: 'keyUsage', digitalSignature: true, critical: true }, { name: 'extKeyUsage', clientAuth: true }],
  })
  return { cert: leaf.cert, key: leaf.private }
}
