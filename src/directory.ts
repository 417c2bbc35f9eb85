// Where a project may be written: somewhere new or empty, that is really where it says.

import { accessSync, constants, lstatSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { COMMAND_NAMES } from './command-names.ts'
import { UsageError } from './errors.ts'
import { nearest } from './nearest.ts'
import { quoted } from './quoted.ts'

/** Throws E_DIR_NAME. `create-ollama-stack status` is a slip, not a wish for a directory called status. */
export function directoryName(text: string): string {
  const meant = COMMAND_NAMES.find((name) => name === text.toLowerCase())
  if (meant !== undefined) {
    throw new UsageError('E_DIR_NAME', `"${text}" is a command of ollama-stack, so it can't be the project's directory.`, `The command, in your project: ./ollama-stack ${meant}. For a directory of that name: create-ollama-stack ./${text}`)
  }
  if (text === '' || /[\x00-\x1f\x7f]/.test(text)) throw new UsageError('E_DIR_NAME', `${quoted(text)} can't be a directory.`, 'Give a path, such as ./ollama-stack')
  return text
}

/** Throws E_DIR_SYMLINK, E_DIR_NOT_EMPTY, E_DIR_DENIED or E_DIR_NAME. Changes nothing. */
export function checkDirectory(dir: string): void {
  const stat = lstatSync(dir, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink()) throw new UsageError('E_DIR_SYMLINK', `${dir} is a symbolic link, and credentials are written only where a path really is.`, 'Give the path that it points to.')
  if (stat && !stat.isDirectory()) throw new UsageError('E_DIR_NOT_EMPTY', `${dir} exists and is a file.`, 'Choose a new directory.')
  // Written as a sibling and renamed, or moved in: both the parent and an existing directory count.
  const places = stat ? [dir, dirname(dir)] : [ancestor(dir)]
  for (const place of places) {
    try {
      accessSync(place, constants.W_OK | constants.X_OK)
    } catch {
      throw new UsageError('E_DIR_DENIED', `${place} is not yours to write to.`, `Choose a directory of your own, or: sudo chown "$USER" ${place}`)
    }
  }
  if (!stat) return
  const [first] = readdirSync(dir)
  if (first !== undefined) {
    throw new UsageError('E_DIR_NOT_EMPTY', `${dir} is not empty (it has ${quoted(first)}).`, `Choose a new directory${nearest(first, ['compose.yaml']) ? `, or manage what is there: ollama-stack -C ${dir} status` : ': create-ollama-stack my-stack'}`)
  }
}

/** The nearest directory upwards that exists. */
function ancestor(dir: string): string {
  for (let at = dirname(resolve(dir)); ; at = dirname(at)) {
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (stat && !stat.isDirectory() && !stat.isSymbolicLink()) throw new UsageError('E_DIR_NAME', `${at} is a file, so ${dir} can't be made in it.`, 'Choose another directory.')
    if (stat || at === dirname(at)) return at
  }
}
