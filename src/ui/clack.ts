// The terminal: clack's looks for everything that is said and asked.

import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { type CANCEL_SYMBOL, getColumns, updateSettings, wrapTextWithPrefix } from '@clack/core'
import { confirm, intro, isCancel, log, multiselect, note, password, select } from '@clack/prompts'
import { bar, rate } from './bar.ts'
import { CancelError } from '../errors.ts'
import { liveText } from './live-text.ts'
import { spin } from './spin.ts'
import type { Ui } from './ui.ts'

// Ctrl-D would end the process from under a question, with the cursor still hidden.
updateSettings({ aliases: { '\x04': 'cancel' } })

export function clackUi(stdin: Readable, stdout: Writable, stderr: Writable, signal: AbortSignal): Ui {
  const to = { input: stdin, output: stderr }
  // A bare pty and a serial console say 0 by 0; clack would give each letter a line.
  if ('columns' in stderr && stderr.columns === 0) Object.assign(stderr, { columns: 80, rows: 24 })
  // The bar at the left leads to the result and ends there.
  let ended = false
  const wrapped = (text: string, first: string, further: string): string =>
    wrapTextWithPrefix(stderr, text, further, first, further, (line, index) => (index === 0 ? line : line.trimStart()))
  const asked = async <T>(question: (how: typeof to & { signal: AbortSignal }) => Promise<T | typeof CANCEL_SYMBOL>, cancelled?: string): Promise<T> => {
    // Clack's prompts never let go of their signal: with the program's own, each of them would write
    // a line when Ctrl-C comes long after the last answer.
    const stop = new AbortController()
    const forward = (): void => stop.abort()
    if (signal.aborted) forward()
    signal.addEventListener('abort', forward)
    try {
      const answer = await question({ ...to, signal: stop.signal })
      if (isCancel(answer)) throw new CancelError(cancelled)
      return answer
    } finally {
      signal.removeEventListener('abort', forward)
    }
  }
  const kept = (text: string): string => wrapped(text, '   ', '   ').replace(/^ {3}/gm, '')
  return {
    intro: (title) => intro(wrapped(title, '   ', `${styleText('gray', '│')}  `).slice(3), to),
    // Several lines are not wrapped: there may be a command to paste among them.
    line: (text) => (ended ? void stderr.write(`\n${text}\n`) : log.message(text.includes('\n') ? text : kept(text), to)),
    note: (title, text) => note(text, title, to),
    warn: (text) => log.warn(kept(text), to),
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
      return spin(stderr, title, (message) => work((progress) => message(`${title}  ${bar(progress, speed(progress.done), getColumns(stderr) - title.length - 6)}`)))
    },
    text: (question) => asked((how) => liveText({ ...question, ...how })),
    choose: (message, options, initialValue) => asked((how) => select({ message, options: [...options], initialValue, ...how })),
    several: (message, options, initial) => asked((how) => multiselect({ message, options: [...options], initialValues: [...initial], required: false, ...how })),
    confirm: (message, { initial }) => asked((how) => confirm({ message, initialValue: initial, ...how }), 'Nothing was changed.'),
    hidden: (message, problem) => asked((how) => password({ message, validate: (text) => problem(text ?? ''), ...how })),
  }
}
