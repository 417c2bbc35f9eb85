// What a row of the table of questions (fields.ts) is made of.

import type { Flag } from '../cli/command.ts'
import type { Answers } from './fields.ts'
import type { Machine } from './machine.ts'

export interface Setting {
  cwd: string
  machine: Machine
  /** Version of the Ollama that answers on 127.0.0.1:11434 of this machine; null or left out: none does, or nobody looked. */
  hostOllama?: string | null
  /** This machine's, unless told. */
  platform?: NodeJS.Platform
}

export interface Choice {
  /** As the flag would say it. */
  value: string
  label: string
  hint?: string
}

/** `text` is checked while it is typed; `choice` with a single option isn't asked. */
export type Question = {
  /** Asked only then; always, without it. */
  when?(known: Answers, setting: Setting): boolean
  /** Worth asking among others, and no reason to ask: a script needn't answer it. */
  extra?: true
} & (
  | { kind: 'text'; message: string; hint: string }
  | { kind: 'choice'; message: string; options(known: Answers, setting: Setting): Choice[]; /** Which one stands there; the default, without it. */ first?(known: Answers, setting: Setting): string }
  | { kind: 'several'; message: string; hint: string; options(): Choice[] }
)

export interface Field<T> {
  /** Name of the flag; null: the positional argument. */
  flag: string | null
  spec: Flag
  /** What was written, one element per occurrence. A switch says `yes` or `no`. Throws UsageError. */
  parse(texts: string[], setting: Setting): T
  fallback(known: Answers, setting: Setting): T
  /** As flags would say it: the inverse of `parse`. */
  print(answer: T): string[]
  question?: Question
}
