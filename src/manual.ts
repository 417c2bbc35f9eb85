// The manual: every text of --help. The build renders it; a test compares what it wrote.

import type { Texts } from './texts.ts'
import type { Command, Group } from './cli/command.ts'
import type { CommandName } from './cli/command-names.ts'
import type { Page } from './cli/page.ts'
import { commandHelp, overview } from './cli/help.ts'
import { COMMANDS } from './run.ts'
import { CHANGES } from './manual/changes.ts'
import { CLIENTS } from './manual/clients.ts'
import { EVERY_DAY } from './manual/every-day.ts'
import { PEOPLE } from './manual/people.ts'
import { START } from './manual/start.ts'

/** By the command's full name, such as `user add`. */
export const PAGES: Readonly<Record<string, Page>> = { ...START, ...EVERY_DAY, ...PEOPLE, ...CLIENTS, ...CHANGES }

/** As somebody meets them. */
const ORDER: Readonly<Record<string, readonly CommandName[]>> = {
  'Start': ['create', 'restore'],
  'Every day': ['up', 'status', 'logs', 'pull', 'test', 'doctor'],
  'People': ['user'],
  'Clients': ['client', 'connect'],
  'Change': ['configure', 'upgrade'],
  'Keep and take away': ['backup', 'down'],
}

export async function helpTexts(): Promise<Texts> {
  const all = await Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => [name, (await load()).command] as const))
  const byName = Object.fromEntries(all) as Record<CommandName, Command | Group>
  const groups = Object.fromEntries(Object.entries(ORDER).map(([title, names]) => [title, names.map((name) => byName[name])]))
  return Object.fromEntries([
    ['', overview('ollama-stack', groups, 'Your own Ollama server, reachable and safe')],
    ...all.flatMap(([name, command]) => ('commands' in command
      ? [[name, overview(`ollama-stack ${name}`, { '': Object.values(command.commands) }, command.summary)], ...Object.values(command.commands).map(textOf)]
      : [textOf(command)])),
  ])
}

function textOf(command: Command): [string, string] {
  const page = PAGES[command.name]
  if (!page) throw new Error(`no page for ${command.name}`)
  return [command.name, commandHelp(command, page)]
}
