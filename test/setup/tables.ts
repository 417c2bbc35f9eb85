// The tables of the docs that say what src/clients says. They stand between comments that name them:
// <!-- logins --> ... <!-- end of logins -->. `npm run tables` writes them anew; a test holds the docs to it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clients } from '../../src/clients/index.ts'
import type { Access, Client } from '../../src/clients/client.ts'

const root = join(import.meta.dirname, '..', '..')
/** In the order in which the docs name them. */
const LOGINS = ['bearer', 'basic', 'mtls'] as const

/** Where each table stands. */
const PLACES = { logins: 'README.md', clients: 'docs/clients.md' } as const

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`

/** Clients that get on with the same logins share a line. */
function logins(): string {
  const groups = new Map<string, string[]>()
  for (const client of clients) {
    const answer = LOGINS.map((login) => (client.logins[login] ? 'yes' : 'connect')).join(' | ')
    groups.set(answer, [...(groups.get(answer) ?? []), short(client)])
  }
  const lines = [...groups].toSorted(([a], [b]) => yeses(b) - yeses(a)).map(([answer, names]) => row(names.join(', '), answer))
  return [row('client', 'bearer', 'basic', 'mutual TLS'), '|---|---|---|---|', ...lines].join('\n')
}

const yeses = (answer: string): number => answer.split('yes').length - 1
/** What stands in brackets is for the long table. */
const short = ({ name }: Client): string => name.replace(/ \(.*\)$/, '')

function known(access: Access | null | undefined): string {
  if (!access) return 'connect'
  return access.ran ? `run (${access.ran.version})` : access.verified
}

function all(): string {
  const lines = clients.map((client) => row(`\`${client.id}\``, client.name, ...LOGINS.map((login) => known(client.logins[login])), client.trust?.verified ?? 'not known'))
  return [row('ID', 'client', 'bearer', 'basic', 'mutual TLS', 'a private CA'), '|---|---|---|---|---|---|', ...lines].join('\n')
}

/** The file with its table as the data says it now. Throws where the comments are missing. */
export function withTable(name: keyof typeof PLACES): { file: string; before: string; after: string } {
  const file = PLACES[name]
  const before = readFileSync(join(root, file), 'utf8')
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`]
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no place for the table ${name}`)
  return { file, before, after: `${before.slice(0, from + begin.length)}\n${name === 'logins' ? logins() : all()}\n${before.slice(to)}` }
}

export const TABLES = Object.keys(PLACES) as (keyof typeof PLACES)[]

export function main(): void {
  for (const name of TABLES) {
    const { file, after } = withTable(name)
    writeFileSync(join(root, file), after)
    console.error(`written  ${name} in ${file}`)
  }
}
