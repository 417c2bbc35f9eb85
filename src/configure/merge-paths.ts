// Merges at the edges: files that a command line names for one, and what is said when there is none.

import { statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { shellWord } from '../ui/shell-word.ts'
import { UsageError } from '../errors.ts'
import type { FileMap } from '../../stacks/stack.ts'
import type { Conflict } from './merge.ts'
import type { Project } from '../project/project.ts'
import { quoted } from '../ui/quoted.ts'

/** As in the diff: from the project's directory. Throws E_VALUE. */
export function mergeable(files: readonly string[] = [], { dir }: Pick<Project, 'dir'>): string[] {
  return files.map((file) => {
    const path = relative(dir, resolve(dir, file)).split(sep).join('/')
    if (statSync(join(dir, path), { throwIfNoEntry: false })?.isFile() && !/^(?:\.\.|credentials|certs)(?:\/|$)/.test(path)) return path
    throw new UsageError('E_VALUE', `${quoted(file)} is no file of this project that could be merged.`, 'Name it as the refusal does, such as proxy/nginx.conf.')
  })
}

/** A line or more for each place where an edit by hand and `what` touch, and the flags that would settle it. */
export function touching(conflicts: readonly Conflict[], what: string): { where: string; flags: string } {
  const theirWords = (theirs: string | null): string => {
    if (theirs === null) return 'you edited it, and it is no longer needed'
    return theirs === '' ? `${what} takes this out` : `${what} is\n${theirs.trimEnd().split('\n').slice(0, 8).map((line) => `    ${line}`).join('\n')}`
  }
  const where = conflicts.map(({ path, lines: [first, last], theirs }) => `- ${path}, ${first >= last ? `line ${last}` : `lines ${first} to ${last}`}: ${theirWords(theirs)}`)
  const paths = [...new Set(conflicts.map(({ path }) => path))]
  return { where: where.join('\n'), flags: paths.map((path) => `--take-new ${shellWord(path)}`).join(' ') }
}

/** Part of `--json`: one element for each place where an edit and the change touch. */
export function conflictDocument(conflicts: readonly Conflict[], { dir }: Pick<Project, 'dir'>): object[] {
  return conflicts.map(({ path, lines, mine, theirs }) => ({ file: join(dir, path), lines, mine, theirs }))
}

/** Throws E_MERGE: what isn't UTF-8 would come out of a merge as something else. */
export function refuseBinary(changed: ReadonlyMap<string, string | null>, disk: FileMap, takeNew: readonly string[]): void {
  const odd = [...changed].find(([path, text]) => text !== null && !takeNew.includes(path) && String(disk.get(path)?.content).includes('\uFFFD'))
  if (odd) throw new UsageError('E_MERGE', `${odd[0]} isn't UTF-8 text, so the change can't be brought into it byte for byte. Nothing was written.`, 'Save it as UTF-8 and run this again.')
}
