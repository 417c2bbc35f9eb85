// What belongs to a project: the only names that go into a backup and come out of one. The models stay
// in their volume, and the program's own copy is made anew by whoever restores.

import { readdirSync } from 'node:fs'
import { posix } from 'node:path'
import type { FileMap } from '../../stacks/stack.ts'
import { readTree } from '../project/disk.ts'
import { StackError } from '../errors.ts'
import { PROJECT_FILES as FILES, PROJECT_TREES as TREES } from '../project/files.ts'
import { quoted } from '../ui/quoted.ts'
import { STATE } from '../project/state.ts'

/** Of work that is under way, which the next command would go on with. On many disks in any case. */
const PASSING = [`${STATE}/journal.json`, `${STATE}/upgrade.json`]
/** In the project's directory, but not worth a word when it stays behind. */
const OUR_OWN = /^\.ollama-stack(?:\.lock.*)?$/

const DEEPEST = 16
/** Also what only some systems take: a backup is for any other machine. */
const SEGMENT = /^(?!\.{1,2}$)[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\:]{1,240}$/u

/** Whether a project can have a file of that name. POSIX, relative, as it is written in the archive. */
export function belongs(path: string): boolean {
  const segments = path.split('/')
  const [top = ''] = segments
  if (segments.length === 1) return FILES.includes(top)
  return !PASSING.includes(path.toLowerCase()) && TREES.includes(top) && segments.length <= DEEPEST && segments.every((segment) => SEGMENT.test(segment))
}

/** What an archive says about modes doesn't count. */
export function modeOf(path: string): number {
  if (path === 'ollama-stack') return 0o755
  const [top = ''] = path.split('/')
  return top === 'credentials' || top === STATE || path.startsWith('certs/acme/') || /\.(?:key|p12)$/.test(path) ? 0o600 : 0o644
}

export interface Contents {
  files: FileMap
  /** Names in the directory that a backup leaves out. */
  left: string[]
}

/** Bytes as they lie there. Throws E_SYMLINK, E_BACKUP_NAME, and E_NOT_YOURS for what may not be read. */
export function readContents(dir: string): Contents {
  const names = readdirSync(dir).sort()
  const files = denied(dir, () => readTree(dir, [...FILES, ...TREES], 'bytes'))
  for (const path of PASSING) files.delete(path)
  const odd = [...files.keys()].find((path) => !belongs(path))
  if (odd !== undefined) throw new StackError('E_BACKUP_NAME', `${quoted(odd, 300)} has a name that not every system takes, so it can't go into a backup.`, { exit: 2, hint: 'Rename it, or move it out of the project.' })
  return { files, left: names.filter((name) => !FILES.includes(name) && !TREES.includes(name) && !OUR_OWN.test(name)) }
}

function denied<T>(dir: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const { code, path = dir } = cause as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw cause
    throw new StackError('E_NOT_YOURS', `${posix.normalize(path)} can't be read: permission denied.`, { hint: `Run the command as the owner of ${dir}, or with sudo.`, cause })
  }
}
