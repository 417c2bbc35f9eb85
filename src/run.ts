// argv -> exit code. The command table, and the only place that prints an error.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command, Context, Group } from './cli/command.ts'
import { COMMAND_NAMES, type CommandName } from './cli/command-names.ts'
import { parseArgs } from './cli/args.ts'
import { callable } from './cli/callable.ts'
import { CancelError, StackError, UsageError } from './errors.ts'
import { flagsOf } from './cli/help.ts'
import { meant } from './cli/meant.ts'
import { refuseKept } from './cli/npm-kept.ts'
import { harmless, harmlessJson, quoted } from './ui/quoted.ts'
import { harmlessUi } from './ui/harmless.ts'
import { plainUi } from './ui/plain.ts'
import { isReadAloud } from './ui/read-aloud.ts'
import { flagWords, homeOf, split } from './cli/words.ts'

/** Loaded when asked for: a wrong flag needs none of what other commands import. */
export const COMMANDS: Record<CommandName, () => Promise<{ command: Command | Group }>> = {
  create: () => import('./commands/create.ts'),
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  test: () => import('./commands/test.ts'),
  doctor: () => import('./commands/doctor.ts'),
  pull: () => import('./commands/pull.ts'),
  user: () => import('./commands/user.ts'),
  client: () => import('./commands/client.ts'),
  connect: () => import('./commands/connect.ts'),
  configure: () => import('./commands/configure.ts'),
  upgrade: () => import('./commands/upgrade.ts'),
  backup: () => import('./commands/backup.ts'),
  restore: () => import('./commands/restore.ts'),
}

/** Not about the project that the launcher belongs to, but a new one. */
const MAKES_ONE = ['create', 'restore']

export interface Process {
  argv: readonly string[]
  cwd: string
  env: Record<string, string | undefined>
  stdin: NodeJS.ReadStream
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  signal: AbortSignal
}

/** Runs one command line of `ollama-stack`. Never throws. */
export async function run(proc: Process): Promise<number> {
  const { argv, stdout, stderr } = proc
  const json = flagWords(argv).includes('--json')
  try {
    return await dispatch(proc, json)
  } catch (caught) {
    const error = known(caught, proc.signal)
    const message = harmless(error.message.trimEnd())
    const hint = harmless(callable(error.hint, targetOf(proc), proc.cwd))
    if (json) stdout.write(`${harmlessJson(JSON.stringify({ ...error.document, error: { code: error.code, message, hint } }))}\n`)
    else stderr.write(`${error.exit === 130 ? '' : 'Error: '}${message}\n${hint === '' ? '' : `${hint.replace(/^/gm, '  ')}\n`}`)
    if (error.code === 'E_UNEXPECTED' && proc.env['OLLAMA_STACK_DEBUG'] && caught instanceof Error) stderr.write(`${caught.stack}\n`)
    return error.exit
  }
}

async function dispatch(proc: Process, json: boolean): Promise<number> {
  const { env, stdin, stdout, stderr, signal } = proc
  const { own, words } = split(proc.argv)
  const { command, rest: more } = await findCommand(words)
  const rest = [...own, ...more]
  const flags = flagsOf(command)
  refuseKept(flags, env)
  const input = parseArgs(rest, { name: command.name, flags, ...(command.positionals ? { positionals: command.positionals } : {}) })
  const home = homeOf(proc.env)
  if (home !== undefined && !MAKES_ONE.includes(command.name)) input.flags['dir'] ??= home
  const interactive = stdin.isTTY === true && stderr.isTTY === true && (env['TERM'] !== 'dumb' || isReadAloud(env))
  const ui = !interactive ? plainUi(stdout, stderr)
    : isReadAloud(env) ? (await import('./ui/by-line.ts')).byLineUi(stdin, stdout, stderr, signal)
    : (await import('./ui/clack.ts')).clackUi(stdin, stdout, stderr, signal)
  const context: Context = { cwd: proc.cwd, env, stdin, stdout, stderr, interactive, json, signal, ui: harmlessUi(ui, json) }
  return (await command.run(input as Parameters<Command['run']>[0], context)) ?? 0
}

async function findCommand([first = '', ...rest]: readonly string[]): Promise<{ command: Command; rest: readonly string[] }> {
  // `help stauts`: what is asked for without a name was answered before (cli/early.ts).
  if (first === 'help') return findCommand(rest.filter((word) => !word.startsWith('-')))
  const command = Object.hasOwn(COMMANDS, first) ? (await COMMANDS[first as CommandName]()).command : undefined
  if (!command) throw unknown('ollama-stack', first, COMMAND_NAMES)
  if (!('commands' in command)) return { command, rest }
  const [second = '', ...more] = rest
  const sub = Object.hasOwn(command.commands, second) ? command.commands[second] : undefined
  if (!sub) throw unknown(`ollama-stack ${first}`, second, Object.keys(command.commands))
  return { command: sub, rest: more }
}

function unknown(program: string, word: string, known: readonly string[]): UsageError {
  if (word.startsWith('-')) {
    return new UsageError('E_COMMAND', `${program} needs a command, and ${quoted(word)} is a flag.`, `Write the command first: ${program} ${known.includes('status') ? 'status' : 'list'} --json. All of them: ${program} --help`)
  }
  const near = meant(word, known)
  return new UsageError('E_COMMAND', `${program} has no command ${quoted(word)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}All of them: ${program} --help`)
}

/** The project that a command line is about: `-C` says so before the launcher does. */
function targetOf(proc: Process): string | undefined {
  const words = flagWords(proc.argv)
  const at = words.findIndex((word) => word === '-C' || word === '--dir' || word.startsWith('--dir='))
  const named = at < 0 ? undefined : words[at]?.startsWith('--dir=') ? words[at]?.slice('--dir='.length) : words[at + 1]
  if (named !== undefined && existsSync(join(resolve(proc.cwd, named), 'ollama-stack'))) return resolve(proc.cwd, named)
  return homeOf(proc.env)
}

function known(error: unknown, signal: AbortSignal): StackError {
  if (error instanceof StackError) return error
  if (signal.aborted) return new CancelError('')
  const message = error instanceof Error ? error.message : String(error)
  return new StackError('E_UNEXPECTED', `Something went wrong that shouldn't: ${message}`, {
    hint: 'That is a mistake in ollama-stack. Run it again with OLLAMA_STACK_DEBUG=1, and please report what it prints.',
    cause: error,
  })
}
