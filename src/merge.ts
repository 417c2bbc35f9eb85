// Three versions of generated files -> one: what the program wrote (base), what the owner made of it
// (mine), what the program would write now (theirs). Pure. Edits by hand stay byte for byte; where the
// two touch each other it is a conflict, and nobody guesses.

import { diff3Merge } from 'node-diff3'
import { withoutFacts } from './facts.ts'

/** Project-relative POSIX path -> text. A path that isn't there: no such file. */
export type Texts = ReadonlyMap<string, string>

export interface Conflict {
  /** Project-relative. */
  path: string
  /** First and last line of mine, from 1. Where mine has none (it was taken out), the line before. */
  lines: [number, number]
  mine: string
  /** null: the file would go. */
  theirs: string | null
}

export interface Merged {
  /** What becomes of mine, where it changes; null: the file goes. Without the files in conflict. */
  changed: Map<string, string | null>
  /** Edited by hand, and left so. Without the files in conflict. */
  kept: string[]
  conflicts: Conflict[]
}

const COMPOSE = 'compose.yaml'

/** Looks at the files of base and theirs alone: what else lies in the project is the owner's. */
export function mergeFiles(base: Texts, mine: Texts, theirs: Texts): Merged {
  const merged: Merged = { changed: new Map(), kept: [], conflicts: [] }
  for (const path of new Set([...base.keys(), ...theirs.keys()])) {
    const [before, now, next] = [base.get(path), mine.get(path), theirs.get(path)]
    if (next === before) {
      if (now !== before) merged.kept.push(path)
    } else if (now === undefined || now === before) {
      // One that was deleted by hand comes back only with something new in it.
      if (now !== next) merged.changed.set(path, next ?? null)
    } else if (next === undefined) {
      merged.conflicts.push({ path, lines: [1, linesOf(now).length], mine: now, theirs: null })
    } else if (now !== next) {
      const one = path === COMPOSE ? mergeCompose(before ?? '', now, next) : mergeText(before ?? '', now, next)
      merged.conflicts.push(...one.conflicts.map((conflict) => ({ path, ...conflict })))
      if (one.conflicts.length > 0) continue
      merged.kept.push(path)
      if (one.text !== now) merged.changed.set(path, one.text)
    }
  }
  return merged
}

interface MergedText {
  /** Mine, where there is a conflict. */
  text: string
  conflicts: Omit<Conflict, 'path'>[]
}

/** Line by line. */
export function mergeText(base: string, mine: string, theirs: string): MergedText {
  const parts = diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true })
  const conflicts: MergedText['conflicts'] = []
  for (const { conflict } of parts) {
    if (!conflict) continue
    const { a, aIndex, b } = conflict
    conflicts.push({ lines: [a.length === 0 ? aIndex : aIndex + 1, aIndex + a.length], mine: a.join(''), theirs: b.join('') })
  }
  return { text: conflicts.length > 0 ? mine : parts.flatMap(({ ok = [] }) => ok).join(''), conflicts }
}

/** compose.yaml: the facts in its x-ollama-stack block by name, since they stand line on line; all else as text. */
function mergeCompose(base: string, mine: string, theirs: string): MergedText {
  const { before, next, finish } = withoutFacts(base, mine, theirs)
  const { text, conflicts } = mergeText(before, mine, next)
  return { text: conflicts.length > 0 ? mine : finish(text), conflicts }
}

/** With their line ends, so that nothing is lost. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
