// Texts say `ollama-stack up`; a reader pastes what works for how the program was started.

import { join } from 'node:path'
import { COMMAND_NAMES } from './command-names.ts'
import { shellWord } from '../ui/shell-word.ts'

/** What npx is to run is another program than the project's own, for a reason. */
const CALL = new RegExp(`(?<![\\w./-])(?<!create-ollama-stack(?:@latest)? )(?:\\./)?ollama-stack (?=(?:${COMMAND_NAMES.join('|')}|COMMAND|--help)\\b)`, 'g')

/** With the project's own launcher in place of the bare name. `project`: its directory, or undefined for a program on the PATH. */
export function callable(text: string, project: string | undefined, cwd = process.cwd()): string {
  return project === undefined ? text : text.replace(CALL, () => `${launcher(project, cwd)} `)
}

/** As short as it can be pasted in `cwd`. */
export function launcher(project: string, cwd = process.cwd()): string {
  return project === cwd ? './ollama-stack' : shellWord(join(project, 'ollama-stack'))
}
