// Private keys in a backup: PKCS#8, encrypted with the passphrase. With it each opens by hand too:
// openssl pkey -in certs/ca.key

import { createPrivateKey, hkdfSync, pbkdf2, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { StackError } from '../errors.ts'
import { encryptedKeyInfo, openKeyInfo, pbes2, type Derived } from '../certs/pbes2.ts'

/** OWASP's number for PBKDF2 with SHA-256. */
export const ROUNDS = 600_000

/** How a key is written without encryption: Caddy writes its own as SEC 1. */
export const FORMS = ['pkcs8', 'sec1', 'pkcs1'] as const
export type Form = (typeof FORMS)[number]

/** `key` encrypts keys, `seal` is for the MAC over the list of files. */
export interface Secret extends Derived {
  seal: Buffer
}

export async function derive(passphrase: string, salt: Buffer, rounds: number): Promise<Secret> {
  const key = await promisify(pbkdf2)(passphrase, salt, rounds, 32, 'sha256')
  return { salt, rounds, key, seal: Buffer.from(hkdfSync('sha256', key, '', 'create-ollama-stack backup seal', 32)) }
}

const PEM = /-----BEGIN ([A-Z0-9 ]*?) ?PRIVATE KEY-----/g
const FORM_OF: Record<string, Form> = { '': 'pkcs8', EC: 'sec1', RSA: 'pkcs1' }

/** The form of the key that a file holds in clear; null: it holds none. Throws E_BACKUP_KEY for one that can't be encrypted. */
export function clearKey(path: string, content: Uint8Array): Form | null {
  const text = Buffer.from(content).toString('latin1')
  const labels = [...text.matchAll(PEM)].map(([, label = '']) => label)
  const [label] = labels
  if (label === undefined) {
    if (path.endsWith('.key')) throw unfit(path, 'is called a key, but is none in PEM form')
    return null
  }
  if (labels.every((one) => one === 'ENCRYPTED') || /^Proc-Type: 4,ENCRYPTED/m.test(text)) return null
  const form = FORM_OF[label]
  if (form === undefined || text.match(/-----BEGIN /g)?.length !== 1) throw unfit(path, 'holds a private key among other things, or in a form of its own')
  return form
}

/** PEM of the key in `content`, encrypted. Throws E_BACKUP_KEY. */
export function encryptKey(path: string, content: Uint8Array, secret: Derived): string {
  let key: KeyObject
  try {
    key = createPrivateKey(Buffer.from(content))
  } catch {
    throw unfit(path, 'has a damaged private key')
  }
  return pem(encryptedKeyInfo(pbes2(key.export({ format: 'der', type: 'pkcs8' }), secret)))
}

/** The inverse. Throws for anything that `encryptKey` didn't write with the same secret. */
export function decryptKey(text: string, form: Form, secret: Derived): string {
  const info = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64')
  const key = createPrivateKey({ key: openKeyInfo(info, secret), format: 'der', type: 'pkcs8' })
  return key.export({ format: 'pem', type: form }).toString()
}

function pem(der: Buffer): string {
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ENCRYPTED PRIVATE KEY-----\n`
}

function unfit(path: string, what: string): StackError {
  return new StackError('E_BACKUP_KEY', `${path} ${what}, so it can't be encrypted. Nothing was written: no key leaves in clear.`, { exit: 2, hint: 'Put one key alone into that file, in PEM form, or move it out of the project.' })
}
