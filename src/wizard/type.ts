// A question that is answered by typing: it says at once what can't be.

import { homedir } from 'node:os'
import type { Lasting } from '../configure/present.ts'
import { UsageError } from '../errors.ts'
import { freePort, portFree } from '../net/port-free.ts'
import { conflicts } from '../questions/config.ts'
import type { Field, Question, Setting } from '../questions/field.ts'
import type { Answers } from '../questions/fields.ts'
import type { Ui } from '../ui/ui.ts'

interface Place {
  known: Answers
  present: Lasting | null
  fallback: unknown
}

export async function type(key: keyof Answers, field: Field<unknown>, question: Extract<Question, { kind: 'text' }>, { known, present, fallback: value }: Place, setting: Setting, ui: Ui): Promise<string[]> {
  // No shell has been here to expand ~.
  const split = (text: string): string[] => (field.spec.repeat ? text.split(/[\s,]+/).filter(Boolean) : [text.trim().replace(/^~(?=$|[/\\])/, () => homedir())])
  const fallback = field.print(value).join(' ')
  // The stack itself listens there.
  const own = (port: number): boolean => port === present?.port
  const initial = key === 'directory' ? 'ollama-stack' : key === 'people' ? 'admin' : key === 'port' && !own(Number(fallback)) ? String(await freePort(known.bind, Number(fallback))) : fallback
  const problem = (text: string): UsageError | undefined => {
    try {
      const value = field.parse(split(text), setting)
      return conflicts({ ...known, [key]: value }, false, setting.machine)[0]
    } catch (error) {
      if (error instanceof UsageError) return error
      throw error
    }
  }
  const text = await ui.text({
    message: question.message,
    hint: key === 'port' && initial !== fallback ? `${fallback} is taken; ${question.hint}` : question.hint,
    initial,
    problem: (typed) => {
      const error = problem(typed)
      return error && asAnswer(error)
    },
    ...(key === 'port' ? { onSubmit: async (typed: string) => (own(Number(typed)) ? undefined : taken(known.bind, Number(typed))) } : {}),
  })
  return split(text)
}

/** An error about a flag, as one about an answer: `--port can't be "x"` is `It can't be "x"`, and its example has no flag. */
function asAnswer({ message, hint }: UsageError): string {
  const how = hint.replace(/: --[a-z-]+ (?=\S+$)/, ', such as ').replace('create-ollama-stack ', '')
  return `${message.replace(/^--[a-z-]+ (?=can't be )/, 'It ').replace(/^The role in --user /, 'The role of ')}${how === '' ? '' : `\n${how}`}`
}

async function taken(bind: string, port: number): Promise<string | undefined> {
  const free = await freePort(bind, port)
  if (free !== port) return `Something listens on port ${port} already.\n${free} is free.`
  return (await portFree(bind, port)) ? undefined : `Something listens on port ${port} already.\nChoose another one.`
}
