// What a command line is about, before any flag is read.

import { resolve } from 'node:path'

/** What stands before `--`. */
export function flagWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** `-C DIR` may also stand before the command, as with git: that is `own`. */
export function split(argv: readonly string[]): { own: readonly string[]; words: readonly string[] } {
  const [first = '', second] = argv
  const length = first.startsWith('--dir=') ? 1 : (first === '-C' || first === '--dir') && second !== undefined ? 2 : 0
  return length > 0 && argv.length > length ? { own: argv.slice(0, length), words: argv.slice(length) } : { own: [], words: argv }
}

/** The launcher in a project says which project is meant, wherever it is called from. */
export function homeOf(env: Record<string, string | undefined>): string | undefined {
  // Windows' launcher says it with a dot at the end.
  return env['OLLAMA_STACK_PROJECT'] ? resolve(env['OLLAMA_STACK_PROJECT']) : undefined
}
