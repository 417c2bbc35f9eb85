// A text question that says what is wrong while one types, not only after Enter.
// Drawn like clack's own, on clack's core.

import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { type CANCEL_SYMBOL, isCancel, TextPrompt, wrapTextWithPrefix } from '@clack/core'
import { S_BAR, S_BAR_END, symbol } from '@clack/prompts'
import type { TextQuestion } from './ui.ts'

export interface LiveText extends TextQuestion {
  input: Readable
  output: Writable
  signal: AbortSignal
}

/** A symbol: cancelled, as clack has it. */
export async function liveText({ message, hint, initial, problem, onSubmit, ...to }: LiveText): Promise<string | typeof CANCEL_SYMBOL> {
  const meant = (typed: string | undefined): string => (typed === undefined || typed.trim() === '' ? initial : typed)
  const barred = (text: string, color: 'gray' | 'cyan' | 'yellow', end: string): string => {
    const bar = `${styleText(color, S_BAR)}  `
    return wrapTextWithPrefix(to.output, text, bar, bar, `${styleText(color, end)}  `, (line, index) => (index === 0 ? line : line.trimStart()))
  }
  const prompt = new TextPrompt({
    ...to,
    placeholder: initial,
    defaultValue: initial,
    validate: (typed) => problem(meant(typed)) ?? onSubmit?.(meant(typed)),
    render() {
      const typed = this.userInput
      const further = `${styleText(this.state === 'submit' || this.state === 'cancel' ? 'gray' : 'cyan', S_BAR)}  `
      const head = `${styleText('gray', S_BAR)}\n${wrapTextWithPrefix(to.output, message, further, `${symbol(this.state)}  `, further, (line, index) => (index === 0 ? line : line.trimStart()))}\n`
      if (this.state === 'submit') return head + barred(styleText('dim', meant(typed)), 'gray', S_BAR)
      // The same last bar as below a cancelled choice.
      if (this.state === 'cancel') return `${head}${barred(styleText(['strikethrough', 'dim'], typed), 'gray', S_BAR)}\n${styleText('gray', S_BAR)}`
      // Nobody is told off before the first letter.
      const wrong = this.state === 'error' ? this.error : meant(typed) === '' ? undefined : problem(meant(typed))
      const line = typed === '' ? `${styleText('inverse', initial.slice(0, 1))}${styleText('dim', initial.slice(1))}` : this.userInputWithCursor
      const [what, ...how] = (wrong ?? '').split('\n')
      const below = wrong === undefined ? [styleText('dim', hint)] : [styleText('yellow', what ?? ''), ...how.map((text) => styleText('dim', text))]
      return `${head}${barred([line, ...below].join('\n'), wrong === undefined ? 'cyan' : 'yellow', S_BAR_END)}\n`
    },
  })
  const answer = await prompt.prompt()
  return isCancel(answer) ? answer : meant(answer)
}
