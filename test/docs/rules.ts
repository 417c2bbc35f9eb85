// How each command that a page shows is run. A page shows what a person would type; a test needs a name, a port,
// no question. One that no rule here covers makes the test fail, so nobody adds a command that nothing runs.

import { parseArgs } from '../../src/cli/args.ts'
import type { Command, Group } from '../../src/cli/command.ts'
import { COMMAND_NAMES, type CommandName } from '../../src/cli/command-names.ts'
import { flagsOf } from '../../src/cli/help.ts'
import { words } from './pages.ts'

/** What a command line of a page is about. */
export type Task =
  | { kind: 'ours'; args: string[] }
  | { kind: 'create'; args: string[] }
  | { kind: 'npm'; script: string; args: string[] }
  | { kind: 'vitest'; args: string[] }
  | { kind: 'compose'; args: string[] }
  | { kind: 'curl'; args: string[] }
  | { kind: 'clone'; args: string[] }
  /** The shell's own, and single programs of every system: nothing of ours to get wrong. */
  | { kind: 'system' }

export function taskOf(line: string): Task | undefined {
  const all = words(line.replace(/^(?:[A-Z_]+=\S+ +)+/, ''))
  const [first = '', ...rest] = all
  if (/(?:^|\/)ollama-stack$/.test(first)) return { kind: 'ours', args: rest }
  if (first === 'npx') {
    const args = /^(?:-p|--package)$/.test(rest[0] ?? '') && isPackage(rest[1]) ? rest.slice(2) : rest
    if (args.length < rest.length) return args[0] === 'ollama-stack' ? { kind: 'ours', args: args.slice(1) } : undefined
    if (isPackage(args[0])) return { kind: 'create', args: args.slice(1) }
    if (args[0] === 'tsc') return { kind: 'system' }
    return args[0] === 'vitest' && args[1] === 'run' ? { kind: 'vitest', args: args.slice(2) } : undefined
  }
  if (first === 'npm') {
    const [what = '', ...more] = rest.filter((word) => word !== '-s' && word !== '--silent')
    if (what === 'create') return /^ollama-stack(?:@latest)?$/.test(more[0] ?? '') ? { kind: 'create', args: after(more.slice(1)) } : undefined
    if (what === 'run') return { kind: 'npm', script: more[0] ?? '', args: after(more.slice(1)) }
    if (what === 'test') return { kind: 'npm', script: what, args: after(more) }
    return what === 'ci' || what === 'install' ? { kind: 'system' } : undefined
  }
  if (first === 'node' && rest[0] === 'test/setup/bootstrap.mjs') return { kind: 'npm', script: rest[1] ?? '', args: rest.slice(2) }
  if (first === 'docker' && rest[0] === 'compose') return { kind: 'compose', args: rest.slice(1) }
  if (first === 'curl') return { kind: 'curl', args: rest }
  if (first === 'git' && rest[0] === 'clone') return { kind: 'clone', args: rest.slice(1) }
  return ['cd', 'chmod', 'cp', 'git', 'mkdir', 'ollama', 'openssl', 'sudo', 'tar'].includes(first) ? { kind: 'system' } : undefined
}

const isPackage = (word = ''): boolean => /^create-ollama-stack(?:@latest)?$/.test(word)
/** npm hands on what stands after `--`. */
const after = (args: readonly string[]): string[] => args.filter((word) => word !== '--')

const LOADED = new Map<string, Promise<{ command: Command | Group }>>()

/** Throws as the program would: on an unknown command, flag, or number of arguments. */
export async function parse(args: readonly string[]): Promise<void> {
  const [name = '', second = '', ...rest] = args[0] === '-C' ? args.slice(2) : args
  if (!COMMAND_NAMES.includes(name as CommandName)) throw new Error(`ollama-stack has no command ${name}`)
  const load = LOADED.get(name) ?? (import(`../../src/commands/${name}.ts`) as Promise<{ command: Command | Group }>)
  LOADED.set(name, load)
  const { command } = await load
  if ('commands' in command) {
    const sub = command.commands[second]
    if (!sub) throw new Error(`ollama-stack ${name} has no command ${second}`)
    check(sub, rest)
  } else check(command, second === '' ? [] : [second, ...rest])
}

