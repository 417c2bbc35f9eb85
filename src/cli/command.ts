// What a command is: a row for help and parsing, and a function. run.ts does the rest.

import type { Readable, Writable } from 'node:stream'
import type { Ui } from '../ui/ui.ts'

export interface Flag {
  help: string
  /** Placeholder of the value, such as `NAME`. A flag without one is a switch. */
  value?: string
  /** One letter. */
  short?: string
  /** May come several times; its value is then a list. */
  repeat?: true
  /** `--no-NAME` is its opposite. */
  negatable?: true
}

type ValueOf<F extends Flag> = F extends { repeat: true } ? string[] : F extends { value: string } ? string : boolean

/** What was given on the command line. A flag that was not given is absent. */
export type Values<F extends Record<string, Flag>> = { [K in keyof F]?: ValueOf<F[K]> } & { dir?: string }

export interface Input<F extends Record<string, Flag>> {
  args: string[]
  flags: Values<F>
}

export interface Context {
  /** Absolute. */
  cwd: string
  env: Record<string, string | undefined>
  stdin: Readable
  /** For what is drawn anew; a result goes through `ui`. */
  stdout: NodeJS.WriteStream
  stderr: Writable
  /** A person is there to ask: stdin and stderr are a terminal. */
  interactive: boolean
  json: boolean
  ui: Ui
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

export interface Command<F extends Record<string, Flag> = Record<string, Flag>> {
  name: string
  summary: string
  usage: string
  /** At least one, each a line that works. */
  examples: string[]
  flags: F
  /** `MODEL` is required, `[DIR]` may be left out. */
  positionals?: string[]
  /** The exit code; nothing is 0. */
  run(input: Input<F>, context: Context): Promise<0 | 1 | 130 | void>
}

/** The commands of one noun: `user add`. */
export interface Group {
  name: string
  summary: string
  commands: Record<string, Command>
}

export const group = (one: Group): Group => one

/** Gives `run` the types that its own flags say. */
export function define<const F extends Record<string, Flag>>(command: Command<F>): Command {
  return command
}
