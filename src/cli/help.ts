// --help, made from the same rows that the parser reads, and from the command's page of the manual.
// The build renders all of them into one file, so that showing one loads nothing else (early.ts).

import type { Command, Flag } from './command.ts'
import type { Page, Row } from './page.ts'
import { table } from '../ui/table.ts'

/** Every terminal has as many columns. */
const WIDTH = 80

/** Flags that every command has. */
const COMMON: Record<string, Flag> = {
  json: { help: 'Print one JSON document on stdout, errors included' },
  help: { short: 'h', help: 'Show this' },
}
const DIR: Flag = { short: 'C', value: 'DIR', help: 'The project; default: the nearest directory upwards that holds one' }

const EXIT_CODES: readonly Row[] = [['0', 'done'], ['1', 'failed'], ['2', 'refused input, nothing was written'], ['130', 'cancelled']]

/** The flags that `command` takes, common ones last. What it says of a common one itself counts. */
export function flagsOf(command: Command): Record<string, Flag> {
  return { ...command.flags, dir: command.flags['dir'] ?? DIR, ...COMMON, ...(command.flags['json'] && { json: command.flags['json'] }) }
}

export function commandHelp(command: Command, { about, groups = {}, sections = {}, see }: Page): string {
  const flags = Object.entries(flagsOf(command))
  const grouped = Object.values(groups).flat()
  const others = flags.map(([key]) => key).filter((key) => !grouped.includes(key))
  const titled = Object.entries({ ...groups, ...(others.length === 0 ? {} : { [grouped.length === 0 ? 'Flags' : 'Other flags']: others }) })
  const left = Math.max(...flags.map(([key, flag]) => spelled(key, flag).length))
  return lines(
    wrapped(sentence(command.summary)), '',
    wrapped(about), '',
    `Usage: ${command.usage}`, '',
    ...titled.flatMap(([title, keys]) => [`${title}:`, ...rowsOf(flags.filter(([key]) => keys.includes(key)).map(([key, flag]) => [spelled(key, flag), meaning(flag)]), left), '']),
    command.examples.length === 1 ? 'Example:' : 'Examples:', ...command.examples.map((line) => `  ${line}`), '',
    ...Object.entries({ ...sections, 'Exit codes': sections['Exit codes'] ?? EXIT_CODES }).flatMap(([title, rows]) => [`${title}:`, ...rowsOf(rows), '']),
    wrapped(`See also: ${see.join(', ')} (ollama-stack COMMAND --help).`),
  )
}

type Named = Pick<Command, 'name' | 'summary'>

/** `program`: what stands before each of the commands. `groups`: under headings; without one, under ''. */
export function overview(program: string, groups: Readonly<Record<string, readonly Named[]>>, about: string): string {
  const left = Math.max(...Object.values(groups).flat().map(({ name }) => name.length))
  return lines(
    wrapped(sentence(about)), '',
    `Usage: ${program} COMMAND [flags]`, '',
    ...Object.entries(groups).flatMap(([title, commands]) => [...(title === '' ? [] : [`${title}:`]), ...rowsOf(commands.map(({ name, summary }) => [name, summary]), left), '']),
    `More about one: ${program} COMMAND --help`,
    wrapped('Each takes -C DIR, --json and --help. Exit codes: 0 done, 1 failed, 2 refused input, 130 cancelled.'),
  )
}

function meaning({ help, repeat }: Flag): string {
  return `${help}${repeat ? '; may be repeated' : ''}`
}

/** The right column goes on below itself. */
function rowsOf(rows: readonly (readonly [string, string])[], left = Math.max(...rows.map(([name]) => name.length))): string[] {
  const gap = ' '.repeat(left)
  return table(rows.flatMap(([name, text]) => wrap(text, WIDTH - left - 4).map((line, index) => [index === 0 ? name.padEnd(left) : gap, line]))).map((line) => `  ${line}`)
}

function wrapped(text: string): string {
  return wrap(text, WIDTH).join('\n')
}

/** A word that is longer than a line stays whole: it may be a path to paste. */
function wrap(text: string, width: number): string[] {
  const out: string[] = []
  for (const word of text.split(' ')) {
    const last = out.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) out.push(word)
    else out[out.length - 1] = `${last} ${word}`
  }
  return out
}

const sentence = (text: string): string => text.replace(/(?<![.?])$/, '.')
const lines = (...all: string[]): string => `${all.join('\n')}\n`

function spelled(key: string, { short, value, negatable }: Flag): string {
  const long = negatable ? `--${key}, --no-${key}` : `--${key}`
  return `${short ? `-${short}, ` : ''}${long}${value === undefined ? '' : ` ${value}`}`
}
