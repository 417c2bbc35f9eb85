// --help, made from the same rows that the parser reads.

import type { Command, Flag } from './command.ts'
import { table } from '../ui/table.ts'

/** Flags that every command has. */
const COMMON: Record<string, Flag> = {
  json: { help: 'Print one JSON document on stdout, errors included' },
  help: { short: 'h', help: 'Show this' },
}
const DIR: Flag = { short: 'C', value: 'DIR', help: 'The project; default: the nearest directory upwards that holds one' }

/** The flags that `command` takes, common ones last. What it says of a common one itself counts. */
export function flagsOf(command: Command): Record<string, Flag> {
  return { ...command.flags, dir: command.flags['dir'] ?? DIR, ...COMMON, ...(command.flags['json'] && { json: command.flags['json'] }) }
}

export function commandHelp(command: Command): string {
  const rows = Object.entries(flagsOf(command)).map(([key, flag]) => [spelled(key, flag), `${flag.help}${flag.repeat ? '; may be repeated' : ''}`] as const)
  return [
    command.summary.replace(/(?<![.?])$/, '.'),
    '',
    `Usage: ${command.usage}`,
    '',
    ...table(rows).map(indented),
    '',
    command.examples.length === 1 ? 'Example:' : 'Examples:',
    ...command.examples.map((line) => `  ${line}`),
    '',
  ].join('\n')
}

/** `program`: what stands before each of the commands. */
export function overview(program: string, commands: readonly Pick<Command, 'name' | 'summary'>[], about = 'Your own Ollama server, reachable and safe'): string {
  return [
    `${about}.`,
    '',
    `Usage: ${program} COMMAND [flags]`,
    '',
    ...table(commands.map(({ name, summary }) => [name, summary])).map(indented),
    '',
    `More about one: ${program} COMMAND --help`,
    'Each takes -C DIR, --json and --help. Exit codes: 0 done, 1 failed, 2 refused input, 130 cancelled.',
    '',
  ].join('\n')
}

function spelled(key: string, { short, value, negatable }: Flag): string {
  const long = negatable ? `--${key}, --no-${key}` : `--${key}`
  return `${short ? `-${short}, ` : ''}${long}${value === undefined ? '' : ` ${value}`}`
}

const indented = (line: string): string => `  ${line}`
