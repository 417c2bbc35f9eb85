// The terminal: clack's looks for everything that is said and asked.

import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { confirm, intro, isCancel, log, note } from '@clack/prompts'
import { bar, rate } from './bar.ts'
import { CancelError } from './errors.ts'
import { spin } from './spin.ts'
import type { Ui } from './ui.ts'

export function clackUi(stdin: Readable, stdout: Writable, stderr: Writable): Ui {
  const to = { input: stdin, output: stderr }
  return {
    intro: (title) => intro(title, to),
    line: (text) => log.message(text, to),
    note: (title, text) => note(text, title, to),
    warn: (text) => log.warn(text, to),
    check: ({ title, ok, detail }) => {
      const mark = ok === null ? styleText('yellow', '○ not run') : ok ? styleText('green', '✓') : styleText('red', '✗ FAILED')
      stderr.write(`${styleText('gray', '│')}  ${mark} ${title} ${styleText('dim', detail)}\n`)
    },
    data: (text) => void stdout.write(`${text}\n`),
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
  }
}
