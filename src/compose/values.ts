// Readers: each takes a place in compose.yaml and returns a checked, plain value, or fails.

import { isScalar, isSeq } from 'yaml'
import { entries, invalid, isNull, items, scalar, unknownKey, type At } from './read.ts'
import { float32, formatDuration, parseBytes, parseDuration } from './units.ts'

export type Reader<T = unknown> = (at: At) => T

export const text: Reader<string> = (at) => {
  const value = scalar(at)
  if (typeof value !== 'string') throw invalid(at, `must be text: put ${value} in quotes`)
  return value
}

/** Text, or a number or boolean that Compose turns into text. */
export const anyText: Reader<string> = (at) => String(scalar(at))

export const flag: Reader<boolean> = (at) => {
  const value = String(scalar(at))
  if (value !== 'true' && value !== 'false') throw invalid(at, `must be true or false, not ${JSON.stringify(value)}`)
  return value === 'true'
}

export const integer: Reader<number> = (at) => {
  const value = Number(scalar(at))
  if (!Number.isSafeInteger(value)) throw invalid(at, 'must be a whole number')
  return value
}

export const cpus: Reader<number> = (at) => {
  const value = Number(scalar(at))
  if (!(value >= 0 && value < 1e6)) throw invalid(at, 'must be a number of CPUs, such as 1.5')
  return float32(value)
}

/** Bytes as a decimal string; a bare number may be -1 (no limit). */
export const bytes: Reader<string> = (at) => {
  const value = scalar(at)
  const size = typeof value === 'number' ? value : parseBytes(String(value))
  if (size === null || !Number.isInteger(size)) throw invalid(at, 'must be a size, such as 512m')
  return size === 0 ? '' : String(size)
}

export const duration: Reader<string> = (at) => {
  const value = scalar(at)
  const ns = parseDuration(String(value))
  if (ns === null) throw invalid(at, 'must be a duration with a unit, such as 10s')
  return formatDuration(ns)
}

export function oneOf<T extends string>(...choices: T[]): Reader<T> {
  return (at) => {
    const value = text(at)
    const found = choices.find((choice) => choice === value)
    if (!found) throw invalid(at, `must be one of ${choices.join(', ')}`)
    return found
  }
}

/** A list; `id` names what must not occur twice in it. */
export function list<T>(reader: Reader<T>, id: (value: T) => string = String): Reader<T[]> {
  return (at) => {
    const seen = new Set<string>()
    return items(at).map((item) => {
      const value = reader(item)
      if (seen.has(id(value))) throw invalid(item, `repeats ${id(value)}`)
      seen.add(id(value))
      return value
    })
  }
}

/** A list in which repeating is fine: words of a command. */
export const words: Reader<string[]> = (at) => {
  if (isScalar(at.node)) throw invalid(at, 'must be a list of words, such as ["nginx", "-g", "daemon off;"]; text would go through a shell\'s rules')
  return items(at).map(text)
}

export const command: Reader<string[] | null> = (at) => (isNull(at) ? null : words(at))

/** One text or a list of texts. */
export const texts: Reader<string[]> = (at) => (isScalar(at.node) ? [text(at)] : list(text)(at))

export function sorted<T>(pairs: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** A map of texts. */
export const options: Reader<Record<string, string>> = (at) =>
  sorted(entries(at).map(([key, value]) => [key, anyText(value)]))

/** A map, or a list of `KEY=value`. A key without a value is `bare`'s business. */
export function pairs(bare: (at: At) => string): Reader<Record<string, string>> {
  return (at) => {
    if (!isSeq(at.node)) return sorted(entries(at).map(([key, value]) => [key, isNull(value) ? bare(value) : anyText(value)]))
    const found = new Map<string, string>()
    for (const item of items(at)) {
      const [key = '', ...rest] = text(item).split('=')
      if (found.has(key)) throw invalid(item, `repeats ${key}`)
      if (/\s$/.test(key)) throw invalid(item, 'has a space before the equals sign')
      found.set(key, rest.length > 0 ? rest.join('=') : bare(item))
    }
    return sorted(found)
  }
}

/** A row of the table of supported keys: how to read the value, and whether an empty one counts. */
export interface Field {
  read: Reader
  keepEmpty?: boolean
}

export type Table = Record<string, Field | Reader>

/**
 * A map with known keys. The result has the table's order, without values that Go's JSON leaves out
 * (empty text, 0, false, empty lists and maps).
 */
export function object(table: Table): Reader<Record<string, unknown>> {
  return (at) => {
    const given = new Map(entries(at))
    for (const [key, value] of given) {
      if (!Object.hasOwn(table, key) && !key.startsWith('x-')) throw unknownKey({ ...value, node: null }, key, Object.keys(table))
    }
    const result: Record<string, unknown> = {}
    for (const [key, row] of Object.entries(table)) {
      const value = given.get(key)
      if (!value) continue
      const { read, keepEmpty = false } = typeof row === 'function' ? { read: row } : row
      const plain = read(value)
      if (keepEmpty || !isEmpty(plain)) result[key] = plain
    }
    return result
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return !value
}
