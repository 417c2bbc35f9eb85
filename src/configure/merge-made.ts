// Generated files of a project, merged in two steps: what compose.yaml came to say by hand since they were
// written reaches the other files; then what was asked for now reaches all of them.

import { withoutFacts } from '../project/facts.ts'
import type { Texts } from '../project/state.ts'
import { mergeFiles, type Conflict } from './merge.ts'

export interface Generations {
  /** As the program wrote them; null: nobody knows. */
  made: Texts | null
  /** As it would write them for what compose.yaml says today. */
  before: Texts
  /** As it would write them for what shall be. */
  after: Texts
  mine: Texts
  /** See mergeFiles. */
  loose(path: string): boolean
}

export interface Resolved {
  /** Project path -> text; null: the file goes. */
  changed: Map<string, string | null>
  /** Edited by hand, and left so. */
  kept: string[]
  conflicts: Conflict[]
}

const COMPOSE = 'compose.yaml'

/** `takeNew`: as if the owner had never edited it; `keepMine`: as if the program had never heard of it. */
export function finalFiles({ made, before, after, mine, loose }: Generations, { takeNew, keepMine }: { takeNew: readonly string[]; keepMine: readonly string[] }): Resolved {
  const less = (texts: Texts, paths: readonly string[]): Map<string, string> => new Map([...texts].filter(([path]) => !paths.includes(path)))
  const base = made ?? before
  const start = new Map(mine)
  for (const path of takeNew) {
    const text = base.get(path)
    if (text === undefined) start.delete(path)
    else start.set(path, text)
  }
  // compose.yaml is the truth: what it says is in `before` already.
  const first = mergeFiles(less(base, [...keepMine, COMPOSE]), start, less(before, [...keepMine, COMPOSE]), loose)
  const between = applied(start, first.changed)
  if (takeNew.includes(COMPOSE)) between.set(COMPOSE, before.get(COMPOSE) ?? '')
  const second = mergeFiles(less(before, keepMine), between, less(after, keepMine), loose)
  const final = applied(between, second.changed)

  const clash = new Set([...first.conflicts, ...second.conflicts].map(({ path }) => path))
  const paths = new Set([...mine.keys(), ...final.keys()])
  const changed = new Map([...paths].filter((path) => !clash.has(path) && final.get(path) !== mine.get(path)).map((path) => [path, final.get(path) ?? null]))
  const kept = [...new Set([...base.keys(), ...after.keys()])].filter((path) => !clash.has(path) && isEdited(path, final.get(path), after.get(path)))
  return { changed, kept, conflicts: [...first.conflicts, ...second.conflicts.filter(({ path }) => !first.conflicts.some((one) => one.path === path))] }
}

/** The digests that `up` writes into compose.yaml are nobody's edit. */
function isEdited(path: string, final: string | undefined, made: string | undefined): boolean {
  if (path !== COMPOSE || final === undefined || made === undefined) return final !== made
  return withoutFacts(made, final, made).next !== final
}

function applied(texts: Texts, changed: ReadonlyMap<string, string | null>): Map<string, string> {
  const all = new Map(texts)
  for (const [path, text] of changed) {
    if (text === null) all.delete(path)
    else all.set(path, text)
  }
  return all
}
