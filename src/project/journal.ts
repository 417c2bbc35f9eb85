// Many files as one: all of a change is written down first, then done. A kill before that leaves
// everything as it was; one after it is made good by the next command that reads the project.

import { existsSync, readFileSync, rmSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Change, FileEntry } from '../../stacks/stack.ts'
import { applyChange, diskError, handOver } from './disk.ts'
import { codeOf } from '../errors.ts'
import { withFreeLock } from './lock.ts'

const JOURNAL = '.ollama-stack-state/journal.json'

interface Written {
  /** `uid:gid` of the proxy, which reads some of the files. */
  user: string
  /** Contents in base64, in order. */
  change: [path: string, entry: { content: string; mode: number } | null][]
}

/** For whoever holds the project's lock. `user`: `uid:gid` of the proxy. */
export function applyWhole(dir: string, change: Change, user: string): void {
  const coded = (entry: FileEntry | null): Written['change'][0][1] => entry && { content: Buffer.from(entry.content).toString('base64'), mode: entry.mode }
  const written: Written = { user, change: [...change].map(([path, entry]) => [path, coded(entry)]) }
  applyChange(dir, new Map([[JOURNAL, { content: JSON.stringify(written), mode: 0o600 }]]))
  finish(dir)
}

/** Makes good what was cut short, unless somebody is at it. Throws E_NOT_WRITABLE, E_DISK_FULL. */
export function finishApply(dir: string): void {
  if (!existsSync(join(dir, JOURNAL))) return
  try {
    withFreeLock(dir, () => {
      if (existsSync(join(dir, JOURNAL))) finish(dir)
    })
  } catch (error) {
    throw diskError(error, join(dir, JOURNAL))
  }
}

function finish(dir: string): void {
  const { user, change } = JSON.parse(readFileSync(join(dir, JOURNAL), 'utf8')) as Written
  applyChange(dir, new Map(change.map(([path, entry]) => [path, entry && { content: Buffer.from(entry.content, 'base64'), mode: entry.mode & 0o777 }])))
  for (const [path, entry] of change) if (entry === null) removeEmpty(dir, dirname(path))
  const [uid = 0, gid = 0] = user.split(':').map(Number)
  // What was made new is root's, where root did it.
  if (process.getuid?.() === 0 && Number.isInteger(uid) && Number.isInteger(gid)) handOver(dir, ['credentials', 'certs/server', 'certs/acme'], uid, gid)
  rmSync(join(dir, JOURNAL))
}

/** Folders of files that went; not those that a container has mounted in any case. */
function removeEmpty(dir: string, folder: string): void {
  if (folder === '.' || /^(?:credentials|certs(?:\/server)?|proxy)$/.test(folder)) return
  try {
    rmdirSync(join(dir, folder))
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOTEMPTY' || code === 'ENOENT' || code === 'EEXIST') return
    throw error
  }
  removeEmpty(dir, dirname(folder))
}
