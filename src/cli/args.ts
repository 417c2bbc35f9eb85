// Command line -> values, strictly: what a command doesn't know is an error that names the
// nearest thing it does know. Nothing is guessed, nothing is ignored.

import type { Flag } from './command.ts'
import { COMMAND_NAMES } from './command-names.ts'
import { UsageError } from '../errors.ts'
import { nearest } from './nearest.ts'
import { quoted } from '../ui/quoted.ts'

export interface Grammar {
  name: string
  flags: Record<string, Flag>
  positionals?: string[]
}

export interface Parsed {
  args: string[]
  /** A switch is a boolean, a repeatable flag a list. */
  flags: Record<string, string | boolean | string[]>
}

/** Throws E_FLAG or E_ARGUMENT. */
export function parseArgs(argv: readonly string[], { name, flags, positionals = [] }: Grammar): Parsed {
  const values: Parsed['flags'] = {}
  const args: string[] = []
  const given = new Set<string>()
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') {
      args.push(...argv.slice(index + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      args.push(word)
      continue
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const [shown, attached] = equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)]
    const { key, flag, negated } = find(shown, flags, name)
    if (!flag.repeat && given.has(key)) throw new UsageError('E_FLAG', `--${key} was given twice.`, `Give it once${negated || flag.negatable ? `, as --${key} or --no-${key}` : ''}.`)
    given.add(key)
    if (flag.value === undefined) {
      if (attached !== undefined) throw new UsageError('E_FLAG', `${shown} takes no value, and ${quoted(attached)} was given.`, `Write just ${shown}.`)
      values[key] = !negated
      continue
    }
    const value = attached ?? argv[++index]
    // A value that looks like a flag is a forgotten value; `--flag=-x` says that it is meant.
    // An empty one is a shell variable that isn't set.
    if (value === undefined || value === '' || (attached === undefined && /^(--?[a-zA-Z]|--$)/.test(value))) {
      throw new UsageError('E_FLAG', `${shown} needs a value: ${shown} ${flag.value}.`, flag.help)
    }
    if (flag.repeat) values[key] = [...((values[key] as string[] | undefined) ?? []), value]
    else values[key] = value
  }
  checkCount(args, positionals, name)
  return { args, flags: values }
}

function find(word: string, flags: Record<string, Flag>, command: string): { key: string; flag: Flag; negated: boolean } {
  if (word.startsWith('--')) {
    const key = word.slice(2)
    const flag = Object.hasOwn(flags, key) ? flags[key] : undefined
    if (flag) return { key, flag, negated: false }
    const positive = key.startsWith('no-') ? key.slice(3) : ''
    const opposite = Object.hasOwn(flags, positive) ? flags[positive] : undefined
    if (opposite?.negatable) return { key: positive, flag: opposite, negated: true }
  } else {
    const found = Object.entries(flags).find(([, flag]) => flag.short !== undefined && word === `-${flag.short}`)
    if (found) return { key: found[0], flag: found[1], negated: false }
  }
  const near = meant(word, flags)
  throw new UsageError('E_FLAG', `${command} has no flag ${quoted(word)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}All of them: ${called(command)} --help`)
}

function meant(word: string, flags: Record<string, Flag>): string | undefined {
  const rows = Object.entries(flags)
  const positive = word.replace(/^--no-/, '--')
  if (Object.hasOwn(flags, positive.slice(2))) return positive
  const long = nearest(word, rows.flatMap(([key, { negatable }]) => (negatable ? [`--${key}`, `--no-${key}`] : [`--${key}`])))
  // `-c DIR` and `-CDIR` for `-C DIR`.
  const shorts = rows.flatMap(([, { short, value }]) => (short === undefined ? [] : [[`-${short}`, value] as const]))
  const near = shorts.find(([short]) => word.toLowerCase().startsWith(short.toLowerCase()))
  return long ?? near?.filter((part) => part !== undefined).join(' ')
}

/** How `command` is started where nothing is installed. */
function called(command: string): string {
  return command === 'create' ? 'npx create-ollama-stack@latest' : `ollama-stack ${command}`
}

function checkCount(args: string[], positionals: string[], command: string): void {
  const required = positionals.filter((name) => !name.startsWith('['))
  if (args.length < required.length) {
    throw new UsageError('E_ARGUMENT', `${command} needs ${required.join(' ')}.`, `Write: ${called(command)} ${positionals.join(' ')}`)
  }
  const extra = args[positionals.length]
  if (extra !== undefined) {
    const meant = command === 'create' ? COMMAND_NAMES.find((name) => name !== 'create' && name === args[0]) : undefined
    if (meant !== undefined) throw new UsageError('E_ARGUMENT', `${meant} is a command of ollama-stack, and this is create-ollama-stack.`, `Write: npx -p create-ollama-stack@latest ollama-stack ${meant} ...`)
    const takes = positionals.length === 0 ? 'takes no argument' : `takes only ${positionals.join(' ').replace(/[[\]]/g, '')}`
    // npm 11 keeps `--auth` of `npm create ollama-stack x --auth basic` and hands on the rest.
    const npm = command === 'create' ? ' ("npm create" keeps flags for itself: with flags, use npx.)' : ''
    throw new UsageError('E_ARGUMENT', `${command} ${takes}, and ${quoted(extra)} is one too many.`, `See: ${called(command)} --help${npm}`)
  }
}
