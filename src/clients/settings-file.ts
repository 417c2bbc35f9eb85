// The file of a client on this machine: what it would become, and writing that with the old one kept beside.

import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readPlain, unusedPath, writeWhole } from '../project/disk.ts'
import { diffOfFile } from '../configure/diff.ts'
import { UsageError } from '../errors.ts'
import { harmless, shownPath } from '../ui/quoted.ts'
import type { Client, FileSetting } from './client.ts'
import { fillText, fillValue, SECRET, type Tokens } from './fill.ts'
import { merge } from './merge.ts'
import { wholeFile } from './render.ts'

export interface Change {
  /** Absolute, with links followed: a settings file may be one. */
  path: string
  /** null: there is no file yet. */
  before: string | null
  after: string
  /** It then holds one, so it is for its owner alone. */
  secret: boolean
  /** What must not be shown of either: secrets that come and those that go, each with what stands for it. */
  hidden: [secret: string, shown: string][]
}

/** The settings of this login that are a file: there is at most one. */
export function fileOf(client: Client, login: string): FileSetting | undefined {
  return client.logins[login]?.settings.find((setting): setting is FileSetting => 'file' in setting)
}

/** Throws E_CLIENT_FILE when the file isn't where it could be known, can't be read, or can't be merged safely. */
export function changeOf(client: Client, login: string, setting: FileSetting, tokens: Tokens, place: { home: string; cwd: string; given: string | undefined }): Change {
  const path = real(pathOf(client, setting, tokens, place))
  const before = read(path)
  const value = fillValue(setting.value, tokens) ?? {}
  const others = Object.keys(client.logins).filter((one) => one !== login).flatMap((one) => fillValue(fileOf(client, one)?.value ?? {}, tokens) ?? [])
  const merged = merge(setting.format, before, { whole: wholeFile(setting, value), value }, others)
  if ('cannot' in merged) {
    throw new UsageError('E_CLIENT_FILE', `${shownPath(path)} can't be changed safely: ${merged.cannot}.`, `Nothing was written. Put it in by hand: ollama-stack client ${client.id}`)
  }
  const secret = SECRET.test(JSON.stringify(setting.value))
  // What goes without anything in its place belonged to another login.
  const gone = merged.edits.filter(({ value: next }) => secret || next === undefined).flatMap(({ path: at }) => texts(at.reduce<unknown>(step, merged.now)))
  const known = [tokens.LOGIN_URL, tokens.PASS, tokens.KEY, tokens.B64].filter((one) => one !== null)
  return { path, before, after: merged.text, secret, hidden: [...(secret ? known : []).flatMap((one) => spellings(one, '***')), ...gone.flatMap((one) => spellings(one, '*** (until now)'))] }
}

function pathOf({ name, id }: Client, { file, where }: FileSetting, tokens: Tokens, { home, cwd, given }: { home: string; cwd: string; given: string | undefined }): string {
  if (given !== undefined) return resolve(cwd, given)
  const usual = fillText(file, tokens) ?? file
  if (usual.startsWith('~/')) return join(home, usual.slice(2))
  throw new UsageError('E_CLIENT_FILE', `Where ${where ?? file} lies on this machine only you know.`, `Say which file it is: ollama-stack client ${id} --write --file PATH (${name} needs ${file})`)
}

function real(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })) return path
  try {
    return realpathSync(path)
  } catch {
    throw new UsageError('E_CLIENT_FILE', `${shownPath(path)} is a link that leads nowhere.`, `Look at it: ls -l ${shownPath(path)}`)
  }
}

function read(path: string): string | null {
  if (!existsSync(path)) return null
  try {
    return readPlain(path)
  } catch (error) {
    throw new UsageError('E_CLIENT_FILE', `${shownPath(path)} can't be read: ${(error as Error).message.split(', ')[0]}.`, 'Nothing was written.')
  }
}

function step(data: unknown, key: string | number): unknown {
  return typeof data === 'object' && data !== null ? (data as Record<string | number, unknown>)[key] : undefined
}

/** Every text in it that is long enough for a secret. */
function texts(data: unknown): string[] {
  if (typeof data === 'string') return data.length >= 8 ? [data] : []
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(texts) : []
}

/** As JSON, TOML and YAML write it. */
function spellings(text: string, shown: string): [string, string][] {
  return [text, JSON.stringify(text).slice(1, -1), text.replaceAll("'", "''")].map((one) => [one, shown])
}

/** Returns the path of what was kept, if there was a file. Throws E_CLIENT_FILE when somebody else changed it meanwhile. */
export function writeChange({ path, before, after, secret }: Change, now: Date): string | null {
  if (read(path) !== before) throw new UsageError('E_CLIENT_FILE', `${shownPath(path)} was changed meanwhile, so it was left as it is.`, 'Run the same command again.')
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const mode = before === null ? 0o644 : lstatSync(path).mode & 0o777
  const kept = before === null ? null : unusedPath((more) => `${path}.${now.toISOString().slice(0, 19).replaceAll(':', '-')}${more}.bak`)
  if (kept !== null && before !== null) writeWhole(kept, { content: before, mode: secret ? 0o600 : mode })
  writeWhole(path, { content: after, mode: secret ? 0o600 : mode })
  return kept
}

/** What will change, without any secret: neither of ours, nor of others in the lines around. */
export function difference({ path, before, after, hidden }: Change): string {
  const longestFirst = hidden.toSorted(([one], [other]) => other.length - one.length)
  const hide = (text: string): string => longestFirst.reduce((so, [secret, shown]) => so.replaceAll(secret, () => shown), text)
  return harmless(diffOfFile(path, before === null ? null : hide(before), hide(after)).replace(OTHERS, '$1***').replace(IN_URL, '$1***@'))
}

const IN_URL = /(:\/\/[^\s/:@"']*:)[^\s/@"']+@/g

/** Lines that stay as they are, with a name that says secret. */
const OTHERS = /^( .*(?:key|token|secret|passw(?:or)?d|authorization)["']?\s*[:=]\s*)(?!.*\*\*\*)\S.*$/gim
