// Three versions into one: what the owner edited stays byte for byte, or it is a conflict.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeFiles, mergeText } from '../../src/configure/merge.ts'
import { runs } from '../fuzz.ts'

const files = (one: Record<string, string>): Map<string, string> => new Map(Object.entries(one))
const merged = (base: Record<string, string>, mine: Record<string, string>, theirs: Record<string, string>) => {
  const { changed, kept, conflicts } = mergeFiles(files(base), files(mine), files(theirs))
  return { changed: Object.fromEntries(changed), kept, conflicts: conflicts.map(({ path, lines }) => [path, ...lines]) }
}

describe('a file', () => {
  test.each<[string, string | undefined, string | undefined, string | undefined, object]>([
    ['untouched by both', 'a\n', 'a\n', 'a\n', {}],
    ['new', undefined, undefined, 'a\n', { changed: { f: 'a\n' } }],
    ['changed by the program', 'a\n', 'a\n', 'b\n', { changed: { f: 'b\n' } }],
    ['no longer needed', 'a\n', 'a\n', undefined, { changed: { f: null } }],
    ['edited by hand', 'a\n', 'b\n', 'a\n', { kept: ['f'] }],
    ['edited to what the program wants', 'a\n', 'b\n', 'b\n', {}],
    ['deleted by hand', 'a\n', undefined, 'a\n', { kept: ['f'] }],
    ['deleted by hand, but now it says more', 'a\n', undefined, 'b\n', { changed: { f: 'b\n' } }],
    ['deleted by both', 'a\n', undefined, undefined, {}],
    ['edited in two places', 'a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n', { changed: { f: 'A\nb\nC\n' }, kept: ['f'] }],
    ['edited in one place', 'a\nb\nc\n', 'a\nB\nc\n', 'a\nX\nc\n', { conflicts: [['f', 2, 2]] }],
    ['edited by hand, and no longer needed', 'a\n', 'b\nc', undefined, { conflicts: [['f', 1, 2]] }],
    ['one of the owner\'s own in the place of a new one', undefined, 'b\n', 'a\n', { conflicts: [['f', 1, 1]] }],
    ['a line taken out that the program changes', 'a\nb\nc\n', 'a\nc\n', 'a\nX\nc\n', { conflicts: [['f', 1, 1]] }],
    ['without a line end', 'a\nb', 'a\nb', 'a\nc', { changed: { f: 'a\nc' } }],
    ['with the line ends of Windows', 'a\nb\nc\n', 'a\r\nb\nc\n', 'a\nb\nC\n', { changed: { f: 'a\r\nb\nC\n' }, kept: ['f'] }],
  ])('%s', (_, base, mine, theirs, result) => {
    const one = (text: string | undefined): Record<string, string> => (text === undefined ? {} : { f: text })
    expect(merged(one(base), one(mine), one(theirs))).toEqual({ changed: {}, kept: [], conflicts: [], ...result })
  })
})

describe('lists and words: a line put in beside a change stands beside it', () => {
  test.each<[string, string, string, string, string | null]>([
    ['behind', 'a\nb\n', 'a\nb\nmine\n', 'a\nB\n', 'a\nB\nmine\n'],
    ['before', 'b\nc\n', 'mine\nb\nc\n', 'B\nc\n', 'mine\nB\nc\n'],
    ['behind what goes', 'a\nb\n', 'a\nb\nmine\n', 'a\n', null],
    ['both at the end', 'a\n', 'a\nmine\n', 'a\ntheirs\n', null],
    ['an edit of the same line', 'a\nb\n', 'a\nb2\nmine\n', 'a\nB\n', null],
    ['behind a line without an end', 'a\nb\n', 'a\nb\nmine\n', 'a\nB', null],
  ])('%s', (_, base, mine, theirs, result) => {
    const { text, conflicts } = mergeText(base, mine, theirs, true)
    expect(conflicts.length > 0 ? null : text).toBe(result)
    expect(mergeText(base, mine, theirs).conflicts).toHaveLength(1)
  })
})

test('a file in conflict is in no other list, and the others are merged all the same', () => {
  expect(merged({ a: '1\n', b: '1\n' }, { a: '2\n', b: '1\n', own: 'x' }, { a: '3\n', b: '3\n' })).toEqual({ changed: { b: '3\n' }, kept: [], conflicts: [['a', 1, 1]] })
})

describe('the facts in compose.yaml', () => {
  const compose = (facts: string): string => `name: home\nservices: {}\n\nx-ollama-stack:\n${facts}`
  const of = (base: string, mine: string, theirs: string): unknown => {
    const { changed, conflicts } = merged({ 'compose.yaml': base }, { 'compose.yaml': mine }, { 'compose.yaml': theirs })
    return conflicts.length > 0 ? conflicts : changed['compose.yaml']
  }
  test('a new one comes behind those that others wrote, line on line', () => {
    expect(of(compose('  version: 1\n  model: a\n'), compose('  version: 1\n  model: b # mine\n  images:\n    nginx:1.30: sha256:1\n'), compose('  version: 1\n  model: a\n  rate: "60/m"\n')))
      .toBe(compose('  version: 1\n  model: b # mine\n  images:\n    nginx:1.30: sha256:1\n  rate: "60/m"\n'))
  })
  test('one that is taken away leaves the rest', () => {
    expect(of(compose('  rate: "60/m"\n  model: a\n'), compose('  rate: 60/m\n  # the small one\n  model: a\n'), compose('  model: a\n'))).toBe(compose('  # the small one\n  model: a\n'))
  })
  test('none that changes: byte for byte, also where more follows', () => {
    const more = '# the end\nvolumes: {}\n'
    expect(of(compose('  a:  1\n') + more, compose('  a:   1   # odd\n\n') + more, compose('  a:  1\n').replace('home', 'away') + more)).toBe(compose('  a:   1   # odd\n\n').replace('home', 'away') + more)
  })
  test('a block that is no map is text like any other', () => {
    expect(of(compose('  a: 1\n'), 'name: home\nx-ollama-stack: [1]\n', compose('  a: 2\n'))).toEqual([['compose.yaml', 2, 2]])
  })
  test('lines of a conflict are those of the file on disk', () => {
    const [base, mine, theirs] = ['one', 'two', 'three'].map((name) => `x-ollama-stack:\n  a: ${name.length > 3 ? 2 : 1}\n  b: 1\nname: ${name}\n`)
    expect(of(base ?? '', (mine ?? '').replace('  b', '  c: 1\n  b'), theirs ?? '')).toEqual([['compose.yaml', 5, 5]])
  })
})

test('any texts: what only one side changed is as that side has it, and no line of the owner goes lost without a word', () => {
  const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd\r\n', 'e'), { maxLength: 12 }).map((lines) => lines.join(''))
  fc.assert(fc.property(text, text, text, (base, mine, theirs) => {
    expect(mergeText(base, base, theirs)).toEqual({ text: theirs, conflicts: [] })
    expect(mergeText(base, mine, base)).toEqual({ text: mine, conflicts: [] })
    expect(mergeText(base, mine, mine)).toEqual({ text: mine, conflicts: [] })
    const { text: result, conflicts } = mergeText(base, mine, theirs)
    if (conflicts.length > 0) {
      expect(result).toBe(mine)
      return
    }
    const count = (of: string, line: string): number => of.split(/(?<=\n)/).filter((one) => one === line).length
    // More of a line than the program had before: the owner put it in, and there it is.
    for (const line of new Set(mine.split(/(?<=\n)/))) if (count(mine, line) > count(base, line)) expect(count(result, line)).toBeGreaterThan(0)
  }), runs(3000))
})
