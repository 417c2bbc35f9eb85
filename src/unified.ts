// A change of plain files as people read changes: a unified diff. New and removed files by name alone.

import { styleText } from 'node:util'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { Texts } from './merge.ts'
import { harmless } from './quoted.ts'

/** `changed`: path -> text, null for a file that goes. Ends without a line end. */
export function unified(mine: Texts, changed: ReadonlyMap<string, string | null>): string {
  const parts: string[] = []
  const named: string[] = []
  for (const [path, text] of [...changed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = mine.get(path)
    if (text === null) named.push(`removed: ${path}`)
    else if (before === undefined) named.push(`new:     ${path}`)
    else parts.push(createTwoFilesPatch(path, path, before, text, '', '', { context: 3, headerOptions: FILE_HEADERS_ONLY }).trimEnd())
  }
  return harmless([...parts, ...named].join('\n'))
}

const COLORS: [start: RegExp, color: 'bold' | 'cyan' | 'green' | 'red'][] = [[/^(?:---|\+\+\+) /, 'bold'], [/^@@ /, 'cyan'], [/^(?:\+|new:)/, 'green'], [/^(?:-|removed:)/, 'red']]

/** For a terminal; as it is for anything else, and with NO_COLOR. */
export function colored(diff: string, stream: NodeJS.WritableStream): string {
  return diff.replace(/^.+$/gm, (line) => {
    const color = COLORS.find(([start]) => start.test(line))?.[1]
    return color === undefined ? line : styleText(color, line, { stream })
  })
}
