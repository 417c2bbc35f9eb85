// A text question that says what is wrong while one types, not only after Enter.
// Drawn like clack's own, on clack's core.

import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { isCancel, TextPrompt } from '@clack/core'
import { S_BAR, S_BAR_END, symbol } from '@clack/prompts'

export interface LiveText {
  message: string
  /** Said below the input while nothing is wrong. */
  hint: string
  /** Filled in already; an emptied line means it too. */
  initial: string
  /** What is wrong with this text, or nothing. */
  problem(text: string): string | undefined
  /** A slower look, after Enter only. */
  onSubmit?(text: string): Promise<string | undefined>
  input: Readable
  output: Writable
  signal: AbortSignal
}

/** null: cancelled. */
export async function liveText({ message, hint, initial, problem, onSubmit, ...to }: LiveText): Promise<string | null> {
  const meant = (typed: string | undefined): string => (typed === undefined || typed.trim() === '' ? initial : typed)
  const prompt = new TextPrompt({
    ...to,
    placeholder: initial,
    defaultValue: initial,
    initialUserInput: initial,
    validate: (typed) => problem(meant(typed)) ?? onSubmit?.(meant(typed)),
    render() {
      const bar = styleText('gray', S_BAR)
      const head = `${bar}\n${symbol(this.state)}  ${message}\n`
      const typed = this.userInput
      if (this.state === 'submit') return `${head}${bar}  ${styleText('dim', meant(typed))}`
      if (this.state === 'cancel') return `${head}${bar}  ${styleText(['strikethrough', 'dim'], typed)}`
      const wrong = this.state === 'error' ? this.error : problem(meant(typed))
      const color = wrong === undefined ? 'cyan' : 'yellow'
      const line = typed === '' ? styleText('dim', initial) : this.userInputWithCursor
      return `${head}${styleText(color, S_BAR)}  ${line}\n${styleText(color, S_BAR_END)}  ${wrong === undefined ? styleText('dim', hint) : styleText('yellow', wrong)}\n`
    },
  })
  const answer = await prompt.prompt()
  return isCancel(answer) ? null : meant(answer)
}
