// credentials/htpasswd: NAME:HASH[:ROLE[:END[:CREATED]]], times in Unix seconds, `-` for no end.
// nginx reads the first two, proxy/people.js the rest. `htpasswd.old` has the same lines.
// Hand-written lines count, so they are read with care and kept byte for byte.

import type { Account } from '../stack.ts'

/** Names that the proxy lets log in (nginx.conf); a line of any other name is dead. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** bcrypt, at a cost that doesn't stall the proxy: each step up doubles 1.6 ms at cost 5. */
const GOOD_HASH = /^\$2[aby]\$(?:0[4-9]|1[0-2])\$[./A-Za-z0-9]{53}$/

/** What follows the hash. The same as in people.js, which lets nobody in on anything else. */
const REST = /^(?::(admin|user)(?::(-|[0-9]{1,11})(?::([0-9]{1,11}))?)?)?$/

export interface Entry extends Account {
  hash: string
}

interface Line {
  /** With its line end. */
  text: string
  name: string | null
  hash: string
  rest: string
}

function parse(text: string): Line[] {
  return text.split(/(?<=\n)/).map((line) => {
    const [, name, hash = '', rest = ''] = /^([^#:\r\n][^:\r\n]*):([^:\r\n]*)([^]*?)\r?\n?$/.exec(line) ?? []
    return { text: line, name: name ?? null, hash, rest }
  })
}

/** Every name that has a line, in the file's order, each once. */
export function names(text: string): string[] {
  return [...new Set(parse(text).map(({ name }) => name).filter((name) => name !== null))]
}

/** Who can log in, each by their first line, as nginx takes it. A line that the proxy refuses is nobody's (see `problems`). */
export function entries(text: string): Entry[] {
  const found = new Map<string, Entry | null>()
  let above = ''
  for (const line of parse(text)) {
    const { name } = line
    if (name !== null && NAME.test(name) && !found.has(name)) found.set(name, whole(line) && !skipsNext(above, name) ? entryOf(name, line) : null)
    above = line.text
  }
  return [...found.values()].filter((entry) => entry !== null)
}

/** Without its end it may be half of one. */
const whole = ({ text }: Line): boolean => text.endsWith('\n')

/** nginx skips a line and the next one when it is the beginning of the name, without a colon (people.js says why). */
const skipsNext = (line: string, name: string): boolean => line.length > 1 && line.endsWith('\n') && name.startsWith(line.slice(0, -1))

function entryOf(name: string, { hash, rest }: Line): Entry | null {
  const [match, role, end, created] = REST.exec(rest) ?? []
  if (!GOOD_HASH.test(hash) || match === undefined) return null
  return { name, hash, role: role === 'admin' ? 'admin' : 'user', expires: dateOf(end), created: dateOf(created) }
}

/** Why a line lets nobody in, a sentence each. */
export function problems(text: string): string[] {
  const seen = new Set<string>()
  return parse(text).flatMap((line, index, all) => {
    const { name, hash, rest } = line
    const at = `credentials/htpasswd, line ${index + 1}`
    if (name === null) return /^\s*(?:#|$)/.test(line.text) ? [] : [`${at} is not NAME:HASH`]
    if (!NAME.test(name)) return [`${at}: nobody can log in under such a name`]
    if (seen.has(name)) return [`${at}: ${name} has a line above, and only the first one counts`]
    seen.add(name)
    if (skipsNext(all[index - 1]?.text ?? '', name)) return [`${at}: ${name} can't log in, because the line above is only the beginning of that name`]
    if (!whole(line)) return [`${at}, of ${name}, has no line end: it may be half of one`]
    if (!GOOD_HASH.test(hash)) return [`${at}: the password of ${name} isn't a bcrypt hash of cost 4 to 12`]
    if (!REST.test(rest)) return [`${at}: what follows the hash of ${name} isn't ROLE, ROLE:END or ROLE:END:CREATED (admin or user; seconds since 1970, or - for no end)`]
    return []
  })
}

function dateOf(seconds: string | undefined): Date | null {
  return seconds === undefined || seconds === '-' ? null : new Date(Number(seconds) * 1000)
}

function lineOf({ name, hash, role, expires, created }: Entry): string {
  const seconds = (date: Date | null): string => (date === null ? '-' : String(Math.ceil(date.getTime() / 1000)))
  return `${name}:${hash}:${role}:${seconds(expires)}${created === null ? '' : `:${seconds(created)}`}\n`
}

export function append(text: string, entry: Entry): string {
  const last = parse(text).findLast((line) => line.text !== '')?.text ?? ''
  return `${text}${skipsNext(last, entry.name) ? '\n' : ''}${lineOf(entry)}`
}

/** In the place of that name's first line, and without its others. */
export function replace(text: string, entry: Entry): string {
  const lines = parse(text)
  const first = lines.findIndex(({ name }) => name === entry.name)
  const kept = (part: Line[]): string => part.filter(({ name }) => name !== entry.name).map((line) => line.text).join('')
  return append(kept(lines.slice(0, first)), entry) + kept(lines.slice(first))
}

/** Without any line of that name: nginx takes the first of several, so one left over would count. */
export function without(text: string, name: string): string {
  return parse(text).filter((line) => line.name !== name).map((line) => line.text).join('')
}

/** Without the lines whose time is over. */
export function withoutEnded(text: string, now: Date): string {
  const ended = ({ rest }: Line): boolean => {
    const end = dateOf(REST.exec(rest)?.[2])
    return end !== null && end <= now
  }
  return parse(text).filter((line) => !ended(line)).map((line) => line.text).join('')
}
