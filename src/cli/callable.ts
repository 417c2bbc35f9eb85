// Texts say `ollama-stack up`; a reader pastes what works for how the program was started.

import { posix, win32 } from 'node:path'
import { COMMAND_NAMES } from './command-names.ts'
import { posixWord, windowsWord } from '../ui/shell-word.ts'

/** What npx is to run is another program than the project's own, for a reason. */
const CALL = new RegExp(`(?<![\\w./-])(?<!create-ollama-stack(?:@latest)? )(?:\\./)?ollama-stack (?=(?:${COMMAND_NAMES.join('|')}|COMMAND|--help)\\b)`, 'g')

/** With the project's own launcher in place of the bare name. `project`: its directory, or undefined for a program on the PATH. */
export function callable(text: string, project: string | undefined, cwd = process.cwd(), platform: NodeJS.Platform = process.platform): string {
  return project === undefined ? text : text.replace(CALL, () => `${launcher(project, cwd, platform)} `)
}

/** As short as it can be pasted in `cwd`. */
export function launcher(project: string, cwd = process.cwd(), platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return project === cwd ? './ollama-stack' : posixWord(posix.join(project, 'ollama-stack'))
  if (project === cwd) return '.\\ollama-stack'
  const path = win32.join(project, 'ollama-stack')
  // A quoted program is a program for cmd, and for PowerShell a text.
  return windowsWord(path) === path ? path : `cmd /c ${windowsWord(`${path}.cmd`)}`
}
