// The key file as the proxy reads it (files/lua/keys.lua): NAME:ROLE:SHA256, the digest in hex.
// Lines of any other shape count for nobody there, and are kept byte for byte here.

import { createHash } from 'node:crypto'
import { StackError } from '../../src/errors.ts'
import type { Person, Role } from '../stack.ts'

const LINE = /^([A-Za-z0-9][A-Za-z0-9._@-]{0,63}):(user|admin):([0-9a-f]{64})\r?\n$/

const BOM = '\ufeff'

function lines(text: string): string[] {
  return text.split(/(?<=\n)/)
}

/** The first field, whatever follows; null for comments and blank lines. */
function nameOf(line: string): string | null {
  return /^([^#:\s][^:\r\n]*):/.exec(line.startsWith(BOM) ? line.slice(1) : line)?.[1] ?? null
}

/** Every name that has a line, dead or not. */
export function names(text: string): string[] {
  return [...new Set(lines(text).map(nameOf).filter((name) => name !== null))]
}

/**
 * Who has a key that opens, each once; an admin if any of their keys is one.
 * Throws E_KEYS when the file ends within a line: half a line may be half of anything.
 */
export function people(text: string): Person[] {
  if (text !== '' && !text.endsWith('\n')) {
    throw new StackError('E_KEYS', 'The last line of credentials/keys has no line end, so the proxy ignores it.', {
      hint: 'If the line is whole (NAME:ROLE: and 64 digits), press Enter behind it in an editor; if not, delete it.',
    })
  }
  const whole = lines(text.startsWith(BOM) ? text.slice(1) : text).map((line) => LINE.exec(line)).filter((match) => match !== null)
  const uses = new Map<string, number>()
  for (const [, , , digest = ''] of whole) uses.set(digest, (uses.get(digest) ?? 0) + 1)
  const roles = new Map<string, Role>()
  for (const [, name = '', role, digest = ''] of whole) {
    // One key under two names opens for neither.
    if (uses.get(digest) === 1 && roles.get(name) !== 'admin') roles.set(name, role as Role)
  }
  return [...roles].map(([name, role]) => ({ name, role }))
}

export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export function append(text: string, { name, role }: Person, key: string): string {
  return `${text}${name}:${role}:${digestOf(key)}\n`
}

/** Without any line of that name, damaged ones too. */
export function without(text: string, name: string): string {
  const kept = lines(text).filter((line) => nameOf(line) !== name).join('')
  return text.startsWith(BOM) && !kept.startsWith(BOM) ? BOM + kept : kept
}
