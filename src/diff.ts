// What will change in a file, shown before it does.

import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/** A unified diff with three lines of context; empty when nothing changes. */
export function unifiedDiff(path: string, before: string | null, after: string): string {
  if (before === after) return ''
  return createTwoFilesPatch(before === null ? '/dev/null' : path, path, before ?? '', after, '', '', { context: 3, headerOptions: FILE_HEADERS_ONLY }).trimEnd()
}
