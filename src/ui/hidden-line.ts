// A line that is typed and not shown, not even as dots: they would be read aloud one by one.

import type { Readable, Writable } from 'node:stream'
import { CancelError } from '../errors.ts'

type Terminal = Readable & { setRawMode?(on: boolean): void }

const [CTRL_C, CTRL_D, BACKSPACE, DELETE, CTRL_U] = ['\x03', '\x04', '\b', '\x7f', '\x15']

export async function hiddenLine(input: Terminal, output: Writable, signal: AbortSignal): Promise<string> {
  let letters: string[] = []
  let stop = (): void => {}
  input.setRawMode?.(true)
  try {
    return await new Promise<string>((resolve, reject) => {
      const cancel = (): void => reject(new CancelError())
      const read = (data: Buffer | string): void => {
        for (const letter of data.toString()) {
          if (letter === '\r' || letter === '\n') return resolve(letters.join(''))
          if (letter === CTRL_C || letter === CTRL_D) return cancel()
          if (letter === BACKSPACE || letter === DELETE) letters.pop()
          else if (letter === CTRL_U) letters = []
          else if (letter >= ' ') letters.push(letter)
        }
      }
      stop = () => {
        input.off('data', read)
        signal.removeEventListener('abort', cancel)
      }
      if (signal.aborted) cancel()
      signal.addEventListener('abort', cancel)
      input.on('data', read).resume()
    })
  } finally {
    stop()
    input.setRawMode?.(false)
    input.pause()
    output.write('\n')
  }
}
