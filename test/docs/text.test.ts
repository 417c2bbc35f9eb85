// What the pages point to is there, and what they name exists.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CLASSES } from '../../src/attacks/matrix.ts'
import { clients } from '../../src/clients/index.ts'
import { COMMAND_NAMES } from '../../src/cli/command-names.ts'
import type { Command, Group } from '../../src/cli/command.ts'
import { flagsOf as known } from '../../src/cli/help.ts'
import { TABLES, withTable } from '../setup/tables.ts'
import { anchorsOf, commandsOf, flagsOf, linksOf, pages, root } from './pages.ts'
import { parse, runOf, taskOf } from './rules.ts'

const { scripts, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string>; repository?: { url: string } }

const benches = readdirSync(join(root, 'test/bench')).map((name) => readFileSync(join(root, 'test/bench', name), 'utf8')).join('\n')

describe.each(pages.map((page) => [page.name, page] as const))('%s', (name, page) => {
  test('every link leads somewhere', () => {
    const broken = linksOf(page).filter((link) => {
      if (/^https:\/\/[\w.-]+\.[a-z]+(?:\/\S*)?$/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? join(root, name) : join(root, dirname(name), path)
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  test('every flag exists', async () => {
    const commands = await Promise.all(COMMAND_NAMES.map(async (one) => ((await import(`../../src/commands/${one}.ts`)) as { command: Command | Group }).command))
    const flags = commands.flatMap((one) => ('commands' in one ? Object.values(one.commands) : [one])).flatMap((one) => Object.entries(known(one)))
    const spelled = new Set(flags.flatMap(([key, { short, negatable }]) => [`--${key}`, ...(short ? [`-${short}`] : []), ...(negatable ? [`--no-${key}`] : [])]))
    // Those of `npm run bench` stand in its files.
    expect(flagsOf(page).filter((flag) => !spelled.has(flag) && !benches.includes(`'${flag}'`))).toEqual([])
  })

  test('every command has a rule, and parses', async () => {
    const wrong = await Promise.all(commandsOf(page).map(async ({ at, line }) => {
      const task = taskOf(line)
      if (!task) return `${at}: no rule for: ${line}`
      if (task.kind === 'npm') {
        const [bench = ''] = task.args
        if (scripts[task.script] === undefined) return `${at}: package.json has no script ${task.script}`
        return task.script === 'bench' && !existsSync(join(root, 'test/bench', `${bench}.ts`)) ? `${at}: there is no test/bench/${bench}.ts` : []
      }
      if (task.kind === 'vitest') return task.args.filter((word) => word.includes('/') && !existsSync(join(root, word))).map((word) => `${at}: ${word} is gone`)
      if (task.kind !== 'ours' && task.kind !== 'create') return []
      try {
        await parse(task.kind === 'create' ? ['create', ...task.args] : task.args)
      } catch (error) {
        return `${at}: ${line}: ${String(error)}`
      }
      return task.kind === 'ours' && task.args[0] !== 'create' && runOf(task.args) === undefined ? `${at}: no rule for: ${line}` : []
    }))
    expect(wrong.flat()).toEqual([])
  })
})

test.each(TABLES)('the table of %s says what src/clients says (npm run tables)', (name) => {
  const { before, after } = withTable(name)
  expect(before).toBe(after)
})

test('the attacks that a page shows are the classes that there are', () => {
  const shown = pages.flatMap(({ text }) => [...text.matchAll(/^ok {2}(.+) \(\d+ requests, each answered as it must be\)$/gm)].map(([, title]) => title))
  expect(shown).toEqual(CLASSES.map(({ title }) => title))
})

test('counts in words are counts', () => {
  const said = pages.flatMap(({ text }) => [...text.matchAll(/(\d+) clients/g)].map(([, count]) => Number(count)))
  expect(new Set(said)).toEqual(new Set([clients.length]))
})

test('the README leads to every page, and is short enough to read', () => {
  const readme = pages.find(({ name }) => name === 'README.md') ?? expect.fail('no README')
  const linked = new Set(linksOf(readme).map((link) => link.split('#')[0]))
  expect(pages.map(({ name }) => name).filter((name) => name.startsWith('docs/') && !linked.has(name))).toEqual([])
  expect(readme.text.split('\n').length).toBeLessThan(300)
  // For who can't see them.
  const pictures = [...readme.text.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)]
  expect(pictures.length).toBe(3)
  for (const [, words = '', file = ''] of pictures) {
    expect(words.length).toBeGreaterThan(60)
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/<title[^>]*>[^<]+<\/title>\n<desc[^>]*>[^<]{60,}<\/desc>/)
  }
})

test('from a clone: two lines, of the repository that package.json names once it names one', () => {
  const [, block] = /^## From a clone\n\n```sh\n([^]*?)\n```/m.exec(pages.find(({ name }) => name === 'README.md')?.text ?? '') ?? []
  const url = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '') ?? 'URL_OF_THIS_REPOSITORY'
  expect(block).toBe(`git clone ${url} create-ollama-stack && cd create-ollama-stack\nnpm run demo`)
  expect(scripts['demo']).toBeDefined()
})

test('every file of the sources and tests that a page names is there', () => {
  const named = pages.flatMap(({ name, text }) => [...text.matchAll(/`((?:src|stacks|test)\/[\w./-]+)`/g)].map(([, path = '']) => [name, path] as const))
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(([, path]) => !existsSync(join(root, path))).map(([name, path]) => `${name}: ${relative('.', path)}`)).toEqual([])
})
