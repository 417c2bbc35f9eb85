// One line that shows that work goes on. In clack's looks, but not clack's spinner: that one puts
// the terminal into raw mode and turns Ctrl-C into exit code 0, so nothing could be taken back.

import type { Writable } from 'node:stream'
import { stripVTControlCharacters, styleText } from 'node:util'
import { wrapTextWithPrefix } from '@clack/core'
import { CancelError } from '../errors.ts'

const FRAMES = ['◒', '◐', '◓', '◑']
const FRAME_MS = 80
const ERASE = '\r\x1b[K'

export async function spin<T>(output: Writable, title: string, work: (message: (text: string) => void) => Promise<T>): Promise<T> {
  const columns = (): number => ('columns' in output && typeof output.columns === 'number' ? output.columns : 80)
  const start = performance.now()
  let text = title
  let frame = 0
  const draw = (): void => {
    output.write(`${ERASE}${styleText('magenta', FRAMES[frame++ % FRAMES.length] ?? '')}  ${fit(text, columns() - 4)}`)
  }
  output.write(`${styleText('gray', '│')}\n\x1b[?25l`)
  draw()
  const timer = setInterval(draw, FRAME_MS)
  const end = (mark: string, what = ''): void => {
    clearInterval(timer)
    const seconds = (performance.now() - start) / 1000
    const bar = `${styleText('gray', '│')}  `
    const said = wrapTextWithPrefix(output, `${title}${what}${seconds >= 1 ? styleText('dim', ` ${seconds.toFixed(1)} s`) : ''}`, bar, `${mark}  `, bar, (line, index) => (index === 0 ? line : line.trimStart()))
    output.write(`${ERASE}${said}\n\x1b[?25h`)
  }
  try {
    const result = await work((now) => { text = now })
    end(styleText('green', '◇'))
    return result
  } catch (error) {
    const [mark, what] = error instanceof CancelError ? ['■', ': cancelled'] : ['✗', ': FAILED']
    end(styleText('red', mark), what)
    throw error
  }
}

/** One line only: a second one couldn't be erased. Too long text loses its colours with its end. */
function fit(text: string, width: number): string {
  const plain = stripVTControlCharacters(text).replace(/\s+/g, ' ')
  return plain.length <= width ? text.replace(/\n/g, ' ') : `${plain.slice(0, Math.max(0, width - 1))}…`
}
