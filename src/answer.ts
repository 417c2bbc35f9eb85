// Flags first, then the wizard for what they left open, or defaults with --yes.

import type { Readable } from 'node:stream'
import type { Context, Flag, Values } from './command.ts'
import { conflicts, throwAll } from './config.ts'
import { shellWord } from './curl.ts'
import { UsageError } from './errors.ts'
import { FIELDS, KEYS, type Answers, type Field } from './fields.ts'
import { thisMachine, type Machine } from './machine.ts'

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
}

export async function answer({ args, flags }: { args: string[]; flags: Given }, context: Context): Promise<Answered> {
  const setting = { cwd: context.cwd, machine: thisMachine() }
  const ownPassword = flags['password-stdin'] === true
  if (args[0] !== undefined && flags.dir !== undefined) throw new UsageError('E_ARGUMENT', 'The directory was given twice, as an argument and with --dir.', 'Give it once.')
  const known: Partial<Answers> = {}
  const problems: UsageError[] = []
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
  throwAll([...problems, ...conflicts(known, ownPassword, setting.machine)])

  const open = KEYS.some((key) => FIELDS[key].question !== undefined && !(key in known))
  if (open && !flags.yes) {
    if (!context.interactive) throw needsAnswers(context)
    const { ask } = await import('./wizard.ts')
    return { answers: await ask(known, setting, context), machine: setting.machine, password: undefined }
  }
  const answers = withDefaults(known, setting)
  throwAll(conflicts(answers, ownPassword, setting.machine))
  return { answers, machine: setting.machine, password: ownPassword ? await readPassword(context.stdin) : undefined }
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

function needsAnswers({ env }: Context): UsageError {
  // npm 7 and later turn `npm create x --yes` into this and hand nothing on.
  const eaten = env['npm_config_yes'] === 'true' && env['npm_command'] !== 'exec'
  return new UsageError(
    'E_NEEDS_ANSWERS',
    `There are questions to answer, and no terminal to ask them in.${eaten ? ' (npm keeps flags that stand before -- for itself.)' : ''}`,
    'Take the defaults: npx create-ollama-stack@latest --yes   What can be chosen: npx create-ollama-stack@latest --help',
  )
}

/** Up to the end; one line break at the end belongs to `echo`. Throws E_PASSWORD for an endless one. */
async function readPassword(stdin: Readable): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of stdin) {
    parts.push(Buffer.from(part as Buffer))
    length += parts.at(-1)?.length ?? 0
    if (length > 4096) throw new UsageError('E_PASSWORD', 'What came on stdin is far too long for a password.', "Give it alone: printf %s 'PASSWORD' | ... --password-stdin")
  }
  return Buffer.concat(parts).toString('utf8').replace(/\r?\n$/, '')
}

/** The line that repeats this run without questions. No secret is in it. */
export function repeatLine(answers: Answers, { ownPassword }: { ownPassword: boolean }): string {
  const words = ['npx', 'create-ollama-stack@latest']
  for (const key of KEYS) {
    const field = FIELDS[key] as Field<unknown>
    for (const text of field.print(answers[key])) {
      if (field.flag === null) words.push(text)
      else if (field.spec.value !== undefined) words.push(`--${field.flag}`, text)
      else if (text === 'yes' && !field.spec.negatable) words.push(`--${field.flag}`)
      else if (text === 'no' && field.spec.negatable) words.push(`--no-${field.flag}`)
    }
  }
  if (ownPassword) words.push('--password-stdin')
  return [...words, '--yes'].map(shellWord).join(' ')
}
