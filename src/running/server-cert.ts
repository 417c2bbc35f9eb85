// The server's certificate on disk: whole before a proxy is started with it, and renewed in time.

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { certificateOf } from '../../stacks/acme/acme.ts'
import type { Tls } from '../../stacks/stack.ts'
import { makeServerCert, refuseClock } from '../certs/certs.ts'
import { readCert } from '../certs/read-cert.ts'
import { applyChange, readPlain } from '../project/disk.ts'
import { codeOf, StackError, UsageError } from '../errors.ts'
import { readOwnCert } from '../questions/own-cert.ts'
import type { Project } from '../project/project.ts'
import { topFingerprint } from '../certs/top-cert.ts'

const RENEW_MS = 30 * 24 * 60 * 60_000
const FILES = { ca: 'certs/server/ca.crt', cert: 'certs/server/server.crt', key: 'certs/server/server.key' }

/**
 * Throws E_CERT_DAMAGED. nginx and Caddy say of a damaged file only that it is one, and Caddy starts
 * without complaint when the CA's file is empty: nobody could log in then, with no word why.
 */
export function checkServerCert({ dir, tls, stack }: Pick<Project, 'dir' | 'tls'> & { stack: Pick<Project['stack'], 'needsTls'> }): void {
  if (tls === 'private' || stack.needsTls) whole(dir, FILES.ca, 'is not a whole certificate in PEM form', readCert)
  if (!liesInFiles(tls)) return
  whole(dir, FILES.cert, 'is not a whole certificate in PEM form', readCert)
  const cert = read(dir, FILES.cert)
  const fits = whole(dir, FILES.key, 'is not a whole private key in PEM form', (text) => cert === null || new X509Certificate(cert).checkPrivateKey(createPrivateKey(text)))
  if (fits === false) throw damaged(join(dir, FILES.key), 'is the key of another certificate than server.crt beside it')
}

/** PEM of the certificate that clients see, without what follows it; null: it may not be read, or isn't there yet. Throws E_CERT_DAMAGED. */
export function servedCert({ dir, tls, hosts }: Pick<Project, 'dir' | 'tls' | 'hosts'>): string | null {
  const path = tls === 'acme' ? newestOf(dir, hosts[0] ?? '') : FILES.cert
  if (path === null) return null
  return whole(dir, path, 'is not a whole certificate in PEM form', (text) => new X509Certificate(text).toString())
}

/** By which number people know the server's certificate when nobody vouches for it; null: a CA that is known does, or it may not be read. */
export function shownFingerprint({ dir, tls }: Pick<Project, 'dir' | 'tls'>): string | null {
  return liesInFiles(tls) ? whole(dir, FILES.cert, 'is not a whole certificate in PEM form', topFingerprint) ?? null : null
}

export const liesInFiles = (tls: Tls): boolean => tls === 'private' || tls === 'files'

/** There may be one of each CA that was asked: the newest counts. */
function newestOf(dir: string, host: string): string | null {
  const root = join('certs', 'acme', 'certificates')
  try {
    const found = readdirSync(join(dir, root)).map((ca) => join(root, ca, certificateOf(host))).filter((path) => existsSync(join(dir, path)))
    const age = (path: string): number => statSync(join(dir, path)).mtimeMs
    return found.sort((a, b) => age(b) - age(a))[0] ?? null
  } catch (cause) {
    if (['ENOENT', 'EACCES'].includes(codeOf(cause))) return null
    throw cause
  }
}

/** About files that came after `create`, which would have refused them, or will soon: they may be all there is, so they are used. */
export function ownCertWarnings({ dir, tls, hosts }: Pick<Project, 'dir' | 'tls' | 'hosts'>, now: Date): string[] {
  if (tls !== 'files') return []
  try {
    const { cert } = readOwnCert(join(dir, FILES.cert), join(dir, FILES.key), { hosts: hosts.slice(0, 1), now })
    const end = readCert(cert).notAfter
    return end.getTime() - now.getTime() > RENEW_MS ? [] : [`The server's certificate ends on ${end.toISOString().slice(0, 10)}. Put the new files over ${FILES.cert} and ${FILES.key}, then run this again.`]
  } catch (error) {
    if (error instanceof UsageError) return [`${error.message} ${error.hint}`.trim()]
    throw error
  }
}

export interface Renewal {
  renewed: boolean
  /** A sentence about one that couldn't be renewed, or null. */
  warning: string | null
}

/** Makes a new one when the old one ends within 30 days, or isn't valid yet. It takes the project's own CA, whose key may be kept elsewhere. */
export async function renewServerCert({ dir, tls, hosts }: Pick<Project, 'dir' | 'tls' | 'hosts'>, now: Date): Promise<Renewal> {
  const text = tls === 'private' ? read(dir, FILES.cert) : null
  if (text === null) return { renewed: false, warning: null }
  const { notBefore, notAfter: end } = readCert(text)
  // One from the future was made while the clock was wrong.
  if (notBefore <= now && end.getTime() - now.getTime() > RENEW_MS) return { renewed: false, warning: null }
  const [cert, key] = ['certs/ca.crt', 'certs/ca.key'].map((path) => {
    const file = join(dir, path)
    return existsSync(file) ? readPlain(file) : null
  })
  if (!cert || !key) {
    return { renewed: false, warning: `The server's certificate ends on ${end.toISOString().slice(0, 10)}. To have it renewed, put certs/ca.key back and run this again.` }
  }
  try {
    refuseClock({ cert, key }, now)
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    return { renewed: false, warning: `${error.message} ${error.hint}` }
  }
  const server = await makeServerCert({ ca: { cert, key }, hosts, now })
  // The key first: between the two a starting proxy would refuse the pair, and after them it has both.
  applyChange(dir, new Map([[FILES.key, { content: server.key, mode: 0o600 }], [FILES.cert, { content: server.cert, mode: 0o644 }]]))
  return { renewed: true, warning: null }
}

function whole<T>(dir: string, path: string, otherwise: string, parse: (text: string) => T): T | null {
  const text = read(dir, path)
  try {
    return text === null ? null : parse(text)
  } catch (cause) {
    throw damaged(join(dir, path), otherwise, cause)
  }
}

/** null: it is somebody else's, who lets this user start it but not look into it. */
function read(dir: string, path: string): string | null {
  try {
    return readPlain(join(dir, path))
  } catch (cause) {
    if (codeOf(cause) === 'EACCES') return null
    throw damaged(join(dir, path), codeOf(cause) === 'ENOENT' ? 'is missing' : "can't be read", cause)
  }
}

function damaged(path: string, what: string, cause?: unknown): StackError {
  return new StackError('E_CERT_DAMAGED', `${path} ${what}.`, { hint: 'Put the certificate and the key that belongs to it there, or both back from your backup. Then run this again.', cause })
}
