// A line that is typed and not shown, not even as dots: they would be read aloud one by one.

import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { CancelError } from '../errors.ts'

type Terminal = Readable & { setRawMode?(on: boolean): void }

/** What an arrow or another key beyond letters sends: an escape code, whose letters nobody typed. */
const KEY = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O?[ -~])?/g

const [CTRL_C, CTRL_D, BACKSPACE, DELETE, CTRL_U] = ['\x03', '\x04', '\b', '\x7f', '\x15']

export async function hiddenLine(input: Terminal, output: Writable, signal: AbortSignal): Promise<string> {
  let letters: string[] = []
  // A letter may come in two pieces.
  const decoder = new StringDecoder('utf8')
  let stop = (): void => {}
  input.setRawMode?.(true)
  try {
    return await new Promise<string>((resolve, reject) => {
      const cancel = (): void => reject(new CancelError())
      const read = (data: Buffer | string): void => {
        for (const letter of decoder.write(Buffer.from(data)).replace(KEY, '')) {
          if (letter === '\r' || letter === '\n') return resolve(letters.join(''))
          if (letter === CTRL_C || letter === CTRL_D) return cancel()
          if (letter === BACKSPACE || letter === DELETE) letters.pop()
          else if (letter === CTRL_U) letters = []
          else if (letter >= ' ') letters.push(letter)
        }
      }
      stop = () => {
        input.off('data', read).off('end', cancel)
        signal.removeEventListener('abort', cancel)
      }
      if (signal.aborted) cancel()
      signal.addEventListener('abort', cancel)
      input.on('data', read).once('end', cancel).resume()
    })
  } finally {
    stop()
    input.setRawMode?.(false)
    input.pause()
    output.write('\n')
  }
}