function check(command: Command, args: readonly string[]): void {
  if (args.includes('--help')) return
  parseArgs(args, { name: command.name, flags: flagsOf(command), ...(command.positionals ? { positionals: command.positionals } : {}) })
}

export interface Run {
  args: string[]
  /** For those that read it. */
  input?: 'key' | 'passphrase'
  /** Where it runs: the stack that is up, or one of files alone. */
  where?: 'stack' | 'files'
  /** Stops what is up, or starts it: comes after the others. */
  last?: number
}

interface Rule {
  matches: RegExp
  /** A reason: it is only parsed here, and why. */
  how: ((args: string[]) => Run) | string
}

const without = (args: readonly string[], ...flags: string[]): string[] => args.filter((word) => !flags.includes(word))

/** The first that matches counts. */
export const RULES: readonly Rule[] = [
  { matches: /--help$/, how: (args) => ({ args }) },
  { matches: /^status --watch|^logs .*-f\b|^logs .*--follow/, how: 'goes on until Ctrl-C; test/engine/logs.test.ts and test/unit/status.test.ts' },
  { matches: /^test --thorough/, how: 'takes 20 s; test/engine/attacks.test.ts, and text.test.ts knows its lines' },
  { matches: /^connect /, how: 'goes on until Ctrl-C; run on its own in commands.test.ts' },
  { matches: /^down --volumes/, how: 'deletes the models; how each stack of the tests ends' },
  { matches: /^(?:status|logs|doctor|test|user list)\b/, how: (args) => ({ args }) },
  { matches: /^client .*--write/, how: (args) => ({ args: [...args, '--yes', '--secret-stdin'], input: 'key' }) },
  { matches: /^client\b/, how: (args) => ({ args, ...(args.includes('--secret-stdin') ? { input: 'key' as const } : {}) }) },
  // The stand-in's registry knows this one.
  { matches: /^pull \S+$/, how: () => ({ args: ['pull', 'gemma3:1b'] }) },
  { matches: /^user (?:add|rotate|remove) \S+/, how: (args) => ({ args }) },
  // A list of addresses has no place on a stack of this machine alone.
  { matches: /^configure .*--allow/, how: (args) => ({ args: [...without(args, '--yes', '-y', '--dry-run'), '--yes', '--dry-run'], where: 'files' }) },
  { matches: /^configure\b/, how: (args) => ({ args: [...without(args, '--yes', '-y', '--dry-run'), '--yes', '--dry-run'] }) },
  // Looking for newer images asks a registry, which may not answer; carrying it out is test/engine/upgrade.test.ts.
  { matches: /^upgrade\b/, how: (args) => ({ args: args.includes('--check') ? args : [...without(args, '--yes', '-y', '--dry-run'), '--dry-run'] }) },
  { matches: /^backup\b/, how: () => ({ args: ['backup', 'backup.tar.gz', '--passphrase-stdin'], where: 'files', input: 'passphrase' }) },
  { matches: /^restore \S+/, how: () => ({ args: ['restore', 'backup.tar.gz', 'restored', '--passphrase-stdin'], where: 'files', input: 'passphrase', last: 1 }) },
  { matches: /^up\b/, how: (args) => ({ args, last: 1 }) },
  { matches: /^down$/, how: (args) => ({ args, last: 2 }) },
]

/** Without the directory: a test has its own. */
export function runOf(args: readonly string[]): Run | string | undefined {
  const at = args.indexOf('-C')
  const own = at < 0 ? [...args] : [...args.slice(0, at), ...args.slice(at + 2)]
  const rule = RULES.find(({ matches }) => matches.test(own.join(' ')))
  return typeof rule?.how === 'function' ? rule.how(own) : rule?.how
}
