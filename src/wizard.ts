// Asks what the flags left open, shows a summary, and writes nothing. Ctrl-C at any question
// ends it with CancelError.

import type { Readable, Writable } from 'node:stream'
import { isCancel, select } from '@clack/prompts'
import { stacks } from '../stacks/index.ts'
import type { Context } from './command.ts'
import { conflicts } from './config.ts'
import { CancelError, UsageError } from './errors.ts'
import { allHosts, FIELDS, KEYS, type Answers, type Field, type Question, type Setting } from './fields.ts'
import { liveText } from './live-text.ts'
import { portFree } from './port-free.ts'

type Known = Partial<Answers>

export async function ask(given: Known, setting: Setting, context: Context): Promise<Answers> {
  const { ui } = context
  const to = { input: context.stdin, output: context.stderr, signal: context.signal }
  ui.intro('create-ollama-stack: Ollama behind a login')
  const answers = { ...given } as Answers
  for (const key of KEYS) {
    if (key in answers) continue
    const field = FIELDS[key] as Field<unknown>
    const fallback = field.fallback(answers, setting)
    const options = field.question?.kind === 'choice' ? field.question.options(answers, setting) : []
    if (field.question === undefined) Object.assign(answers, { [key]: fallback })
    else if (options.length === 1) Object.assign(answers, { [key]: field.parse([options[0]?.value ?? ''], setting) })
    else {
      const texts = field.question.kind === 'choice'
        ? [await choose(field.question.message, options, field.print(fallback)[0] ?? '', to)]
        : await type(key, field, field.question, answers, setting, to)
      Object.assign(answers, { [key]: field.parse(texts, setting) })
    }
  }
  ui.note('This will be made', summary(answers, setting))
  const go = await choose(answers.start ? 'Write it, start it and test it?' : 'Write it?', [{ value: 'yes', label: 'Yes' }, { value: 'no', label: 'No' }], 'yes', to)
  if (go !== 'yes') throw new CancelError()
  return answers
}

interface Streams {
  input: Readable
  output: Writable
  signal: AbortSignal
}

async function choose(message: string, options: { value: string; label: string; hint?: string }[], initial: string, to: Streams): Promise<string> {
  const answer = await select({ message, options, initialValue: initial, ...to })
  if (isCancel(answer)) throw new CancelError()
  return answer
}

async function type(key: keyof Answers, field: Field<unknown>, question: Extract<Question, { kind: 'text' }>, known: Answers, setting: Setting, to: Streams): Promise<string[]> {
  const split = (text: string): string[] => (field.spec.repeat ? text.split(/[\s,]+/).filter(Boolean) : [text.trim()])
  const initial = await suggestion(key, field, known, setting)
  const problem = (text: string): UsageError | undefined => {
    try {
      const value = field.parse(split(text), setting)
      return conflicts({ ...known, [key]: value }, false, setting.machine)[0]
    } catch (error) {
      if (error instanceof UsageError) return error
      throw error
    }
  }
  const text = await liveText({
    message: question.message,
    hint: question.hint,
    initial,
    problem: (typed) => problem(typed)?.message,
    ...(key === 'port' ? { onSubmit: async (typed: string) => ((await portFree(known.bind, Number(typed))) ? undefined : `Port ${typed} is taken on ${known.bind}.`) } : {}),
    ...to,
  })
  if (text === null) throw new CancelError()
  return split(text)
}

/** The default; for the port, the first free one from there. */
async function suggestion(key: keyof Answers, field: Field<unknown>, known: Answers, setting: Setting): Promise<string> {
  const fallback = field.fallback(known, setting)
  if (key === 'directory') return 'ollama-stack'
  if (key === 'people') return 'admin'
  if (key !== 'port') return field.print(fallback).join(' ')
  for (let port = Number(fallback); port < Number(fallback) + 20; port++) if (await portFree(known.bind, port)) return String(port)
  return String(fallback)
}

function summary(answers: Answers, { machine }: Setting): string {
  const { directory, name, auth, people, bind, port, tls, model, start } = answers
  const rows = [
    ['Directory', directory],
    ['Project', name],
    ['Login', stacks[auth]?.title ?? auth],
    ['People', people.map((person) => `${person.name} (${person.role})`).join(', ')],
    ['Reachable', `${bind}, port ${port}, ${tls === 'off' ? 'plain HTTP' : 'HTTPS with a private CA'}`],
    ...(tls === 'off' ? [] : [['Names', allHosts(answers, machine).join(', ')]]),
    ['Test model', model ?? 'none'],
    ['Start now', start ? 'yes' : 'no'],
  ]
  return rows.map(([left = '', right = '']) => `${left.padEnd(11)}${right}`).join('\n')
}
