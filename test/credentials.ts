// Credential files as people leave them: whole lines, half ones, edits, what editors and other systems add.

import { createHash } from 'node:crypto'
import bcrypt from 'bcryptjs'
import fc from 'fast-check'
import { edited, edits } from './fuzz.ts'

/** At a cost that lets a thousand of them be tried. */
export const PASSWORDS = ['first', 'second', 'third'].map((password, index) => ({ password, hash: bcrypt.hashSync(password, `$2b$04$${'abcdefghijklmnopqrstu'.repeat(2).slice(index, index + 21)}u`) }))
export const KEYS = ['A', 'B', 'C'].map((letter) => ({ key: `olsk_${letter.repeat(43)}` })).map(({ key }) => ({ key, digest: createHash('sha256').update(key).digest('hex') }))
export const SSH = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOkPQv8DddpLBH5vhHoua7HXxTz2qj3uhf+POkVGGRM9', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVV8XXkWi8Ef6CPO7yYg7TlZ38+16Y3nU0HzS9cY4Ad']
export const NAMES = ['ann', 'an', 'a', 'Bob', 'eve@x', 'x'.repeat(64), 'x'.repeat(65)]

/** Good ones often enough that whole lines come out. */
const mostly = (good: readonly string[], odd: readonly string[]): fc.Arbitrary<string> => fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...odd) })

const role = mostly([':user', ':admin'], [':', ':Admin', ':root'])
const end = mostly(['', ':-', ':99999999999', ':99999999999:1700000000', ':-:1', ':1000000000'], [':0', ':999999999999', ':9999999999999', ':', ':-5', ':1.5', ':1e9', ':-:', ':-:1:2', ' # note'])
const stop = mostly(['\n', '\r\n'], ['', '\r', ' \n', '\0\n', '\n\n'])
const noise = fc.constantFrom('\n', '# ann:user\n', '#\n', '  \n', '\ufeff', 'ann\n', 'an\n', ':\n', ':x\n', '\r\n', 'half', '\u2028', '\t#x\n')

const file = (line: fc.Arbitrary<string>, ...pieces: string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.array(fc.oneof({ weight: 5, arbitrary: line }, { weight: 1, arbitrary: noise }), { maxLength: 6 }).map((lines) => lines.join('')), fc.option(edits(...pieces), { nil: [] })).map(([text, changes]) => edited(text, changes))

export const passwordLines = file(
  fc.tuple(mostly(NAMES.slice(0, 5), NAMES), mostly(PASSWORDS.map(({ hash }) => hash), ['$apr1$x$y', '{PLAIN}first', `$2b$03$${'a'.repeat(53)}`, '']), fc.oneof({ weight: 5, arbitrary: fc.tuple(role, end).map((parts) => parts.join('')) }, { weight: 1, arbitrary: fc.constant('') }), stop).map(([name, hash, more, eol]) => `${name}:${hash}${more}${eol}`),
  ':', '$2y$', '\n', '\r', '#', 'admin', '\0', '\ufeff')

export const keyLines = file(
  fc.tuple(mostly(NAMES.slice(0, 5), NAMES), role, mostly([...KEYS.map(({ digest }) => digest), ...SSH], [KEYS[0]?.digest.toUpperCase() ?? '', 'abc']), end, stop).map(([name, is, what, until, eol]) => `${name}${is}:${what}${until}${eol}`),
  ':', ' ', '\n', '\r', '#', 'admin', '\0', '\ufeff', 'ssh-ed25519 ')
