// The x-ollama-stack block of compose.yaml. Hand edits of it and new values stand line on line, so it
// is merged fact by fact.

import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, parseDocument, type Document } from 'yaml'
import { yamlText } from './yaml-text.ts'

const KEY = 'x-ollama-stack'

export interface Versions {
  /** With mine's block in the place of their own. */
  before: string
  next: string
  /** The merged text, with the block that was merged by facts. */
  finish(merged: string): string
}

/** As they are, where one of them has no such block that can be read. */
export function withoutFacts(base: string, mine: string, theirs: string): Versions {
  const [before, now, next] = [base, mine, theirs].map(blockOf)
  const merged = before === undefined || now === undefined || next === undefined ? null : mergeFacts(before, now, next)
  if (before === undefined || now === undefined || next === undefined || merged === null) return { before: base, next: theirs, finish: (text) => text }
  return {
    before: base.replace(before, () => now),
    next: theirs.replace(next, () => now),
    finish: (text) => text.replace(now, () => merged),
  }
}

/** The lines from the key to the last one that is indented. */
function blockOf(text: string): string | undefined {
  return /^x-ollama-stack:.*(?:\n(?:[ \t]*(?:#.*)?\n)*[ \t]+\S.*)*/m.exec(text)?.[0]
}

/** Mine, with what differs between the other two. null: they aren't maps. */
function mergeFacts(base: string, mine: string, theirs: string): string | null {
  const [before, now, next] = [base, mine, theirs].map((text) => parseDocument(text))
  if (!before || !now || !next || ![before, now, next].every((doc) => doc.errors.length === 0 && isMap(doc.get(KEY)))) return null
  const [old, fresh] = [factsOf(before), factsOf(next)]
  const changed = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter((key) => !isDeepStrictEqual(old[key], fresh[key]))
  for (const key of changed) {
    const value = next.getIn([KEY, key], true)
    if (isNode(value)) now.setIn([KEY, key], value.clone())
    else now.deleteIn([KEY, key])
  }
  return changed.length === 0 ? mine : yamlText(now).trimEnd()
}

function factsOf(doc: Document): Record<string, unknown> {
  const { [KEY]: facts } = doc.toJS() as { [KEY]: Record<string, unknown> }
  return facts
}
