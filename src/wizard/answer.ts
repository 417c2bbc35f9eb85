// Flags first, then the wizard for what they left open, or defaults with --yes.

import { OLLAMA_PORT, versionAt } from '../ollama/bare-ollama.ts'
import type { Context, Flag, Values } from '../cli/command.ts'
import { keptYes } from '../cli/npm-kept.ts'
import { conflicts, unusedPermission } from '../questions/config.ts'
import { shellWord } from '../ui/shell-word.ts'
import { throwAll, UsageError } from '../errors.ts'
import type { Field } from '../questions/field.ts'
import { FIELDS, KEYS, type Answers } from '../questions/fields.ts'
import { thisMachine, type Machine } from '../questions/machine.ts'
import { readSecret, refuseTerminal } from '../questions/read-secret.ts'

const EXTRA = {
  dir: { short: 'C', value: 'DIR', help: 'Another way to write the directory' },
  'password-stdin': { help: "basic only: the first person's password, from stdin" },
  yes: { short: 'y', help: 'Take the defaults, ask nothing' },
  'dry-run': { help: 'List every file and every step, touch nothing' },
} as const satisfies Record<string, Flag>

/** The flags of `create`, from the table. */
export const createFlags: Record<string, Flag> & typeof EXTRA = {
  ...Object.fromEntries(Object.values(FIELDS).flatMap(({ flag, spec }) => (flag === null ? [] : [[flag, spec]]))),
  ...EXTRA,
}

type Given = Values<typeof EXTRA> & Record<string, unknown>

export interface Answered {
  answers: Answers
  machine: Machine
  password: string | undefined
  /** Whether somebody sat there and typed answers. */
  asked: boolean
}

/** `beforeAsking` may throw what would make the questions pointless. */
export async function answer({ args, flags }: { args: string[]; flags: Given }, context: Context, beforeAsking: () => Promise<void> = async () => {}): Promise<Answered> {
  const setting = { cwd: context.cwd, machine: thisMachine() }
  const ownPassword = flags['password-stdin'] === true
  const known: Partial<Answers> = {}
  const problems: UsageError[] = []
  if (args[0] !== undefined && flags.dir !== undefined) {
    problems.push(new UsageError('E_ARGUMENT', 'The directory was given twice, as an argument and with --dir.', 'Give it once.'))
  }
  if (ownPassword) problems.push(...refuseTerminal(context.stdin))
  for (const key of KEYS) {
    const texts = written(FIELDS[key], args, flags)
    if (texts === undefined) continue
    try {
      Object.assign(known, { [key]: FIELDS[key].parse(texts, setting) })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      problems.push(error)
    }
  }
  throwAll([...problems, ...conflicts(known, ownPassword, setting.machine), ...unusedPermission(known)])

  // An extra alone is no reason to ask.
  const open = KEYS.filter((key) => {
    const { question } = FIELDS[key]
    return question && question.kind !== 'several' && !question.extra && (question.when?.(known as Answers, setting) ?? true) && !(key in known)
  })
  if (open.length > 0 && !flags.yes) {
    if (!context.interactive) throw needsAnswers(open, known, flags, context)
    // At once: the first question waits for all of them.
    const [{ ask }, hostOllama] = await Promise.all([
      import('./wizard.ts'),
      'ollama' in known ? null : versionAt('127.0.0.1', OLLAMA_PORT, context.signal),
      beforeAsking(),
    ])
    const before = keptYes(context.env) ? `npm kept --yes for itself, as it does with all flags before a --.\nTo be asked nothing: ${repeatLine(known, { ownPassword })}` : null
    const answers = await ask(known, { ...setting, hostOllama }, context, { dryRun: flags['dry-run'] === true, before })
    // A permission that wasn't used is none: the line that repeats this run would be refused with it.
    return { answers: { ...answers, insecureHttp: answers.insecureHttp && answers.tls === 'off' }, machine: setting.machine, password: undefined, asked: true }
  }
  const answers = withDefaults(known, setting)
  throwAll([...conflicts(answers, ownPassword, setting.machine), ...unusedPermission(answers)])
  return { answers, machine: setting.machine, password: ownPassword ? await readSecret(context) : undefined, asked: false }
}

function written(field: Pick<Field<unknown>, 'flag' | 'spec'>, args: string[], flags: Given): string[] | undefined {
  const directory = args[0] ?? flags.dir
  if (field.flag === null) return directory === undefined ? undefined : [directory]
  const value = flags[field.flag]
  if (typeof value === 'boolean') return [value ? 'yes' : 'no']
  return typeof value === 'string' ? [value] : (value as string[] | undefined)
}

function withDefaults(known: Partial<Answers>, setting: { cwd: string; machine: Machine }): Answers {
  const answers = { ...known } as Answers
  for (const key of KEYS) {
    if (!(key in answers)) Object.assign(answers, { [key]: FIELDS[key].fallback(answers, setting) })
  }
  return answers
}

function needsAnswers(open: (keyof Answers)[], known: Partial<Answers>, flags: Given, { env, json }: Context): UsageError {
  const dumb = env['TERM'] === 'dumb'
  const names = open.map((key) => (FIELDS[key].flag === null ? 'the directory' : `--${FIELDS[key].flag}`))
  const line = repeatLine(known, { ownPassword: flags['password-stdin'] === true, more: [...(flags['dry-run'] ? ['--dry-run'] : []), ...(json ? ['--json'] : [])] })
  return new UsageError(
    'E_NEEDS_ANSWERS',
    `${dumb ? "This terminal (TERM=dumb) can't show the questions" : 'There is no terminal to ask in'}, and these are open: ${names.join(', ')}.${keptYes(env) ? ' (npm kept --yes for itself, as it does with all flags before a --.)' : ''}`,
    `Take the defaults: ${line}\n${dumb ? 'To be asked line by line: ACCESSIBLE=1 npx create-ollama-stack@latest\n' : ''}See what can be chosen: npx create-ollama-stack@latest --help`,
  )
}

/** The line that repeats this run without questions; what isn't known yet is left to the defaults. No secret is in it. */
export function repeatLine(answers: Partial<Answers>, { ownPassword, more = [] }: { ownPassword: boolean; more?: string[] }): string {
  const words = ['npx', 'create-ollama-stack@latest']
  for (const key of KEYS.filter((one) => one in answers)) {
    const field = FIELDS[key] as Field<unknown>
    for (const text of field.print(answers[key])) {
      if (field.flag === null) words.push(text)
      else if (field.spec.value !== undefined) words.push(`--${field.flag}`, text)
      else if (text === 'yes' && !field.spec.negatable) words.push(`--${field.flag}`)
      else if (text === 'no' && field.spec.negatable) words.push(`--no-${field.flag}`)
    }
  }
  if (ownPassword) words.push('--password-stdin')
  return [...words, ...more, '--yes'].map(shellWord).join(' ')
}
