// Passwords: made here, or a person's own.

import { randomBytes } from 'node:crypto'
import bcrypt from 'bcryptjs'
import { UsageError } from '../../src/errors.ts'

// 32 signs, so that a byte's low bits choose without favour. No 0 o 1 l: people type these.
const SIGNS = 'abcdefghijkmnpqrstuvwxyz23456789'
/** 32 signs of 5 bits are 160 bits. */
const LENGTH = 32

// Cost 5 takes 1.6 ms, cost 10 takes 50, and the proxy serves nobody else meanwhile. 160 random
// bits can't be guessed from a stolen file at any speed; a person's own password can.
const COST_MADE = 5
const COST_OWN = 10

const LEAST_BYTES = 8
/** bcrypt reads no further: a longer password would be known by its beginning. */
const MOST_BYTES = 72

export function makePassword(): string {
  return [...randomBytes(LENGTH)].map((byte) => SIGNS[byte % SIGNS.length]).join('')
}

/** Throws E_PASSWORD with the rule that is broken, never with the password. */
export function checkPassword(password: string): void {
  const bytes = Buffer.byteLength(password)
  const problem =
    bytes < LEAST_BYTES ? `is too short: it has ${bytes} bytes, and ${LEAST_BYTES} are the least`
    : bytes > MOST_BYTES ? `is too long: it has ${bytes} bytes, and bcrypt reads only ${MOST_BYTES}`
    // RFC 7617, 2. bcrypt would even stop at a NUL.
    : /\p{Cc}/u.test(password) ? 'has a control character in it, such as a tab or a line break'
    // Half of a surrogate pair has no UTF-8: no client could send it.
    : /\p{Cs}/u.test(password) ? "isn't valid Unicode"
    : null
  if (problem === null) return
  throw new UsageError('E_PASSWORD', `The password ${problem}.`, `Choose one of ${LEAST_BYTES} to ${MOST_BYTES} bytes, or give none and get a strong one.`)
}

/** `$2y$`, which every crypt(3) with bcrypt knows, musl's too; the same algorithm as bcryptjs's `$2b$`. */
export async function hashPassword(password: string, own: boolean): Promise<string> {
  const hash = await bcrypt.hash(password, own ? COST_OWN : COST_MADE)
  return `$2y$${hash.slice(4)}`
}
