// What the x-ollama-stack block of compose.yaml says, by the same grammar as the flags: hand edits count, and none
// of them is passed over. A list of addresses that was read as none would open the stack to everybody.

import { basename, dirname, join } from 'node:path'
import { stacks } from '../../stacks/index.ts'
import { TLS, type Tls } from '../../stacks/stack.ts'
import { nearest } from '../cli/nearest.ts'
import { StackError, UsageError } from '../errors.ts'
import { allowed } from '../questions/allowed.ts'
import { origins } from '../questions/origins.ts'
import { host, rate } from '../questions/values.ts'

export interface OwnFacts {
  /** A key of the registry. */
  auth: string
  tls: Tls
  insecureHttp: boolean
  hosts: string[]
  certified: string[]
  origins: string[]
  allow: string[]
  rate: string | null
  model: string | null
}

/** Beside those of OwnFacts: who wrote the file, and which images it pulled. */
const KEYS = ['auth', 'tls', 'insecure-http', 'hosts', 'certified', 'origins', 'allow', 'rate', 'model', 'version', 'images']

/** `block`: as plain data. Throws E_COMPOSE_INVALID with the line. */
export function ownFacts(block: unknown, text: string, path: string): OwnFacts {
  const own: Record<string, unknown> = typeof block === 'object' && block !== null ? { ...block } : {}
  const { auth, tls: kind, 'insecure-http': insecureHttp = false } = own
  for (const key of Object.keys(own).filter((key) => !KEYS.includes(key))) {
    const meant = nearest(key, KEYS)
    throw wrong(key, `isn't known.${meant === undefined ? '' : ` Did you mean ${meant}?`}`, text, path)
  }
  const list = (key: string, parse: (one: string) => unknown): string[] => {
    const value = own[key] ?? []
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw wrong(key, 'must be a list of texts in quotes', text, path)
    for (const one of value) checked(key, () => parse(one), text, path)
    return value
  }
  const one = (key: string, parse: (text: string) => unknown): string | null => {
    const value = own[key] ?? null
    if (value !== null && typeof value !== 'string') throw wrong(key, 'must be text, in quotes', text, path)
    if (value !== null) checked(key, () => parse(value), text, path)
    return value
  }
  if (typeof auth !== 'string' || !Object.hasOwn(stacks, auth)) {
    const ids = Object.keys(stacks)
    throw wrong('auth', `must be one of ${ids.join(', ')}`, text, path, `Put the line back that create wrote there, of ${ids.map((id) => `"  auth: ${id}"`).join(', ')} (${join(dirname(path), 'README.md')} says which login this is).`)
  }
  const tls = TLS.find((word) => word === kind)
  if (tls === undefined) throw wrong('tls', `must be one of ${TLS.join(', ')}, in quotes`, text, path)
  if (typeof insecureHttp !== 'boolean') throw wrong('insecure-http', 'must be true or false', text, path)
  return {
    auth, tls, insecureHttp,
    hosts: list('hosts', host), certified: list('certified', host), origins: list('origins', origins), allow: list('allow', allowed),
    // Ollama itself says what is no model, and no file of a proxy has it.
    rate: one('rate', rate), model: one('model', String),
  }
}

/** What a flag says of itself, said of the key. */
function checked(key: string, parse: () => unknown, text: string, path: string): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw wrong(key, error.message.replace(/^--[a-z-]+ /, '').replace(/\.$/, ''), text, path)
  }
}

function wrong(key: string, what: string, text: string, path: string, hint = `Edit ${path}, then run the command again.`): StackError {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith('x-ollama-stack:'))
  const at = lines.findIndex((line, index) => index > start && line.trimStart().startsWith(`${key}:`))
  return new StackError('E_COMPOSE_INVALID', `${basename(path)}:${(at < 0 ? start : at) + 1}: x-ollama-stack.${key} ${what.replace(/(?<![.?])$/, '.')}`, { exit: 2, hint })
}
