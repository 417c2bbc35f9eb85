// argv -> exit code. The command table, and the only place that prints an error.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command, Context, Group } from './cli/command.ts'
import { COMMAND_NAMES, type CommandName } from './cli/command-names.ts'
import { parseArgs } from './cli/args.ts'
import { callable } from './cli/callable.ts'
import { CancelError, StackError, UsageError } from './errors.ts'
import { commandHelp, flagsOf, overview } from './cli/help.ts'
import { nearest } from './cli/nearest.ts'
import { refuseKept } from './cli/npm-kept.ts'
import { harmless, harmlessJson, quoted } from './ui/quoted.ts'
import { harmlessUi } from './ui/harmless.ts'
import { plainUi } from './ui/plain.ts'
import { isReadAloud } from './ui/read-aloud.ts'
import { version } from './version.ts'

/** Loaded when asked for: `--version` and a wrong flag need none of what a command imports. */
const COMMANDS: Record<CommandName, () => Promise<{ command: Command | Group }>> = {
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
  const show = (what: 'help' | 'version', text: string): 0 => {
    const shown = callable(text, homeOf(proc), proc.cwd)
    stdout.write(json ? `${JSON.stringify({ [what]: shown.trimEnd() })}\n` : shown)
    return 0
  }
  const found = await findCommand(words)
  if (found === 'version') return show('version', `${version}\n`)
  if (!('command' in found)) {
    if (found.asked) return show('help', overview(found.name, found.commands, found.about))
    stderr.write(callable(overview(found.name, found.commands, found.about), homeOf(proc), proc.cwd))
    return 2
  }
  const { command, help } = found
  const rest = [...own, ...found.rest]
  if (help || flagWords(rest).some((word) => word === '--help' || word === '-h')) return show('help', commandHelp(command))
  const flags = flagsOf(command)
  refuseKept(flags, env)
  const input = parseArgs(rest, { name: command.name, flags, ...(command.positionals ? { positionals: command.positionals } : {}) })
  const home = homeOf(proc)
  if (home !== undefined && !MAKES_ONE.includes(command.name)) input.flags['dir'] ??= home
  const interactive = stdin.isTTY === true && stderr.isTTY === true && (env['TERM'] !== 'dumb' || isReadAloud(env))
  const ui = !interactive ? plainUi(stdout, stderr)
    : isReadAloud(env) ? (await import('./ui/by-line.ts')).byLineUi(stdin, stdout, stderr, signal)
    : (await import('./ui/clack.ts')).clackUi(stdin, stdout, stderr, signal)
  const context: Context = { cwd: proc.cwd, env, stdin, stdout, stderr, interactive, json, signal, ui: harmlessUi(ui, json) }
  return (await command.run(input as Parameters<Command['run']>[0], context)) ?? 0
}

/** A command with what follows it, or a list of commands to choose from: asked for, or because none was named. */
type Found =
  | 'version'
  | { command: Command; rest: readonly string[]; help: boolean }
  | { name: string; commands: readonly Pick<Command, 'name' | 'summary'>[]; about?: string; asked: boolean }

/** Also `help user add`. */
async function findCommand(words: readonly string[]): Promise<Found> {
  const help = words[0] === 'help'
  const [first, ...rest] = help ? words.filter((word) => !word.startsWith('-')).slice(1) : words
  if (first === '--version' || first === '-v') return 'version'
  if (first === undefined || first === '--help' || first === '-h') {
    const all = await Promise.all(Object.values(COMMANDS).map(async (load) => (await load()).command))
    return { name: 'ollama-stack', commands: all, asked: first !== undefined || help }
  }
  const command = Object.hasOwn(COMMANDS, first) ? (await COMMANDS[first as CommandName]()).command : undefined
  if (!command) throw unknown('ollama-stack', first, COMMAND_NAMES)
  if (!('commands' in command)) return { command, rest, help }
  const [second, ...more] = rest
  if (second === undefined || second === '--help' || second === '-h') {
    return { name: `ollama-stack ${first}`, commands: Object.values(command.commands), about: command.summary, asked: second !== undefined || help }
  }
  const sub = Object.hasOwn(command.commands, second) ? command.commands[second] : undefined
  if (!sub) throw unknown(`ollama-stack ${first}`, second, Object.keys(command.commands))
  return { command: sub, rest: more, help }
}

function unknown(program: string, word: string, known: readonly string[]): UsageError {
  if (word.startsWith('-')) {
    return new UsageError('E_COMMAND', `${program} needs a command, and ${quoted(word)} is a flag.`, `Write the command first: ${program} ${known.includes('status') ? 'status' : 'list'} --json. All of them: ${program} --help`)
  }
  const near = nearest(word, known)
  return new UsageError('E_COMMAND', `${program} has no command ${quoted(word)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}All of them: ${program} --help`)
}

/** The project that a command line is about: `-C` says so before the launcher does. */
function targetOf(proc: Process): string | undefined {
  const words = flagWords(proc.argv)
  const at = words.findIndex((word) => word === '-C' || word === '--dir' || word.startsWith('--dir='))
  const named = at < 0 ? undefined : words[at]?.startsWith('--dir=') ? words[at]?.slice('--dir='.length) : words[at + 1]
  if (named !== undefined && existsSync(join(resolve(proc.cwd, named), 'ollama-stack'))) return resolve(proc.cwd, named)
  return homeOf(proc)
}

/** The launcher in a project says which project is meant, wherever it is called from. */
function homeOf({ env }: Process): string | undefined {
  // Windows' launcher says it with a dot at the end.
  return env['OLLAMA_STACK_PROJECT'] ? resolve(env['OLLAMA_STACK_PROJECT']) : undefined
}

/** What stands before `--`. */
function flagWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** `-C DIR` may also stand before the command, as with git: that is `own`. */
function split(argv: readonly string[]): { own: readonly string[]; words: readonly string[] } {
  const [first = '', second] = argv
  const length = first.startsWith('--dir=') ? 1 : (first === '-C' || first === '--dir') && second !== undefined ? 2 : 0
  return length > 0 && argv.length > length ? { own: argv.slice(0, length), words: argv.slice(length) } : { own: [], words: argv }
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
