// Single values of a YAML text changed in place: every other byte stays, however the owner laid it out.

import { isScalar, parseDocument, type Document } from 'yaml'

export interface Replacement {
  path: readonly string[]
  value: string
}

/** A path that isn't there, or holds no single value, is passed over: the owner took it out. */
export function replaceScalars(text: string, replacements: readonly Replacement[]): string {
  const doc: Document = parseDocument(text)
  const places = replacements.flatMap(({ path, value }) => {
    const node = doc.getIn(path, true)
    return isScalar(node) && node.range && node.value !== value ? [{ start: node.range[0], end: node.range[1], value }] : []
  })
  // From the end, so that the places before stay where they are.
  return places.sort((a, b) => b.start - a.start).reduce((all, { start, end, value }) => all.slice(0, start) + written(value, all.slice(start, end)) + all.slice(end), text)
}

/** In quotes where it was, and where YAML readers could take it for something else. */
function written(value: string, before: string): string {
  return /^["']/.test(before) || !/^[A-Za-z][\w./:@-]*$/.test(value) ? JSON.stringify(value) : value
}
