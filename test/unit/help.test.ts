// What --help says: every command has a page, and the page is true.

import { describe, expect, test } from 'vitest'
import { parseArgs } from '../../src/cli/args.ts'
import type { Command } from '../../src/cli/command.ts'
import { COMMAND_NAMES, NOUNS } from '../../src/cli/command-names.ts'
import { flagsOf } from '../../src/cli/help.ts'
import { helpTexts, PAGES } from '../../src/manual.ts'
import { COMMANDS } from '../../src/run.ts'

const texts = await helpTexts()
const loaded = await Promise.all(Object.values(COMMANDS).map(async (load) => (await load()).command))
const commands: Command[] = loaded.flatMap((one) => ('commands' in one ? Object.values(one.commands) : [one]))

test('a text for each command, each noun and the whole, and no page too many', () => {
  expect(Object.keys(texts).sort()).toEqual(['', ...NOUNS, ...commands.map(({ name }) => name)].sort())
  expect(Object.keys(PAGES).sort()).toEqual(commands.map(({ name }) => name).sort())
  expect(loaded.filter((one) => 'commands' in one).map(({ name }) => name)).toEqual(NOUNS)
})

test.each(Object.entries(texts))('%j fits in 80 columns, ends in one line break and has no space before it', (_, text) => {
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect(text).toMatch(/[^\s]\n$/)
  expect(text).not.toMatch(/ \n|\n\n\n|\u2014/)
})

test('the overview has every command once, under a heading', () => {
  const named = [...(texts['']?.split('Usage:')[1] ?? '').matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name)
  expect(named.sort()).toEqual([...COMMAND_NAMES].sort())
  expect(texts['']).toMatch(/^Start:\n {2}create /m)
})

describe.each(commands.map((command) => [command.name, command] as const))('%s', (name, command) => {
  const text = texts[name] ?? ''
  const flags = flagsOf(command)

  test('what, how, at least two examples, exit codes, where to read on; in this order', () => {
    expect(text.match(/^(Usage|Examples|Exit codes|See also): ?/gm)?.map((word) => word.trim())).toEqual(['Usage:', 'Examples:', 'Exit codes:', 'See also:'])
    expect(command.examples.length).toBeGreaterThan(1)
    expect((text.split('Usage:')[0] ?? '').trim().split('\n\n')).toHaveLength(2)
  })

  test('each flag once, no other flag, and none under a heading that nobody has', () => {
    const shown = [...text.matchAll(/^ {2}(?:-[A-Za-z], )?--([a-z][a-z0-9-]*)/gm)].map(([, flag]) => flag)
    expect(shown.sort()).toEqual(Object.keys(flags).sort())
    const grouped = Object.values(PAGES[name]?.groups ?? {}).flat()
    expect(grouped.filter((flag) => !Object.hasOwn(flags, flag))).toEqual([])
    expect(new Set(grouped).size).toBe(grouped.length)
    const known = Object.entries(flags).flatMap(([flag, { negatable }]) => [`--${flag}`, ...(negatable ? [`--no-${flag}`] : [])])
    const elsewhere = /npx -p|docker compose/
    const lines = text.split('\n').filter((line) => !elsewhere.test(line)).join(' ')
    expect([...lines.matchAll(/(?<![\w-])--[a-z][a-z0-9-]*/g)].map(([flag]) => flag).filter((flag) => !known.includes(flag))).toEqual([])
  })

  test('every example is one of this command, and is taken', () => {
    for (const example of command.examples) {
      const [, words = ''] = /^(?:npm create ollama-stack|npx create-ollama-stack@latest|ollama-stack (?!create))(.*)$/.exec(example) ?? []
      const argv = words.trim().split(' ').filter(Boolean)
      const own = name === 'create' ? argv : argv.slice(name.split(' ').length)
      if (name !== 'create') expect(argv.slice(0, name.split(' ').length).join(' ')).toBe(name)
      expect(() => parseArgs(own, { name, flags, positionals: command.positionals ?? [] })).not.toThrow()
    }
  })

  test('what it points to is there', () => {
    const see = PAGES[name]?.see ?? []
    expect(see.length).toBeGreaterThan(0)
    expect(see.filter((other) => !Object.hasOwn(texts, other) || other === name)).toEqual([])
  })
})
