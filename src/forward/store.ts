// What `connect` remembers of a stack: whom to trust, and the login if the user wants that kept. A
// file for each stack, for its owner alone, so that two of these programs never write into one.

import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { shellWord } from '../ui/shell-word.ts'
import { readPlain, writeWhole } from '../project/disk.ts'
import { StackError } from '../errors.ts'
import type { Target } from './target.ts'

/** All text: PEM, and base64 for PKCS#12. */
export interface Kept {
  /** What is trusted for this stack. */
  ca?: string
  /** `none` too, which needs nothing else. */
  login?: string
  user?: string
  /** A password, a key, or what opens `p12` or `key`. */
  secret?: string
  cert?: string
  key?: string
  p12?: string
}

const KEYS = ['ca', 'login', 'user', 'secret', 'cert', 'key', 'p12'] as const

/** Where programs of this system keep what belongs to a user. */
export function configDir(env: Record<string, string | undefined>, platform: NodeJS.Platform = process.platform, home = homedir()): string {
  const base = platform === 'win32' ? env['APPDATA'] ?? join(home, 'AppData', 'Roaming')
    : platform === 'darwin' ? join(home, 'Library', 'Application Support')
    // A relative one is to be ignored (XDG Base Directory Specification).
    : env['XDG_CONFIG_HOME'] !== undefined && isAbsolute(env['XDG_CONFIG_HOME']) ? env['XDG_CONFIG_HOME'] : join(home, '.config')
  return join(base, 'ollama-stack')
}

/** No two stacks have one: a login would go to the other. No host has an @, and Windows takes no colon. */
export function keptAt(dir: string, { url }: Pick<Target, 'url'>): string {
  return join(dir, `${encodeURIComponent(url.replace('://', '_')).replace(/%(?:3A|5B|5D)/g, '@')}.json`)
}

/** Throws E_KEPT for a file that others could read or write, and for a damaged one: it is never passed over. */
export function readKept(path: string): Kept {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return {}
  const here = shellWord(path)
  if (!stat.isFile()) throw bad(`${path} isn't a file`, `Look at it: ls -l ${here}`)
  if (process.platform !== 'win32') {
    if (stat.uid !== process.getuid?.()) throw bad(`${path} belongs to somebody else`, `Look at it: ls -l ${here}`)
    const mode = stat.mode & 0o777
    if (mode & 0o077) throw bad(`${path} holds a login, and others on this machine may read or write it (mode ${mode.toString(8).padStart(4, '0')})`, `If nobody did: chmod 600 ${here}. If somebody may have, ask the owner of the stack for a new login.`)
  }
  const value = parsed(readPlain(path))
  if (value === null) throw bad(`${path} is damaged`, `Remove it, and give the login again: rm ${here}`)
  return value
}

function parsed(text: string): Kept | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const entries = Object.entries(value)
    if (!entries.every(([key, one]) => KEYS.some((known) => known === key) && typeof one === 'string')) return null
    return Object.fromEntries(entries)
  } catch {
    return null
  }
}

export function keep(path: string, dir: string, kept: Kept): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeWhole(path, { content: `${JSON.stringify(kept, null, 2)}\n`, mode: 0o600 })
}

/** Whether there was something. */
export function forget(path: string): boolean {
  const was = lstatSync(path, { throwIfNoEntry: false }) !== undefined
  rmSync(path, { force: true })
  return was
}

const bad = (what: string, hint: string): StackError => new StackError('E_KEPT', `${what}.`, { hint })
