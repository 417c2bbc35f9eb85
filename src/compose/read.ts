// Places in compose.yaml: what is there, and how to name it. Errors carry the file, the line and the
// path of the key, so that the message alone is enough to fix the file.

import { basename } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml'
import { StackError } from '../errors.ts'
import { nearest } from '../cli/nearest.ts'
import { quoted } from '../ui/quoted.ts'

export interface Source {
  path: string
  doc: Document
  lines: LineCounter
}

/** A value in the file: `key` is its path, such as `services.proxy.init`. */
export interface At {
  source: Source
  key: string
  node: Node | null
  /** Where to point when the value itself is missing. */
  offset: number
}

function place(at: At): string {
  const offset = at.node?.range?.[0] ?? at.offset
  return `${basename(at.source.path)}:${at.source.lines.linePos(offset).line}`
}

export function invalid(at: At, expected: string): StackError {
  return new StackError('E_COMPOSE_INVALID', `${place(at)}: ${at.key} ${expected}.`, {
    exit: 2,
    hint: `Edit ${at.source.path}, then run the command again.`,
  })
}

export function unsupported(at: At, what = at.key): StackError {
  const plain = what.replace(/^.*[.]/, '').replace(/ .*/, '')
  return new StackError('E_COMPOSE_UNSUPPORTED', `${place(at)}: ${what} is not supported by \`ollama-stack up\`.`, {
    exit: 2,
    hint: `\`docker compose up -d\` works with it; remove ${plain} to use \`ollama-stack up\`.`,
  })
}

/** Compose's own keys of a service that this program doesn't take (compose-spec, 05-services.md). Any other one is a slip. */
const COMPOSE_KEYS = new Set((
  'annotations attach blkio_config build cgroup cgroup_parent configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares ' +
  'credential_spec develop device_cgroup_rules dns_opt dns_search domainname env_file extends external_links isolation label_file links mac_address mem_swappiness models ' +
  'network_mode oom_kill_disable oom_score_adj pid platform post_start pre_stop privileged profiles provider pull_policy scale secrets stdin_open storage_opt tty ' +
  'use_api_socket userns_mode uts volumes_from'
).split(' '))

/** A slip, when a key that is taken looks like it; else something that only Compose knows. */
export function unknownKey(at: At, key: string, taken: readonly string[]): StackError {
  const meant = COMPOSE_KEYS.has(key) ? undefined : nearest(key, taken)
  if (meant === undefined) return unsupported(at)
  const parent = at.key.slice(0, -key.length - 1)
  return new StackError('E_COMPOSE_INVALID', `${place(at)}: ${parent} has no key ${quoted(key)}. Did you mean ${meant}?`, { exit: 2, hint: `Edit ${at.source.path}, then run the command again.` })
}

export function child(at: At, key: string | number, node: unknown, offset: number): At {
  const resolved = isAlias(node) ? node.resolve(at.source.doc) : node
  const path = typeof key === 'number' ? `${at.key}[${key}]` : at.key ? `${at.key}.${key}` : key
  if (isAlias(node) && !resolved) throw invalid({ ...at, key: path, node }, `uses *${node.source}, an anchor that the file doesn't define before it`)
  return { source: at.source, key: path, node: (resolved ?? null) as Node | null, offset }
}

export function isNull(at: At): boolean {
  return at.node === null || (isScalar(at.node) && at.node.value === null)
}

/** The pairs of a map, merge keys (`<<`) resolved; the map's own keys win. */
export function entries(at: At, above: readonly Node[] = []): [key: string, value: At][] {
  if (at.node && above.includes(at.node)) throw invalid(at, 'is merged into itself')
  if (!isMap(at.node)) throw invalid(at, 'must be a map of keys and values')
  const own: [string, At][] = []
  const merged: [string, At][] = []
  for (const pair of at.node.items) {
    const name = isScalar(pair.key) ? pair.key.value : undefined
    const offset = (pair.key as Node | null)?.range?.[0] ?? at.offset
    if (typeof name !== 'string' && typeof name !== 'number') throw invalid(at, 'has a key that is not plain text')
    if (name !== '<<') {
      own.push([String(name), child(at, String(name), pair.value, offset)])
      continue
    }
    const from = child(at, '<<', pair.value, offset)
    const maps = isSeq(from.node) ? from.node.items.map((item, i) => child(from, i, item, offset)) : [from]
    for (const map of maps) merged.push(...entries({ ...map, key: at.key }, [...above, at.node]))
  }
  const seen = new Set(own.map(([key]) => key))
  return [...own, ...merged.filter(([key]) => !seen.has(key) && seen.add(key))]
}

export function items(at: At): At[] {
  if (!isSeq(at.node)) throw invalid(at, 'must be a list')
  return at.node.items.map((item, i) => child(at, i, item, (item as Node | null)?.range?.[0] ?? at.offset))
}

/**
 * Plain scalars that YAML readers disagree about (octal, underscores, dates, `1.0`) must be quoted:
 * Compose's reader would see another value than ours.
 */
const AMBIGUOUS = /^[-+]?(?:0[bo]?[0-7_]+|0x[\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[-+]?\d+)?|\.\d[\d_]*(?:e[-+]?\d+)?|\.inf)$|^\d{4}-\d\d?-\d\d?|^\.nan$/i

export function scalar(at: At): string | number | boolean {
  if (isNull(at)) throw invalid(at, 'has no value')
  if (!isScalar(at.node)) throw invalid(at, 'must be a single value')
  const { value, type, source } = at.node
  if (type === 'PLAIN' && String(value) !== source?.trim()) throw invalid(at, `must be in quotes: "${source?.trim()}"`)
  if (typeof value === 'string') {
    if (type === 'PLAIN' && AMBIGUOUS.test(value)) throw invalid(at, `must be in quotes: "${value}"`)
    return undollar(at, value)
  }
  if (typeof value === 'boolean') return value
  if (typeof value !== 'number' || Math.abs(value) >= 1e15 || /e/.test(String(value))) throw invalid(at, 'must be in quotes')
  return value
}

/** `$$` is a dollar sign. Anything else after `$` would be replaced from somebody's environment. */
function undollar(at: At, value: string): string {
  const rest = value.replaceAll('$$', '')
  if (rest.includes('$')) {
    throw new StackError('E_COMPOSE_UNSUPPORTED', `${place(at)}: ${at.key} uses \`$\`, and variables are not supported by \`ollama-stack up\`.`, {
      exit: 2,
      hint: 'Write the value itself, or `$$` for a dollar sign. `docker compose up -d` works with variables.',
    })
  }
  return value.replaceAll('$$', '$')
}
