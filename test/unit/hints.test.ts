// What the program tells people to type: the commands are there, and so are the flags behind them.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Command, Group } from '../../src/cli/command.ts'
import { COMMAND_NAMES } from '../../src/cli/command-names.ts'
import { flagsOf } from '../../src/cli/help.ts'

const root = join(import.meta.dirname, '../..')
const files = ['README.md', 'stacks/common/README.md', ...readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).map((path) => `src/${path}`)]

/** `ollama-stack WORD ...` to the end of its line, its quotes or its cell of a table. */
const LINE = /(?<![\w@-])ollama-stack (?=[a-z])([^'"`|#\n\\]+)/g
const lines = files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(LINE)].map(({ 1: words = '', index, input }) => ({
  file, words: words.split(/ {2,}|, |; | \(/)[0] ?? '',
  // Prose says `ollama-stack needs Node.js`; a command stands after a colon, or between backticks.
  typed: /(?:[:`]\s?|[./]|&& )$/.test(input.slice(0, index)),
})))

const command = async (name: string): Promise<Command | Group> => {
  const { command } = await import(`../../src/commands/${name}.ts`) as { command: Command | Group }
  return command
}
const flagNames = (one: Command): string[] => Object.entries(flagsOf(one)).flatMap(([key, { negatable }]) => [`--${key}`, ...(negatable ? [`--no-${key}`] : [])])

test('every command that is named is one', () => {
  const named = lines.filter(({ typed }) => typed)
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter(({ words }) => !COMMAND_NAMES.some((name) => name === /^[a-z]+/.exec(words)?.[0]))).toEqual([])
})

test('every flag behind one is its own', async () => {
  let seen = 0
  const wrong: string[] = []
  for (const { file, words } of lines) {
    const [first = '', second = ''] = words.split(/[^a-z]+/)
    if (!COMMAND_NAMES.some((name) => name === first)) continue
    const found = await command(first)
    const one = 'commands' in found ? found.commands[second] : found
    if (!one) wrong.push(`${file}: ${words}`)
    const known = one ? flagNames(one) : []
    for (const [flag] of words.matchAll(/(?<=\s)--[a-z][a-z0-9-]*/g)) {
      seen++
      if (!known.includes(flag)) wrong.push(`${file}: ${words} (${flag})`)
    }
  }
  expect(seen).toBeGreaterThan(50)
  expect(wrong).toEqual([])
})
