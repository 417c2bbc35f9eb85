// What somebody reads: the pages of this repository and those that a project is given. Their commands, links and flags.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

export interface Page {
  /** Within the repository; for a page that a program writes, what it is. */
  name: string
  text: string
}

export interface Command {
  /** Page and line. */
  at: string
  line: string
  /** What the page shows it to print; empty where it shows nothing. */
  sample: string[]
}

const names = (folder: string): string[] => readdirSync(join(root, folder)).sort()
/** stacks/common holds what projects are made of. */
const stackPages = names('stacks').filter((name) => name !== 'common').map((name) => `stacks/${name}/README.md`)
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...names('docs').filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`), ...stackPages]

export const pages: readonly Page[] = PAGES.filter((name) => existsSync(join(root, name))).map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))

/** A program that pages tell people to start, at the beginning of a line or of a `code` within a sentence. */
const STARTS = /^(?:[A-Z_]+=\S+ )*(?:\S*\/)?(?:ollama-stack [a-z-]|npx \S|npm (?:(?:create|run) \S|(?:test|ci|install)\b)|docker compose \S|curl \S|git clone|node test\/)/

/** Blocks marked `text`, or with the name of a language, hold no commands. */
const SHELL = ['', 'sh', 'console']

export function commandsOf({ name, text }: Page): Command[] {
  const found: Command[] = []
  let fence: string | undefined
  let shown: Command | undefined
  const lines = visible(text).split('\n')
  lines.forEach((line, index) => {
    const mark = /^\s*```(\w*)/.exec(line)
    if (mark) {
      fence = fence === undefined ? mark[1] : undefined
      shown = undefined
      return
    }
    const at = `${name}:${index + 1}`
    if (fence === undefined) {
      for (const [, code = ''] of line.matchAll(/`([^`]+)`/g)) if (STARTS.test(code)) found.push({ at, line: code.replaceAll('\\|', '|'), sample: [] })
      return
    }
    if (!SHELL.includes(fence)) return
    const asked = /^\$ (.+)/.exec(line)?.[1]
    const typed = fence === 'sh' || STARTS.test(line) ? line.replace(/ +#.*/, '').trim() : ''
    if (asked !== undefined) found.push(shown = { at, line: asked, sample: [] })
    else if (shown) shown.sample.push(line)
    else if (typed !== '' && !typed.startsWith('#')) found.push({ at, line: typed, sample: [] })
  })
  return found.flatMap((one) => one.line.split(' && ').map((line) => ({ ...one, line })))
}

/** Without comments, at the same lines. */
const visible = (text: string): string => text.replace(/<!--[^]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''))

export function linksOf({ text }: Page): string[] {
  const prose = visible(text).replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]+`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** As GitHub makes them of headings. */
export function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) => heading.replace(/[`*]/g, '').toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

/** Of `code` that begins with a flag; what follows `--` is for another program. */
export function flagsOf({ text }: Page): string[] {
  const code = [...visible(text).replace(/^```[^]*?^```/gm, '').matchAll(/`(--?\w[^`\n]*)`/g)].map(([, words = '']) => words)
  return code.flatMap((words) => words.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g) ?? [])
}

/** A command line -> its words: quotes as a shell takes them. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}
