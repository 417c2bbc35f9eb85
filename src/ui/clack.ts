// The terminal: clack's looks for everything that is said and asked.

import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { updateSettings, wrapTextWithPrefix } from '@clack/core'
import { confirm, intro, isCancel, log, note, password } from '@clack/prompts'
import { bar, rate } from './bar.ts'
import { CancelError } from '../errors.ts'
import { spin } from './spin.ts'
import type { Ui } from './ui.ts'

// Ctrl-D would end the process from under a question, with the cursor still hidden.
updateSettings({ aliases: { '\x04': 'cancel' } })

export function clackUi(stdin: Readable, stdout: Writable, stderr: Writable): Ui {
  const to = { input: stdin, output: stderr }
  // A bare pty and a serial console say 0 by 0; clack would give each letter a line.
  if ('columns' in stderr && stderr.columns === 0) Object.assign(stderr, { columns: 80, rows: 24 })
  // The bar at the left leads to the result and ends there.
  let ended = false
  const wrapped = (text: string, first: string, further: string): string =>
    wrapTextWithPrefix(stderr, text, further, first, further, (line, index) => (index === 0 ? line : line.trimStart()))
  return {
    intro: (title) => intro(title, to),
    // Not wrapped: it may be a command to paste.
    line: (text) => (ended ? void stderr.write(`\n${text}\n`) : log.message(text, to)),
    note: (title, text) => note(text, title, to),
    warn: (text) => log.warn(wrapped(text, '   ', '   ').replace(/^ {3}/gm, ''), to),
    check: ({ title, ok, detail }) => {
      const mark = ok === null ? styleText('yellow', '○ not run:') : ok ? styleText('green', '✓') : styleText('red', '✗ FAILED:')
      const bar = styleText('gray', '│')
      stderr.write(`${wrapped(`${mark} ${title} ${styleText('dim', detail)}`, `${bar}  `, `${bar}    `)}\n`)
    },
    data: (text) => {
      ended = true
      stdout.write(`${text}\n`)
    },
    step: (title, work) => spin(stderr, title, (message) => work((text) => message(`${title}: ${text}`))),
    progress: (title, work) => {
      const speed = rate()
      return spin(stderr, title, (message) => work((progress) => message(`${title}  ${bar(progress, speed(progress.done))}`)))
    },
    confirm: async (message, { initial }) => {
      const answer = await confirm({ message, initialValue: initial, ...to })
      if (isCancel(answer)) throw new CancelError('Nothing was changed.')
      return answer
    },
    hidden: async (message, problem) => {
      const answer = await password({ message, validate: (text) => problem(text ?? ''), ...to })
      if (isCancel(answer)) throw new CancelError()
      return answer
    },
  }
}
