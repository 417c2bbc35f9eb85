// The plain twin: for pipes, logs and CI. Lines only, no colour, nothing that moves.

import type { Writable } from 'node:stream'
import { bytes } from './bytes.ts'
import type { Ui } from './ui.ts'

/** A line of progress at most this often. */
const EVERY_MS = 5000

export function plainUi(stdout: Writable, stderr: Writable): Ui {
  const say = (text: string): void => void stderr.write(`${text}\n`)
  return {
    intro: say,
    line: say,
    note: (title, text) => say(`${title}\n${text.replace(/^/gm, '  ')}`),
    warn: (text) => say(`Warning: ${text}`),
    check: ({ title, ok, detail }) => say(`${ok === null ? 'not run' : ok ? 'ok' : 'FAILED'}  ${title} (${detail})`),
    data: (text) => void stdout.write(`${text}\n`),
    step: async (title, work) => {
      say(title)
      return work(() => {})
    },
    progress: async (title, work) => {
      say(title)
      let next = Date.now() + EVERY_MS
      return work(({ done, total, text = '' }) => {
        if (Date.now() < next) return
        next = Date.now() + EVERY_MS
        say(`  ${total > 0 ? `${Math.floor((100 * done) / total)}% of ${bytes(total)}` : bytes(done)}${text === '' ? '' : `, ${text}`}`)
      })
    },
    text: nobody,
    choose: nobody,
    several: nobody,
    confirm: nobody,
    hidden: nobody,
  }
}

const nobody = (): Promise<never> => Promise.reject(new Error('nobody to ask: check `interactive` first'))
