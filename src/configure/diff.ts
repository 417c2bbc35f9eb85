// What will change, shown before it does, as people read changes: a unified diff.

import { styleText } from 'node:util'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { Texts } from '../project/state.ts'
import { harmless } from '../ui/quoted.ts'

/** A unified diff with three lines of context; empty when nothing changes. */
export function diffOfFile(path: string, before: string | null, after: string): string {
  if (before === after) return ''
  return createTwoFilesPatch(before === null ? '/dev/null' : path, path, before ?? '', after, '', '', { context: 3, headerOptions: FILE_HEADERS_ONLY }).trimEnd()
}

/** It says in words what the other files say first. */
const README = 'README.md'

/**
 * Of plain files. `changed`: path -> text, null for a file that goes; new and removed files, and `whole`, which another
 * program's take the place of, are named alone. Ends without a line end.
 */
export function diffOfFiles(mine: Texts, changed: ReadonlyMap<string, string | null>, whole: readonly string[] = []): string {
  const parts: string[] = []
  const named: string[] = []
  for (const [path, text] of [...changed].sort(([a], [b]) => Number(a === README) - Number(b === README) || (a < b ? -1 : 1))) {
    const before = mine.get(path)
    if (text === null) named.push(`removed:  ${path}`)
    else if (before === undefined) named.push(`new:      ${path}`)
    else if (whole.includes(path)) named.push(`replaced: ${path}`)
    else parts.push(diffOfFile(path, before, text))
  }
  return harmless([...parts, ...named].join('\n'))
}

const COLORS: [start: RegExp, color: 'bold' | 'cyan' | 'green' | 'red'][] = [[/^(?:---|\+\+\+) /, 'bold'], [/^@@ /, 'cyan'], [/^(?:\+|new: )/, 'green'], [/^(?:-|removed: )/, 'red']]

/** For a terminal; as it is for anything else, and with NO_COLOR. */
export function colored(diff: string, stream: NodeJS.WritableStream): string {
  return diff.replace(/^.+$/gm, (line) => {
    const color = COLORS.find(([start]) => start.test(line))?.[1]
    return color === undefined ? line : styleText(color, line, { stream })
  })
}
