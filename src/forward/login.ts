// What the user brings: files, and a secret. That one never in the command line, where everybody on
// the machine could read it.

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { shellWord } from '../ui/shell-word.ts'
import { UsageError } from '../errors.ts'
import { shownPath } from '../ui/quoted.ts'
import type { Kept } from './store.ts'
import type { Identity } from './trust.ts'

export const SECRET = 'OLLAMA_STACK_SECRET'

/** The client certificate of the flags, or the one that was kept. Throws E_CLIENT_CERT. */
export function certificateOf(flags: { cert?: string; key?: string; p12?: string }, kept: Kept, cwd: string): Pick<Kept, 'cert' | 'key' | 'p12'> {
  const { cert, key, p12 } = flags
  if (p12 !== undefined) {
    if (cert !== undefined || key !== undefined) throw new UsageError('E_FLAG', '--p12 holds certificate and key, so --cert and --key are one too many.', 'Give --p12 FILE, or --cert FILE --key FILE.')
    return { p12: read('--p12', resolve(cwd, p12)).toString('base64') }
  }
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('E_FLAG', `${cert === undefined ? '--key needs --cert FILE' : '--cert needs --key FILE'} too.`, 'Give --cert NAME.crt --key NAME.key, or --p12 NAME.p12')
  if (cert === undefined || key === undefined) return { ...(kept.cert ? { cert: kept.cert } : {}), ...(kept.key ? { key: kept.key } : {}), ...(kept.p12 ? { p12: kept.p12 } : {}) }
  const path = resolve(cwd, key)
  const pem = read('--key', path).toString('utf8')
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0 && !pem.includes('ENCRYPTED')) {
    throw new UsageError('E_CLIENT_CERT', `${shownPath(path)} is a private key, and others on this machine may read or write it.`, `chmod 600 ${shellWord(path)}`)
  }
  return { cert: read('--cert', resolve(cwd, cert)).toString('utf8'), key: pem }
}

/** Whether a password is needed to use it. */
export const isEncrypted = ({ key, p12 }: Pick<Kept, 'key' | 'p12'>): boolean => p12 !== undefined || key?.includes('ENCRYPTED') === true

/** For TLS. Throws E_CLIENT_CERT in words. */
export function identityOf({ cert, key, p12 }: Pick<Kept, 'cert' | 'key' | 'p12'>, passphrase: string | undefined): Identity {
  const identity: Identity = {
    ...(p12 === undefined ? {} : { pfx: Buffer.from(p12, 'base64') }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(passphrase !== undefined && isEncrypted({ ...(key ? { key } : {}), ...(p12 ? { p12 } : {}) }) ? { passphrase } : {}),
  }
  try {
    createSecureContext(identity)
    return identity
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const why = /mac verify failure|bad decrypt|maybe wrong password/i.test(message) ? 'the password is wrong'
      : /mismatch/i.test(message) ? "the key belongs to another certificate"
      : /unsupported/i.test(message) ? 'it is encrypted in an old way that OpenSSL 3 refuses'
      : p12 === undefined ? "they aren't a certificate and a key in PEM form" : "it isn't a PKCS#12 file"
    throw new UsageError('E_CLIENT_CERT', `The client certificate can't be used: ${why}.`, 'The owner makes it with: ollama-stack user add NAME, or user rotate NAME.')
  }
}

/** PEM. Throws E_CA. */
export function caIn(path: string): string {
  const text = read('--ca', path).toString('utf8')
  try {
    createSecureContext({ ca: text })
  } catch {
    throw notPem(path)
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw notPem(path)
  return text
}

const notPem = (path: string): UsageError => new UsageError('E_CA', `${shownPath(path)} holds no certificate in PEM form.`, "Take certs/ca.crt of the project; it begins with -----BEGIN CERTIFICATE-----.")

function read(flag: string, path: string): Buffer {
  try {
    const about = statSync(path)
    if (!about.isFile()) throw new Error("it isn't a file")
    if (about.size > 1 << 20) throw new Error('it is far too large')
    return readFileSync(path)
  } catch (cause) {
    const [why = ''] = (cause as Error).message.split(', ')
    throw new UsageError('E_FILE', `${flag}: ${shownPath(path)} can't be read: ${why}.`, 'Give the path of the file that the owner of the stack gave you.')
  }
}

/** Names what is missing and the ways to give it. */
export function noSecret(what: string, line: string): UsageError {
  return new UsageError('E_SECRET', `The stack wants ${what}, and there is no terminal to ask for it.`,
    `Pipe it: printf %s "$SECRET" | ${line} --secret-stdin\nOr set ${SECRET}, or run it once in a terminal and have the login kept.`)
}
