// What is said without running anything: the version and help. The programs look here first, with
// texts that the build has rendered, so that nothing else is loaded for these.

import { callable } from './callable.ts'
import { COMMAND_NAMES, NOUNS } from './command-names.ts'
import type { Texts } from '../texts.ts'
import { flagWords, homeOf, split } from './words.ts'

export interface Asked {
  argv: readonly string[]
  cwd: string
  env: Record<string, string | undefined>
}

export interface Said {
  code: 0 | 2
  out: string
  err: string
}

/** `texts` by command: `up`, `user`, `user add`; the overview is `''`. Undefined: there is something to run, or to refuse. */
export function early({ argv, cwd, env }: Asked, version: string, texts: () => Texts): Said | undefined {
  const topic = topicOf(argv)
  if (topic === undefined) return undefined
  const text = topic.name === null ? `${version}\n` : texts()[topic.name]
  if (text === undefined) return undefined
  const shown = callable(text, homeOf(env), cwd)
  if (!topic.asked) return { code: 2, out: '', err: shown }
  const json = flagWords(argv).includes('--json')
  return { code: 0, out: json ? `${JSON.stringify({ [topic.name === null ? 'version' : 'help']: shown.trimEnd() })}\n` : shown, err: '' }
}

/** `asked` or not: where a command is missing, a list of them is no answer but a refusal. */
function topicOf(argv: readonly string[]): { name: string | null; asked: boolean } | undefined {
  const { own, words } = split(argv)
  const help = words[0] === 'help'
  const [first, ...rest] = help ? words.filter((word) => !word.startsWith('-')).slice(1) : words
  if (first === '--version' || first === '-v') return { name: null, asked: true }
  if (first === undefined || isHelp(first) || (help && first === 'help')) return { name: '', asked: first !== undefined || help }
  if (!COMMAND_NAMES.some((name) => name === first)) return undefined
  const [second] = rest
  const noun = NOUNS.some((name) => name === first)
  if (noun && (second === undefined || isHelp(second))) return { name: first, asked: second !== undefined || help }
  return help || flagWords([...own, ...rest]).some(isHelp) ? { name: noun ? `${first} ${second}` : first, asked: true } : undefined
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'
