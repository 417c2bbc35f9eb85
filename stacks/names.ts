// People, as every stack sees them: the grammar of names (safe in an htpasswd line, a key file, a path
// and a certificate), and what is wrong with a request about somebody.

import { UsageError } from '../src/errors.ts'
import type { Person } from './stack.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** Throws E_USER_NAME on a bad name, E_USER_EXISTS on one that differs only in case from an existing one. */
export function checkNewName(name: string, existing: readonly string[]): void {
  if (!NAME.test(name)) {
    throw new UsageError('E_USER_NAME', `"${printable(name)}" can't be a user name.`, 'Use up to 64 letters, digits, dots, dashes, underscores or @, beginning with a letter or digit: --user ann')
  }
  const same = existing.find((other) => other.toLowerCase() === name.toLowerCase())
  if (same !== undefined) {
    throw new UsageError('E_USER_EXISTS', `There is already a user ${same}${same === name ? '' : ', which differs only in case'}.`, 'Choose another name.')
  }
}

export function unknownPerson(name: string): UsageError {
  return new UsageError('E_USER_UNKNOWN', `There is no user "${printable(name)}".`, 'See who there is: ./ollama-stack user list')
}

/** Throws E_USER_EXPIRED: a new credential would be as dead as the old one. `noun` as in the stack. */
export function checkNotEnded({ name, role }: Person, end: Date | null, now: Date, noun: string): void {
  if (end === null || end > now) return
  throw new UsageError('E_USER_EXPIRED', `The time of ${name} ended on ${end.toISOString().slice(0, 10)}, and a new ${noun} would end with it.`,
    `Give them a new time: ./ollama-stack user remove ${name}, then ./ollama-stack user add ${name} --role ${role} --expires 30d`)
}

/** Control and direction characters would rewrite the terminal's line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`).slice(0, 80)
}
