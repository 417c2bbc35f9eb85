// What will change in a file, shown before it does.

import { createTwoFilesPatch } from 'diff'

/** A unified diff with three lines of context; empty when nothing changes. */
export function unifiedDiff(path: string, before: string | null, after: string): string {
  if (before === after) return ''
  const patch = createTwoFilesPatch(before === null ? '/dev/null' : path, path, before ?? '', after, undefined, undefined, { context: 3 })
  // Without the line of ===, which is for lists of files.
  return patch.slice(patch.indexOf('---')).trimEnd()
}
