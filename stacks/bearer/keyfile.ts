// The key file as the proxy reads it (files/lua/keys.lua): NAME:ROLE:WHAT[:END[:CREATED]], where WHAT is
// the SHA-256 of a key in hex or an ssh key, END and CREATED are Unix seconds, and END may be `-` for none.
// Lines of any other shape count for nobody there, and are kept byte for byte here.

import { StackError } from '../../src/errors.ts'
import type { Account, Role } from '../stack.ts'

export interface Line {
  name: string
  role: Role
  /** 64 hex digits, or `ssh-ed25519 AAAA...`. */
  what: string
  /** Unix seconds; Infinity: no end. */
  end: number
  created: number | null
}

/** What every ed25519 key has in common (RFC 8709) is the same letters in all of them. */
export const SSH_KEY = /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-P][A-Za-z0-9+/]{42}$/

const LINE = new RegExp(
  `^([A-Za-z0-9][A-Za-z0-9._@-]{0,63}):(user|admin):([0-9a-f]{64}|${SSH_KEY.source.slice(1, -1)})(?::(-|\\d{1,12})(?::(\\d{1,12}))?)?\\r?\\n$`,
)

const BOM = '\ufeff'

/** What a new file begins with. A test runs the command. */
const HEAD = `# Who may log in: NAME:ROLE:WHAT[:END[:CREATED]]
#   ROLE     user or admin
#   WHAT     SHA-256 of a key in hex, or an ssh key as in a .pub file: ssh-ed25519 AAAA...
#   END      when it stops to count, in seconds since 1970; - or nothing for never
# What you edit here counts within a second. A new key for ann, by hand; it prints the key:
#   KEY=olsk_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d =); echo "ann:user:$(printf %s "$KEY" | openssl dgst -sha256 -r | cut -c1-64)" >> credentials/keys; echo "$KEY"
`

/** An editor's byte order mark at the beginning is a piece of its own; further down it is part of a line, which is dead then. */
function lines(text: string): string[] {
  return text.split(/(?<=\n|^\ufeff)/)
}

/** The first field, whatever follows; null for comments and blank lines. */
function nameOf(line: string): string | null {
  return /^([^#:\s][^:\r\n]*):/.exec(line)?.[1] ?? null
}

/** Every name that has a line, dead or not. */
export function names(text: string): string[] {
  return [...new Set(lines(text).map(nameOf).filter((name) => name !== null))]
}

function read(line: string): Line | null {
  const match = LINE.exec(line)
  if (!match) return null
  const [, name = '', role, what = '', end = '-', created] = match
  return { name, role: role as Role, what, end: end === '-' ? Infinity : Number(end), created: created === undefined ? null : Number(created) }
}

function write({ name, role, what, end, created }: Line): string {
  return `${name}:${role}:${what}:${end === Infinity ? '-' : end}${created === null ? '' : `:${created}`}`
}

/**
 * The lines that the proxy understands, also those whose time is over.
 * Throws E_KEYS when the file ends within a line: half a line may be half of anything.
 */
export function entries(text: string): Line[] {
  if (text !== '' && !text.endsWith('\n')) {
    throw new StackError('E_KEYS', 'The last line of credentials/keys has no line end, so the proxy ignores it.', {
      hint: 'If the line is whole (NAME:ROLE: and 64 digits, or an ssh key), press Enter behind it in an editor; if not, delete it.',
    })
  }
  return lines(text).map(read).filter((line) => line !== null)
}

/** Why a line opens for nobody, a sentence each. The proxy's log gives the numbers. */
export function problems(text: string): string[] {
  const uses = new Map<string, number>()
  const all = lines(text)
  for (const line of all.map(read)) if (line) uses.set(line.what, (uses.get(line.what) ?? 0) + 1)
  return all.flatMap((line, index) => {
    const at = `credentials/keys, line ${text.startsWith(BOM) ? index : index + 1}`
    const entry = read(line)
    if (entry) return (uses.get(entry.what) ?? 0) > 1 ? [`${at}: the key of ${entry.name} stands in another line too, so it opens for neither`] : []
    if (line === BOM || /^[ \t\r\n]*(?:#|$)/.test(line)) return []
    return [`${at} is not NAME:ROLE:WHAT, NAME:ROLE:WHAT:END or NAME:ROLE:WHAT:END:CREATED (the file's first lines explain it)${line.endsWith('\n') ? '' : ', or lacks its line end'}`]
  })
}

/** Who has a line that opens, or opened until its end, each once. Several lines of a name are one person. */
export function people(text: string, now: number): Account[] {
  const all = entries(text)
  const uses = new Map<string, number>()
  for (const { what } of all) uses.set(what, (uses.get(what) ?? 0) + 1)
  const linesOf = new Map<string, Line[]>()
  for (const line of all) {
    // One key under two names opens for neither.
    if (uses.get(line.what) === 1) linesOf.set(line.name, [...(linesOf.get(line.name) ?? []), line])
  }
  return [...linesOf].map(([name, own]) => {
    const live = own.filter(({ end }) => end > now)
    const newest = own.at(-1)
    const overlap = Math.max(...live.filter((line) => line.end < (newest?.end ?? 0)).map(({ end }) => end))
    return {
      name,
      role: (live.length > 0 ? live : [newest]).some((line) => line?.role === 'admin') ? 'admin' : 'user',
      created: date(newest?.created ?? null),
      // When the last of them ends: until then the person gets in.
      expires: date(Math.max(...own.map(({ end }) => end))),
      ...(overlap > now ? { overlap: new Date(overlap * 1000) } : {}),
    }
  })
}

function date(seconds: number | null): Date | null {
  return seconds === null || seconds === Infinity ? null : new Date(seconds * 1000)
}

export function append(text: string, line: Line): string {
  return `${text === '' ? HEAD : text}${write(line)}\n`
}

/** The lines of `name` end at `end` at the latest; those that ended by `now` are gone. What the proxy ignores stays. */
export function ending(text: string, name: string, end: number, now: number): string {
  return joined(text, lines(text).map((line) => {
    const found = read(line)
    if (found?.name !== name) return line
    const until = Math.min(found.end, end)
    return until <= now ? '' : `${write({ ...found, end: until })}${line.endsWith('\r\n') ? '\r\n' : '\n'}`
  }))
}

/** Without any line of that name, damaged ones too. */
export function without(text: string, name: string): string {
  return joined(text, lines(text).filter((line) => nameOf(line) !== name))
}

/** A line that was dead by a mark in front of it stays so when it becomes the first. */
function joined(before: string, left: string[]): string {
  const after = left.join('')
  return after.startsWith(BOM) && !before.startsWith(BOM) ? `\n${after}` : after
}
