// FileMap <-> directory. Files appear whole or not at all, with their mode from the first
// byte, owned like the directory they go to; symlinks are never followed.

import { closeSync, constants, fchmodSync, fchownSync, fsyncSync, lchownSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { renameSync, rmSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { basename, dirname, join, posix } from 'node:path'
import type { Change, FileEntry, FileMap } from '../../stacks/stack.ts'
import { codeOf, StackError } from '../errors.ts'
import { quoted, shownPath } from '../ui/quoted.ts'
import { onPosix } from '../ui/shell-word.ts'

/** Directories that only their owner may enter. */
const PRIVATE = new Set(['credentials', 'certs', '.ollama-stack-state'])

/** What `writeWhole` has not yet given its name. */
const UNFINISHED = /^\..+\.[0-9a-f]{12}\.tmp$/

/**
 * Everything below `dir/sub` for each sub, keyed by project-relative POSIX path. Readers hold no lock:
 * what another process removes in this moment is left out.
 */
export function readTree(dir: string, subs: readonly string[], as: 'text' | 'bytes' = 'text'): FileMap {
  const files: FileMap = new Map()
  const walk = (relative: string): void => {
    const path = join(dir, relative)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat || UNFINISHED.test(posix.basename(relative))) return
    if (stat.isSymbolicLink()) throw symlink(path)
    try {
      if (stat.isDirectory()) for (const name of readdirSync(path).sort()) walk(posix.join(relative, name))
      else if (stat.isFile()) files.set(relative, { content: as === 'text' ? readFileSync(path, 'utf8') : readFileSync(path), mode: stat.mode & 0o777 })
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
  for (const sub of subs) walk(sub)
  return files
}

/** The text of what really is a file: a pipe in its place would wait for a writer, and hear no signal meanwhile. */
export function readPlain(path: string): string {
  if (!statSync(path).isFile()) throw new Error(`${path} is not a file`)
  return readFileSync(path, 'utf8')
}

/** Applies in order: what comes first is on disk first. Throws E_PATH, before anything is done, for a path that isn't below `dir`. */
export function applyChange(dir: string, change: Change): void {
  // A change may come from a file (journal.ts), and that from who knows whom.
  const astray = [...change.keys()].find((path) => !INSIDE.test(path))
  if (astray !== undefined) throw new StackError('E_PATH', `${quoted(astray, 300)} isn't in the project, and nothing is written or removed elsewhere.`, { hint: `If nobody here wrote that, don't use ${shownPath(dir)}: it isn't as its owner left it.` })
  for (const [path, entry] of change) {
    const target = join(dir, path)
    if (!throughFolders(dir, path, entry !== null)) continue
    if (entry) writeWhole(target, entry)
    else rmSync(target, { force: true })
  }
}

/** POSIX, relative, in its shortest spelling. */
const INSIDE = /^(?!\.{1,2}(?:\/|$))[^/\\\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)*$/

/** Whether the folders on the way to `path` are there. With `make` they are then, private where they must be. */
function throughFolders(dir: string, path: string, make: boolean): boolean {
  let at = dir
  for (const part of posix.dirname(path).split('/').filter((part) => part !== '.')) {
    const owner = lstatSync(at)
    at = join(at, part)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) throw symlink(at)
    if (stat) continue
    if (!make) return false
    mkdirSync(at)
    settle(at, PRIVATE.has(path.split('/')[0] ?? '') ? 0o700 : 0o755, owner)
  }
  return true
}

/** Mode and owner of a new folder. Not left to the umask: the proxy's user must be able to enter what it reads. */
function settle(folder: string, mode: number, owner: Owner): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fchmodSync(fd, mode)
    giveTo(fd, owner)
  } finally {
    closeSync(fd)
  }
}

/** Temporary file, fsync, rename: a kill at any moment leaves the old file or the new one. */
export function writeWhole(target: string, { content, mode }: FileEntry): void {
  const folder = dirname(target)
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fchmodSync(fd, mode)
      giveTo(fd, lstatSync(folder))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    replace(temporary, target)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw diskError(cause, target)
  }
}

/** The first that is free of `at('')`, `at('-2')`, `at('-3')`. */
export function unusedPath(at: (more: string) => string): string {
  for (let count = 1; ; count++) {
    const path = at(count === 1 ? '' : `-${count}`)
    if (!lstatSync(path, { throwIfNoEntry: false })) return path
  }
}

/** Windows refuses while somebody has the target open: a virus scanner, Docker's file sharing. They are quick. */
export function replace(from: string, to: string, platform: NodeJS.Platform = process.platform, rename: (from: string, to: string) => void = renameSync): void {
  for (let left = platform === 'win32' ? 40 : 0; ; left--) {
    try {
      return rename(from, to)
    } catch (error) {
      if (left === 0 || !['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error))) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25)
    }
  }
}

interface Owner { uid: number; gid: number }

/**
 * As root, a file belongs to whom its folder belongs: the proxy runs as that user. Not by its path:
 * the folder's owner could put a link in its place meanwhile, and be given what that leads to.
 */
function giveTo(fd: number, { uid, gid }: Owner): void {
  if (process.getuid?.() === 0 && uid !== 0) fchownSync(fd, uid, gid)
}

/** Hands the trees that the proxy reads to the user it runs as. Only root can, and only root needs to. */
export function handOver(dir: string, paths: readonly string[], uid: number, gid: number): void {
  const walk = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat || stat.isSymbolicLink()) return
    lchownSync(path, uid, gid)
    if (stat.isDirectory()) for (const name of readdirSync(path)) walk(join(path, name))
  }
  for (const path of paths) walk(join(dir, path))
}

function symlink(path: string): StackError {
  return new StackError('E_SYMLINK', `${path} is a symbolic link, and ollama-stack doesn't follow links to credentials.`, {
    hint: 'Put the real file or directory there.',
  })
}

/** No space, or none left of this user's share. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'E_DISK_FULL'].includes(codeOf(error))
}

export function diskError(cause: unknown, target: string): unknown {
  const code = codeOf(cause)
  if (isFull(cause)) {
    return new StackError('E_DISK_FULL', `The disk is full: ${target} could not be written. The earlier version is intact.`, {
      hint: `Free some space${onPosix(` (df -h ${dirname(target)})`)}, then run the same command again.`,
      cause,
    })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new StackError('E_NOT_WRITABLE', `${target} can't be written: ${code === 'EROFS' ? 'the file system is read-only' : 'permission denied'}.`, {
      hint: `Run the command as the owner of ${dirname(target)}${onPosix(' (ls -ld shows who that is)')}.`,
      cause,
    })
  }
  return cause
}
