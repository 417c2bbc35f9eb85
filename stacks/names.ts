// The grammar of people's names, the same for every stack: safe in an htpasswd line, a key file,
// a path and a certificate.

import { UsageError } from '../src/errors.ts'

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

/** Control and direction characters would rewrite the terminal's line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`).slice(0, 80)
}
