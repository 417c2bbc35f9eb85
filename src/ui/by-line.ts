// A terminal that is read aloud: each thing is said once, on lines that stay, and a question is
// answered with a line. Nothing is drawn anew in its place.

import type { Readable, Writable } from 'node:stream'
import { createInterface } from 'node:readline'
import { CancelError } from '../errors.ts'
import { hiddenLine } from './hidden-line.ts'
import { plainUi } from './plain.ts'
import type { Option, TextQuestion, Ui } from './ui.ts'

export function byLineUi(stdin: Readable, stdout: Writable, stderr: Writable, signal: AbortSignal): Ui {
  const say = (text: string): void => void stderr.write(`${text}\n`)
  /** Asks until `take` finds nothing wrong. */
  const ask = async <T>(prompt: string, take: (line: string) => Promise<Taken<T>> | Taken<T>, read = line): Promise<T> => {
    for (;;) {
      stderr.write(`${prompt} `)
      const taken = await take(await read(stdin, stderr, signal))
      if ('value' in taken) return taken.value
      say(`Not taken: ${taken.wrong}`)
    }
  }
  const plain = plainUi(stdout, stderr)
  return {
    ...plain,
    note: (title, text) => plain.note(`\n${title}`, text),
    text: ({ message, hint, initial, problem, onSubmit }: TextQuestion) => {
      say(`\n${message}\n(${hint})`)
      return ask(initial === '' ? 'Answer:' : `Answer, or Enter for ${initial}:`, async (typed) => {
        const meant = typed.trim() === '' ? initial : typed
        const wrong = problem(meant) ?? await onSubmit?.(meant)
        return wrong === undefined ? { value: meant } : { wrong }
      })
    },
    choose: (message, options, initial) => {
      say(`\n${message}\n${numbered(options)}`)
      const there = options.findIndex(({ value }) => value === initial) + 1
      return ask(`Number${there > 0 ? `, or Enter for ${there}` : ''}:`, (typed) => {
        const option = options[(typed.trim() === '' ? there : place(typed)) - 1]
        return option ? { value: option.value } : { wrong: `give a number from 1 to ${options.length}.` }
      })
    },
    several: (message, options, initial) => {
      say(`\n${message}\n${numbered(options)}`)
      const there = options.flatMap(({ value }, index) => (initial.includes(value) ? [index + 1] : []))
      return ask(`Numbers with spaces between them, 0 for none, or Enter for ${there.join(' ') || 'none'}:`, (typed) => {
        const places = typed.trim() === '' ? there : typed.trim() === '0' ? [] : typed.trim().split(/[\s,]+/).map(place)
        if (places.every((one) => options[one - 1] !== undefined)) return { value: options.filter((_, index) => places.includes(index + 1)).map(({ value }) => value) }
        return { wrong: `give numbers from 1 to ${options.length}, such as 1 2.` }
      })
    },
    confirm: (message, { initial }) => {
      say(`\n${message}`)
      return ask(`y for yes, n for no, or Enter for ${initial ? 'yes' : 'no'}:`, (typed) => {
        const word = typed.trim().toLowerCase()
        if (word === '') return { value: initial }
        return /^y(es)?$/.test(word) ? { value: true } : /^no?$/.test(word) ? { value: false } : { wrong: 'give y or n.' }
      }).catch((error: unknown) => { throw error instanceof CancelError ? new CancelError('Nothing was changed.') : error })
    },
    hidden: (message, problem) => {
      say(`\n${message}`)
      return ask("What you type isn't shown:", (typed) => {
        const wrong = problem(typed)
        return wrong === undefined ? { value: typed } : { wrong }
      }, hiddenLine)
    },
  }
}

type Taken<T> = { value: T } | { wrong: string }

const numbered = (options: readonly Option[]): string =>
  options.map(({ label, hint }, index) => `${index + 1}. ${label}${hint === undefined ? '' : `, ${hint}`}`).join('\n')

const place = (word: string): number => (/^\d{1,3}$/.test(word.trim()) ? Number(word) : -1)

/** The terminal's own line editing, which screen readers know. Ctrl-C comes as the signal, Ctrl-D as the end. */
async function line(input: Readable, output: Writable, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input, terminal: false })
  try {
    return await new Promise((resolve, reject) => {
      const cancel = (): void => reject(new CancelError())
      lines.once('line', resolve).once('close', cancel)
      if (signal.aborted) cancel()
      signal.addEventListener('abort', cancel, { once: true })
    })
  } catch (error) {
    output.write('\n')
    throw error
  } finally {
    lines.close()
  }
}
