// argv -> exit code. The command table, and the only place that prints an error.

import type { Command, Context } from './command.ts'
import { COMMAND_NAMES, type CommandName } from './command-names.ts'
import { parseArgs } from './args.ts'
import { callable } from './callable.ts'
import { CancelError, StackError, UsageError } from './errors.ts'
import { commandHelp, flagsOf, overview } from './help.ts'
import { nearest } from './nearest.ts'
import { quoted } from './quoted.ts'
import { plainUi } from './ui-plain.ts'
import { version } from './version.ts'

/** Loaded when asked for: `--version` and a wrong flag need none of what a command imports. */
const COMMANDS: Record<CommandName, () => Promise<{ command: Command }>> = {
  create: () => import('./commands/create.ts'),
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  test: () => import('./commands/test.ts'),
  pull: () => import('./commands/pull.ts'),
}

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
    const message = error.message.trimEnd()
    const hint = callable(error.hint, homeOf(proc), proc.cwd)
    if (json) stdout.write(`${JSON.stringify({ ...error.document, error: { code: error.code, message, hint } })}\n`)
    else stderr.write(`${error.exit === 130 ? '' : 'Error: '}${message}\n${hint === '' ? '' : `${hint.replace(/^/gm, '  ')}\n`}`)
    if (error.code === 'E_UNEXPECTED' && proc.env['OLLAMA_STACK_DEBUG'] && caught instanceof Error) stderr.write(`${caught.stack}\n`)
    return error.exit
  }
}

async function dispatch(proc: Process, json: boolean): Promise<number> {
  const { env, stdin, stdout, stderr, signal } = proc
  const [first, rest] = split(proc.argv)
  const show = (what: 'help' | 'version', text: string): 0 => {
    const shown = callable(text, homeOf(proc), proc.cwd)
    stdout.write(json ? `${JSON.stringify({ [what]: shown.trimEnd() })}\n` : shown)
    return 0
  }
  if (first === '--version' || first === '-v') return show('version', `${version}\n`)
  const about = first === 'help' ? rest.find((word) => !word.startsWith('-')) : undefined
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && about === undefined)) {
    const all = overview(await Promise.all(Object.values(COMMANDS).map(async (load) => (await load()).command)))
    if (first !== undefined) return show('help', all)
    stderr.write(all)
    return 2
  }
  const command = await commandCalled(about ?? first)
  const words = flagWords(rest)
  if (about !== undefined || words.includes('--help') || words.includes('-h')) return show('help', commandHelp(command))
  const input = parseArgs(rest, { name: command.name, flags: flagsOf(command), ...(command.positionals ? { positionals: command.positionals } : {}) })
  const home = homeOf(proc)
  if (home !== undefined && command.name !== 'create') input.flags['dir'] ??= home
  const interactive = stdin.isTTY === true && stderr.isTTY === true && env['TERM'] !== 'dumb'
  const context: Context = {
    cwd: proc.cwd, env, stdin, stderr, interactive, json, signal,
    ui: interactive ? (await import('./ui-clack.ts')).clackUi(stdin, stdout, stderr) : plainUi(stdout, stderr),
  }
  return (await command.run(input as Parameters<Command['run']>[0], context)) ?? 0
}

/** The launcher in a project says which project is meant, wherever it is called from. */
function homeOf({ env }: Process): string | undefined {
  return env['OLLAMA_STACK_PROJECT'] || undefined
}

async function commandCalled(name: string): Promise<Command> {
  if (Object.hasOwn(COMMANDS, name)) return (await COMMANDS[name as CommandName]()).command
  if (name.startsWith('-')) {
    throw new UsageError('E_COMMAND', `ollama-stack needs a command, and ${quoted(name)} is a flag.`, 'Write the command first: ollama-stack status --json. All of them: ollama-stack --help')
  }
  const near = nearest(name, COMMAND_NAMES)
  throw new UsageError('E_COMMAND', `ollama-stack has no command ${quoted(name)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}All of them: ollama-stack --help`)
}

/** What stands before `--`. */
function flagWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** `-C DIR` may also stand before the command, as with git. */
function split(argv: readonly string[]): [string | undefined, string[]] {
  const [first = '', second] = argv
  const own = first.startsWith('--dir=') ? 1 : (first === '-C' || first === '--dir') && second !== undefined ? 2 : 0
  const command = argv[own]
  return own > 0 && command === undefined ? [first, []] : [command, [...argv.slice(0, own), ...argv.slice(own + 1)]]
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
