// Where a project may be written: somewhere new or empty, that is really where it says.

import { accessSync, constants, lstatSync, readdirSync, statSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, resolve, sep } from 'node:path'
import { launcher } from '../cli/callable.ts'
import { COMMAND_NAMES } from '../cli/command-names.ts'
import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'

const CREATE = 'npx create-ollama-stack@latest'
/** Commands that need this program, and not the one that a project has. */
const ELSEWHERE: Record<string, string> = { connect: 'npx -p create-ollama-stack@latest ollama-stack connect URL', upgrade: 'npx -p create-ollama-stack@latest ollama-stack upgrade -C DIR', restore: 'npx -p create-ollama-stack@latest ollama-stack restore FILE DIR' }
/** Control, direction and line separator characters: they would rewrite the line that shows the path. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
/** 255 is the usual limit of a name; the staging directory's is a few longer. */
const LONGEST_NAME = 240

/**
 * The path as it is meant: a shell leaves the ~ of `--dir=~/x` alone, and the wizard has no shell.
 * Throws E_DIR_NAME. `create-ollama-stack status` is a slip, not a wish for a directory called status.
 */
export function directoryName(text: string, platform: NodeJS.Platform = process.platform): string {
  const slip = [...COMMAND_NAMES, 'help'].find((name) => name === text.toLowerCase())
  if (slip !== undefined) {
    const command = ELSEWHERE[slip] ?? (slip === 'create' ? CREATE : slip === 'help' ? `${CREATE} --help` : `./ollama-stack ${slip} (in your project)`)
    throw new UsageError('E_DIR_NAME', `"${text}" is a command of ollama-stack, so it can't be the project's directory.`, `The command: ${command}. A directory of that name: ./${text}`)
  }
  if (text === '') throw new UsageError('E_DIR_NAME', "The project's directory can't be an empty name.", 'Give a path, such as ./ollama-stack')
  if (HIDDEN.test(text)) throw new UsageError('E_DIR_NAME', `${quoted(text)} can't be a directory: it has a character in it that can't be seen.`, 'Give a path, such as ./ollama-stack')
  return text.replace(platform === 'win32' ? /^~(?=[/\\]|$)/ : /^~(?=\/|$)/, () => homedir())
}

/** Throws E_DIR_SYMLINK, E_DIR_NOT_EMPTY, E_DIR_DENIED or E_DIR_NAME. Changes nothing. */
export function checkDirectory(dir: string): void {
  // Also of the directories above it, which nobody typed.
  const odd = HIDDEN.test(dir) ? "it has a character in it that can't be seen" : sep === '/' ? unreadable(dir) : undefined
  if (odd !== undefined) throw new UsageError('E_DIR_NAME', `${quoted(dir, 500)} can't be a directory: ${odd}.`, 'Choose another one, such as ~/ollama-stack')
  if (Buffer.byteLength(basename(dir)) > LONGEST_NAME) throw new UsageError('E_DIR_NAME', `${quoted(basename(dir))} is too long for a directory's name.`, `Use at most ${LONGEST_NAME} bytes.`)
  const stat = look(dir, dir, lstatSync)
  if (stat?.isSymbolicLink()) throw new UsageError('E_DIR_SYMLINK', `${dir} is a symbolic link, and credentials are written only where a path really is.`, 'Give the path that it points to.')
  if (stat && !stat.isDirectory()) throw new UsageError('E_DIR_NOT_EMPTY', `${dir} exists and is not a directory.`, 'Choose a new directory.')
  if (!stat) return writable(ancestor(dir), dir)
  writable(dir, dir)
  const names = readdirSync(dir)
  const shown = names.includes('compose.yaml') ? 'compose.yaml' : names[0]
  if (shown !== undefined) {
    const other = names.includes('ollama-stack') ? `, or see what runs there: ${launcher(dir)} status` : ', such as my-stack'
    throw new UsageError('E_DIR_NOT_EMPTY', `${dir} is not empty (it has ${quoted(shown)}), and nothing in it will be overwritten.`, `Choose a new directory${other}`)
  }
  // The files are written into a directory beside it and moved in.
  writable(dirname(dir), dir)
}

/** Measured with Node.js 20 and Compose 2.40. */
function unreadable(dir: string): string | undefined {
  if (dir.includes('\\')) return 'Node.js runs no program from a path with a \\ in it'
  return dir.includes('%') ? 'Docker Compose reads no file from a path with a % in it' : undefined
}

/** The nearest directory upwards that exists. */
function ancestor(dir: string): string {
  for (let at = dirname(resolve(dir)); ; at = dirname(at)) {
    const stat = look(at, dir, statSync)
    if (stat && !stat.isDirectory()) throw notInside(at, dir, 'is not a directory')
    if (!stat && look(at, dir, lstatSync)) throw notInside(at, dir, 'is a symbolic link that leads nowhere')
    if (stat || at === dirname(at)) return at
  }
}

/** undefined: nothing is there, as far as one can see. */
function look(path: string, dir: string, stat: (path: string) => Stats): Stats | undefined {
  try {
    return stat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENOTDIR, ELOOP: it is something further up; ancestor() comes to it and names it.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    if (code === 'ENAMETOOLONG') throw new UsageError('E_DIR_NAME', `${quoted(dir)} is too long for a path.`, 'Choose a shorter one.')
    throw denied(path, code)
  }
}

function writable(place: string, dir: string): void {
  try {
    accessSync(place, constants.W_OK | constants.X_OK | (place === dir ? constants.R_OK : 0))
  } catch (error) {
    throw denied(place, (error as NodeJS.ErrnoException).code, place === dir ? '' : `, and ${dir} would be made in it`)
  }
}

const notInside = (at: string, dir: string, why: string): UsageError =>
  new UsageError('E_DIR_NAME', `${at} ${why}, so ${dir} can't be made in it.`, 'Choose another directory.')

function denied(place: string, code: string | undefined, more = ''): UsageError {
  const why = code === 'EROFS' ? 'is on a read-only disk' : 'is not yours to write to'
  return new UsageError('E_DIR_DENIED', `${place} ${why}${more}.`, 'Choose a directory of your own, such as ~/ollama-stack')
}
