// Settings into the text of a file: comments, order and everything else stay.

import { isDeepStrictEqual } from 'node:util'
import { applyEdits, modify, parse as parseJson, type ParseError } from 'jsonc-parser'
import { parse as parseToml, stringify as writeToml } from 'smol-toml'
import { parseDocument, type Document } from 'yaml'
import { yamlText } from '../project/yaml-text.ts'
import type { Format, Value } from './client.ts'
import { additions, applied, Clash, isRecord, leftovers, type Edit } from './edits.ts'
import { dollarsDoubled, writeFormat } from './syntax.ts'

export type Merged = { text: string; edits: Edit[]; now: unknown } | { cannot: string }

interface Codec {
  /** Throws for what isn't of the format. */
  parse(text: string): unknown
  /** `data`: what the text must say then. */
  write(text: string, edits: readonly Edit[], data: unknown): string
}

const json: Codec = {
  parse(text) {
    const errors: ParseError[] = []
    const data: unknown = parseJson(text, errors, { allowTrailingComma: true, allowEmptyContent: true })
    if (errors[0]) throw new Error(`there is a mistake in its JSON, in line ${text.slice(0, errors[0].offset).split('\n').length}`)
    return data
  },
  write(text, edits) {
    const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
    const formattingOptions = { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' }
    return edits.reduce((so, { path, value }) => applyEdits(so, modify(so, path, value, { formattingOptions })), text)
  },
}

const yaml: Codec = {
  parse(text) {
    const doc = parseDocument(text)
    const [error] = doc.errors
    if (error) throw new Error(`there is a mistake in its YAML: ${error.message.split('\n')[0]}`)
    return doc.toJS()
  },
  write(text, edits) {
    const doc: Document = parseDocument(text, { compat: 'yaml-1.1' })
    for (const { path, value } of edits) {
      if (path.length === 0) doc.contents = doc.createNode(value)
      else if (value === undefined) doc.deleteIn(path)
      else doc.setIn(path, doc.createNode(value))
    }
    const result = yamlText(doc)
    return text.includes('\r\n') ? result.replace(/\r?\n/g, '\r\n') : result
  },
}

/** No library of a fitting size keeps comments, so only a file that has none is written anew: ours, as a rule. */
const toml: Codec = {
  parse: (text) => parseToml(text),
  write(text, _, data) {
    if (layout(writeToml(parseToml(text))) !== layout(text)) throw new Error('it has comments or a layout of its own, which would be lost')
    return `${writeToml(data).trimEnd()}\n`
  },
}

const layout = (text: string): string => text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '').join('\n')

const CODECS: Record<Exclude<Format, 'curl'>, Codec> = { json, yaml, compose: yaml, toml }

/**
 * `others`: the same settings for other logins, which must not linger. What comes out is read back and
 * compared, so that no format's odd corner makes it say something else; `cannot` says why it won't do.
 */
export function merge(format: Format, text: string | null, wanted: { whole: Value; value: Value }, others: readonly Value[]): Merged {
  const fresh = writeFormat(format, wanted.whole)
  // A file for curl is ours alone.
  if (text === null || text.trim() === '' || format === 'curl') return { text: fresh, edits: [{ path: [], value: wanted.whole }], now: undefined }
  const codec = CODECS[format]
  const written = (value: Value): Value => (format === 'compose' ? dollarsDoubled(value) : value)
  try {
    const now = codec.parse(text)
    if (!isRecord(now) && !Array.isArray(now) && now !== null && now !== undefined) return { cannot: 'it holds something else than settings' }
    const edits = [...others.flatMap((other) => leftovers(now, wanted.value, other)), ...additions(now, written(wanted.value))]
    if (edits.length === 0) return { text, edits, now }
    const data = applied(now, edits)
    const result = codec.write(text, edits, data)
    return isDeepStrictEqual(plain(codec.parse(result)), plain(data)) ? { text: result, edits, now } : { cannot: 'something in it (an anchor, a name that comes twice) leaves no safe way to change it' }
  } catch (error) {
    if (error instanceof Clash) return { cannot: `${error.message} holds something else there` }
    return { cannot: (error as Error).message }
  }
}

/** Dates as text, nothing as null. */
function plain(data: unknown): unknown {
  return data === undefined ? null : JSON.parse(JSON.stringify(data))
}
