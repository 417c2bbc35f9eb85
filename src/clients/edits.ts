// What must change in a settings file, as data: nothing but what the settings say. Pure.

import type { Value } from './client.ts'

/** undefined: remove what is there. */
export interface Edit {
  path: (string | number)[]
  value: Value | undefined
}

/** Something else stands where a setting belongs: a list for a name, say. */
export class Clash extends Error {
  constructor(path: Edit['path']) {
    super(path.length === 0 ? 'the whole file' : path.join('.'))
    this.name = 'Clash'
  }
}

/** What `wanted` asks for and `now` hasn't. Items of lists are the same when their names are. Throws Clash. */
export function additions(now: unknown, wanted: Value, path: Edit['path'] = []): Edit[] {
  if (now === undefined || now === null) return [{ path, value: wanted }]
  if (Array.isArray(wanted)) {
    if (!Array.isArray(now)) throw new Clash(path)
    let end = now.length
    return wanted.flatMap((item) => {
      const index = now.findIndex((one) => sameItem(one, item))
      return index < 0 ? [{ path: [...path, end++], value: item }] : additions(now[index], item, [...path, index])
    })
  }
  if (typeof wanted === 'object') {
    if (!isRecord(now)) throw new Clash(path)
    return Object.entries(wanted).flatMap(([key, value]) => additions(own(now, key), value, [...path, key]))
  }
  if (typeof now === 'object') throw new Clash(path)
  return now === wanted ? [] : [{ path, value: wanted }]
}

/** What `other`, the settings of another login, would have put where `wanted` puts nothing: it may win over it. */
export function leftovers(now: unknown, wanted: Value, other: Value, path: Edit['path'] = []): Edit[] {
  if (Array.isArray(now) && Array.isArray(wanted) && Array.isArray(other)) {
    return other.flatMap((item) => {
      const index = now.findIndex((one) => sameItem(one, item))
      const mine = wanted.find((one) => sameItem(one, item))
      return index < 0 || mine === undefined ? [] : leftovers(now[index], mine, item, [...path, index])
    })
  }
  if (!isRecord(now) || !isRecord(wanted) || !isRecord(other)) return []
  return Object.entries(other).flatMap(([key, value]) => {
    if (own(now, key) === undefined) return []
    const mine = own(wanted, key)
    return mine === undefined ? [{ path: [...path, key], value: undefined }] : leftovers(own(now, key), mine, value, [...path, key])
  })
}

/** `now` with the edits in it; nothing of `now` itself is changed. */
export function applied(now: unknown, edits: readonly Edit[]): unknown {
  return edits.reduce((data, { path, value }) => set(data, path, value), now)
}

function set(data: unknown, [key, ...rest]: Edit['path'], value: Value | undefined): unknown {
  if (key === undefined) return value
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(data) ? [...data] : []
    list[key] = set(list[key], rest, value)
    return list
  }
  const others = isRecord(data) ? Object.entries(data).filter(([name]) => name !== key) : []
  const next = set(isRecord(data) ? own(data, key) : undefined, rest, value)
  if (next === undefined) return Object.fromEntries(others)
  return { ...(isRecord(data) ? data : {}), [key]: next }
}

/** Which of the keys says what an item is, and for `NAME=value` the name. */
const NAMES = ['name', 'model_name', 'id']

function sameItem(one: unknown, other: Value): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one.split('=', 1)[0] === other.split('=', 1)[0]
  if (!isRecord(one) || !isRecord(other)) return false
  const key = NAMES.find((name) => own(other, name) !== undefined)
  return key !== undefined && own(one, key) === own(other, key)
}

export function isRecord<T>(data: T): data is T & Record<string, T extends Value ? Value : unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
