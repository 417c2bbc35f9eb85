// Certificates of a project whose encryption, names or login change. A CA once made is kept, so that
// clients who trust it go on.

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import type { Change, FileMap, Stack, StackConfig } from '../../stacks/stack.ts'
import { makeCa, makeServerCert, refuseClock, type KeyPair } from '../certs/certs.ts'
import { readCert } from '../certs/read-cert.ts'
import { UsageError } from '../errors.ts'
import { covers } from '../certs/host-match.ts'
import { OWN_CERT, OWN_KEY } from './present.ts'

const CA = { cert: 'certs/ca.crt', key: 'certs/ca.key' }
const SERVED_CA = 'certs/server/ca.crt'

export interface Wanted {
  stack: Stack
  config: StackConfig
  /** With `tls: files`. */
  own: KeyPair | null
  /** What the stack renders below certs/. */
  plain: FileMap
  /** Whether the encryption, the names or the login are others than before; else what lies there is left alone. */
  fresh: boolean
  /** Whether there should be a CA already. */
  hadCa: boolean
}

/** `held`: what lies in certs/ now. Throws E_NO_CA. */
export async function certChange(dir: string, held: FileMap, { stack, config, own, plain, fresh, hadCa }: Wanted, now: Date): Promise<Change> {
  const change: Change = new Map()
  const text = (path: string): string | null => {
    const content = held.get(path)?.content
    return content === undefined ? null : String(content)
  }
  const put = (path: string, content: string, mode: number): void => {
    if (text(path) !== content) change.set(path, { content, mode })
  }
  for (const [path, { content, mode }] of plain) put(path, String(content), mode)
  const root = 'certs/acme/root.crt'
  // Clients are told to trust it while it lies there.
  if (config.tls === 'acme' && text(root) !== null && !plain.has(root)) change.set(root, null)

  if (fresh && (config.tls === 'private' || stack.needsTls)) {
    const cert = text(CA.cert)
    if (cert === null && hadCa) throw noCa(dir, CA.cert)
    const ca = cert === null ? await makeCa({ name: config.name, now }) : { cert, key: text(CA.key) }
    put(CA.cert, ca.cert, 0o644)
    if (ca.key !== null) put(CA.key, ca.key, 0o600)
    put(SERVED_CA, ca.cert, 0o644)
    if (config.tls === 'private' && !fits(text(OWN_CERT), text(OWN_KEY), ca.cert, config.hosts, now)) {
      if (ca.key === null) throw noCa(dir, CA.key)
      refuseClock({ cert: ca.cert, key: ca.key }, now)
      own = await makeServerCert({ ca: { cert: ca.cert, key: ca.key }, hosts: config.hosts, now })
    }
  }
  if (own) {
    // The key first: between the two a starting proxy would refuse the pair.
    put(OWN_KEY, own.key, 0o600)
    put(OWN_CERT, own.cert, 0o644)
  }
  return change
}

function noCa(dir: string, path: string): UsageError {
  return new UsageError('E_NO_CA', `${join(dir, path)} is missing, and new certificates are signed with it. Nothing was written.`, 'Put it back from where you keep it. The certificates that exist go on working without it.')
}

/** Whether that certificate is from this CA, for these names and no others, and the key is its own. */
function fits(cert: string | null, key: string | null, ca: string, hosts: readonly string[], now: Date): boolean {
  if (cert === null || key === null) return false
  try {
    const leaf = new X509Certificate(cert)
    const { sans, notAfter } = readCert(cert)
    return leaf.verify(new X509Certificate(ca).publicKey) && leaf.checkPrivateKey(createPrivateKey(key)) && notAfter > now
      && sans.length === new Set(hosts).size && hosts.every((host) => covers(sans, host))
  } catch {
    return false // damaged: a new one is made
  }
}
