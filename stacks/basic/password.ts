// Passwords: made here, or a person's own.

import { randomBytes } from 'node:crypto'
import { UsageError } from '../../src/errors.ts'

// 32 signs, so that a byte's low bits choose without favour. No 0 o 1 l: people type these.
const SIGNS = 'abcdefghijkmnpqrstuvwxyz23456789'
/** 32 signs of 5 bits are 160 bits. */
const LENGTH = 32

// The proxy serves nobody else while it hashes: 1.6 ms at cost 5, twice that with each step. Once per
// login, but guessers make it do so too. Measured with 8 connections of guesses at one name, somebody
// logged in asking every 5 ms (quiet p99 2 to 6 ms): its p99 grew to 0.8 times at cost 5, 1.9 at cost
// 6, 3.2 at cost 7 (up to 4.4), 8 at cost 8; issue 3 asks for less than 4.
// What that means for a stolen file: 160 random bits can't be guessed at any speed. One graphics card
// tries about 90 000 passwords a second at cost 6 (hashcat's benchmark, RTX 4090): 12 random letters
// hold for thousands of years, 8 for weeks, a word from a list not at all, nor would it at cost 10.
const COST_MADE = 5
const COST_OWN = 6

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
  throw new UsageError('E_PASSWORD', `The password ${problem}.`, `Choose one of ${LEAST_BYTES} to ${MOST_BYTES} bytes, better 12 or more, or give none and get a strong one.`)
}

/** `$2y$`, which every crypt(3) with bcrypt knows, musl's too; the same algorithm as bcryptjs's `$2b$`. */
export async function hashPassword(password: string, own: boolean): Promise<string> {
  const { default: bcrypt } = await import('bcryptjs')
  const hash = await bcrypt.hash(password, own ? COST_OWN : COST_MADE)
  return `$2y$${hash.slice(4)}`
}
