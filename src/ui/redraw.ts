// Lines that are drawn anew in the same place.

import { stripVTControlCharacters } from 'node:util'

export interface Screen {
  columns?: number
  rows?: number
  write(text: string): unknown
}

export interface Redraw {
  draw(lines: readonly string[]): void
  /** Leaves the last lines where they are. */
  end(): void
}

export function redraw(screen: Screen): Redraw {
  let shown: string[] = []
  const columns = (): number => screen.columns || 80
  const home = (): string => {
    // A window made narrower has wrapped what was drawn.
    const height = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns())), 0)
    return `\r${height > 0 ? `\x1b[${height}A` : ''}`
  }
  screen.write('\x1b[?25l')
  return {
    draw(lines) {
      const room = Math.max(1, (screen.rows || 24) - 1)
      const start = home()
      shown = fit(lines, columns(), room)
      // In one piece, and without clearing first: nothing flickers.
      screen.write(`${start}${shown.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    },
    // The K takes away the terminal's own ^C.
    end: () => void screen.write('\r\x1b[K\x1b[?25h'),
  }
}

function fit(lines: readonly string[], width: number, height: number): string[] {
  const all = lines.flatMap((line) => line.split('\n')).map((line) => {
    const letters = [...stripVTControlCharacters(line)]
    return letters.length < width ? letters.join('') : `${letters.slice(0, width - 2).join('')}…`
  })
  return all.length <= height ? all : [...all.slice(0, height - 1), `… ${all.length - height + 1} more lines; make the window higher`]
}
