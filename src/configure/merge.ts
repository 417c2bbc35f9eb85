// Three versions of generated files -> one: what the program wrote (base), what the owner made of it
// (mine), what the program would write now (theirs). Pure. Edits by hand stay byte for byte; where the
// two touch each other it is a conflict, and nobody guesses.

import { diff3Merge } from 'node-diff3'
import { withoutFacts } from '../project/facts.ts'
import type { Texts } from '../project/state.ts'

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

/**
 * Looks at the files of base and theirs alone: what else lies in the project is the owner's. `loose`: files
 * where each line stands for itself, so that lines put in right beside a change go on standing there.
 */
export function mergeFiles(base: Texts, mine: Texts, theirs: Texts, loose: (path: string) => boolean = () => false): Merged {
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
      const one = path === COMPOSE ? mergeCompose(before ?? '', now, next) : mergeText(before ?? '', now, next, loose(path))
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
export function mergeText(base: string, mine: string, theirs: string, loose = false): MergedText {
  const conflicts: MergedText['conflicts'] = []
  const lines: string[] = []
  for (const { ok, conflict } of diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true })) {
    const settled = ok ?? (conflict && loose ? beside(conflict.o, conflict.a, conflict.b) : null)
    if (settled) lines.push(...settled)
    if (!conflict || settled) continue
    const { a, aIndex, b } = conflict
    conflicts.push({ lines: [a.length === 0 ? aIndex : aIndex + 1, aIndex + a.length], mine: a.join(''), theirs: b.join('') })
  }
  return { text: conflicts.length > 0 ? mine : lines.join(''), conflicts }
}

/** Where mine has only more lines, before or behind what theirs puts in the place of the old ones. */
function beside(old: readonly string[], mine: readonly string[], theirs: readonly string[]): string[] | null {
  const more = mine.length - old.length
  if (old.length === 0 || theirs.length === 0 || more <= 0) return null
  // A last line without its end would run into the next one.
  if (theirs.at(-1)?.endsWith('\n') !== true) return null
  if (old.every((line, at) => line === mine[at])) return [...theirs, ...mine.slice(old.length)]
  if (old.every((line, at) => line === mine[at + more])) return [...mine.slice(0, more), ...theirs]
  return null
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
