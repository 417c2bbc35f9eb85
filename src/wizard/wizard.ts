// Asks what the flags left open, shows a summary, and writes nothing. Ctrl-C at any question
// ends it with CancelError.

import type { Context } from '../cli/command.ts'
import { conflicts } from '../questions/config.ts'
import { CancelError, throwAll } from '../errors.ts'
import type { Choice, Field, Question, Setting } from '../questions/field.ts'
import { FIELDS, KEYS, type Answers } from '../questions/fields.ts'
import type { Ui } from '../ui/ui.ts'
import { LASTING, ONLY_WITH, valueWith, type Lasting } from '../configure/present.ts'
import { summary } from './summary.ts'
import { type } from './type.ts'

type Known = Partial<Answers>

/** `before` is a line above the first question. */
export async function ask(given: Known, setting: Setting, context: Context, { dryRun = false, before = null }: { dryRun?: boolean; before?: string | null } = {}): Promise<Answers> {
  const { ui, stderr } = context
  ui.intro('create-ollama-stack: Ollama behind a login')
  if (before !== null) ui.line(before)
  const answers = await askEach({ ...given } as Answers, KEYS.filter((key) => !(key in given)), null, setting, ui)
  ui.note('This will be made', summary(answers, setting, stderr))
  return dryRun ? answers : { ...answers, start: await agree(given.start, ui) }
}

/** The same questions about what is there: `present` are the defaults, and what has no question stays as it is. */
export async function askAgain(present: Lasting, setting: Setting, { ui }: Pick<Context, 'ui'>): Promise<Lasting> {
  ui.intro('ollama-stack configure: Enter keeps what is there')
  const known: Known = {}
  // Known from the start, so that nothing is offered that can't go with it.
  for (const key of LASTING) if (!FIELDS[key].question && ONLY_WITH[key] === undefined) Object.assign(known, { [key]: present[key] })
  return askEach(known as Answers, LASTING.filter((key) => !(key in known)), present, setting, ui)
}

/** Adds to `answers` those of `keys`. */
async function askEach(answers: Answers, keys: readonly (keyof Answers)[], present: Lasting | null, setting: Setting, ui: Ui): Promise<Answers> {
  for (const key of keys) {
    const field = FIELDS[key] as Field<unknown>
    const now = present === null ? undefined : valueWith(answers.tls, present, key as keyof Lasting)
    const fallback = now === undefined ? field.fallback(answers, setting) : now
    const options = field.question?.kind === 'choice' ? possible(key, withNow(field.question.options(answers, setting), now), answers, setting) : []
    if (field.question === undefined || field.question.when?.(answers, setting) === false) Object.assign(answers, { [key]: fallback })
    else if (options.length === 1) Object.assign(answers, { [key]: field.parse([options[0]?.value ?? ''], setting) })
    else {
      const texts = field.question.kind === 'choice' ? [await ui.choose(field.question.message, options, (now === undefined ? field.question.first?.(answers, setting) : undefined) ?? field.print(fallback)[0] ?? '')]
        : field.question.kind === 'several' ? await chooseSeveral(field, field.question, Array.isArray(now) ? now : [], setting, ui)
        : await type(key, field, field.question, { known: answers, present, fallback }, setting, ui)
      Object.assign(answers, { [key]: field.parse(texts, setting) })
    }
    // Flags and answers together: what was given may leave nothing that goes with it.
    throwAll(conflicts(answers, false, setting.machine))
  }
  return answers
}

/** What is there can be kept, also where it isn't offered otherwise. */
function withNow(options: Choice[], now: unknown): Choice[] {
  return typeof now !== 'string' || options.some(({ value }) => value === now) ? options : [...options, { value: now, label: now, hint: 'as it is now' }]
}

interface Words {
  open: string
  /** Written, started and tested. */
  all: string
  /** With `start` given. */
  sure: string
}

const MAKE: Words = { open: 'Make it?', all: 'Yes: write it, start it and test it', sure: 'Write it, start it and test it?' }
const CHANGE: Words = { open: 'Change it?', all: 'Yes: write it, bring the stack in line and test it', sure: 'Write it, bring the stack in line and test it?' }

/** Whether to go on with the change that was shown, and to start the stack. Throws CancelError. */
export async function agreeToChange(start: boolean | undefined, { ui }: Pick<Context, 'ui'>): Promise<boolean> {
  return agree(start, ui, CHANGE)
}

/** The last question. Returns whether to start what is written. */
async function agree(start: boolean | undefined, ui: Ui, words = MAKE): Promise<boolean> {
  const no = { value: 'no', label: 'No' }
  const go = start === undefined
    ? await ui.choose(words.open, [{ value: 'start', label: words.all }, { value: 'write', label: 'Only write the files' }, no], 'start')
    : await ui.choose(start ? words.sure : 'Write it?', [{ value: start ? 'start' : 'write', label: 'Yes' }, no], start ? 'start' : 'write')
  if (go === 'no') throw new CancelError()
  return go === 'start'
}

/** Without what can't go with the answers so far. When nothing can, one is left, for `conflicts` to refuse. */
function possible(key: keyof Answers, options: Choice[], known: Known, setting: Setting): Choice[] {
  const field = FIELDS[key] as Field<unknown>
  const fits = options.filter(({ value }) => conflicts({ ...known, [key]: field.parse([value], setting) }, false, setting.machine).length === 0)
  return fits.length === 0 ? options.slice(0, 1) : fits
}

/** What is there and belongs to none of the options stays. */
async function chooseSeveral(field: Field<unknown>, { message, hint, options }: Extract<Question, { kind: 'several' }>, now: readonly string[], setting: Setting, ui: Ui): Promise<string[]> {
  const wholeOf = (value: string): string[] => field.print(field.parse([value], setting))
  const initialValues = options().map(({ value }) => value).filter((value) => wholeOf(value).every((one) => now.includes(one)))
  const others = now.filter((one) => !initialValues.some((value) => wholeOf(value).includes(one)))
  const besides = others.length === 0 ? hint : `besides ${others.join(', ')}, which --${field.flag} changes`
  const answer = await ui.several(`${message} (${besides})`, options(), initialValues)
  const chosen = [...others, ...answer.flatMap(wholeOf)]
  return [...now.filter((one) => chosen.includes(one)), ...chosen.filter((one) => !now.includes(one))]
}
