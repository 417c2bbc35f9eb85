// credentials/FINGERPRINT.pem: a certificate, and after it what it opens and until when. Caddy goes by
// the name and the last line (login.caddy); here the rest must be right too.

import { createHash } from 'node:crypto'
import { issuedAt, readCert } from '../../src/certs/read-cert.ts'
import { StackError } from '../../src/errors.ts'
import type { FileEntry, FileMap, Person, Role } from '../stack.ts'
import { skim } from './skim.ts'

export interface Entry extends Person {
  path: string
  cert: string
  issued: Date
  /** The certificate's own end. */
  notAfter: Date
  /** null: no end but the certificate's own. */
  until: Date | null
}

const FOLDER = 'credentials/'
const SHAPE = /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n)(user|admin)(?: until (20\d\d-[01]\d-[0-3]\d(?:T[0-2]\d:[0-5]\d:[0-5]\dZ)?))?$/
/** What `until` can say at most: login.caddy takes years that begin with 20. */
const LAST = new Date('2099-12-31T23:59:59Z')

export const pathOf = (cert: string): string => named(derOf(cert))
const named = (der: Buffer): string => `${FOLDER}${createHash('sha256').update(der).digest('hex')}.pem`
export const derOf = (cert: string): Buffer => Buffer.from(cert.replace(/-----[A-Z ]+-----/g, ''), 'base64')
/** As Caddy writes it, and compares. */
const pemOf = (der: Buffer): string => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`

export function entryFile(cert: string, role: Role, until: Date | null): FileEntry {
  const end = until === null ? '' : ` until ${new Date(Math.min(until.getTime(), LAST.getTime())).toISOString().slice(0, 19)}Z`
  return { content: `${cert}${role}${end}\n`, mode: 0o600 }
}

/** Everything in the folder. Throws E_CERT_DAMAGED or E_CERT_NAME on what is no entry. */
export function entries(files: FileMap): Entry[] {
  return kept(files).map(([path, content]) => entry(path, content))
}

/** Those that are whole, and what is wrong with the others. */
export function sorted(files: FileMap): { whole: Entry[]; problems: StackError[] } {
  const [whole, problems]: [Entry[], StackError[]] = [[], []]
  for (const [path, content] of kept(files)) {
    try {
      whole.push(entry(path, content))
    } catch (error) {
      if (!(error instanceof StackError)) throw error
      problems.push(error)
    }
  }
  return { whole, problems }
}

function kept(files: FileMap): [path: string, content: string][] {
  // What editors and killed writes leave behind begins with a dot, and no fingerprint does.
  return [...files].flatMap(([path, { content }]) => (/^credentials\/(?!.*\/\.|\.)/.test(path) ? [[path, String(content)] as [string, string]] : []))
}

function entry(path: string, content: string): Entry {
  const [, cert = '', role, end] = SHAPE.exec(content.replaceAll('\r', '').replace(/\n$/, '')) ?? []
  const until = end === undefined ? null : new Date(end)
  const der = derOf(cert)
  // The fingerprint is the file's name, so no letter of the certificate can be wrong.
  const sound = pemOf(der) === cert && named(der) === path && !Number.isNaN(until?.getTime())
  if (!sound) throw whatIsWrong(path, content)
  const { cn: name, notBefore, notAfter } = skim(der) ?? readCert(cert)
  return { path, cert, name, role: role as Role, issued: issuedAt(notBefore), notAfter, until }
}

function whatIsWrong(path: string, content: string): StackError {
  try {
    const { cn, fingerprint } = readCert(content)
    if (path !== `${FOLDER}${fingerprint}.pem`) return misnamed(path, cn, fingerprint)
    return damaged(path, 'is not a certificate with one line after it: `user`, `admin`, or either with an end, such as `user until 2027-01-31`')
  } catch (cause) {
    return damaged(path, 'is not a whole certificate', cause)
  }
}

function damaged(path: string, why: string, cause?: unknown): StackError {
  return new StackError('E_CERT_DAMAGED', `${path} ${why}, so nobody can say whom it lets in.`, {
    hint: `Put that right, or remove it (rm ${path}) and let its owner in anew: ollama-stack user add NAME --role ROLE`,
    cause,
  })
}

function misnamed(path: string, cn: string, fingerprint: string): StackError {
  return new StackError('E_CERT_NAME', `${path} holds the certificate of ${cn || 'nobody'}, but its name is the fingerprint of another one, and the name decides who gets in.`, {
    hint: `Remove it: rm ${path}   or, to let ${cn || 'it'} in: mv ${path} ${FOLDER}${fingerprint}.pem`,
  })
}
