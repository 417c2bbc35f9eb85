// Guides and the list of clients, for people.

import { launcher } from '../cli/callable.ts'
import type { Project } from '../project/project.ts'
import { table } from '../ui/table.ts'
import type { Ui } from '../ui/ui.ts'
import type { Evidence } from './client.ts'
import type { Guide } from './guide.ts'
import type { Step } from './render.ts'

export interface Row {
  id: string
  name: string
  possible: boolean
  verified: Evidence | null
  /** null: nobody has found out. */
  trustsCa: boolean | null
}

const HOW: Record<Evidence, string> = {
  run: 'we ran it',
  source: 'its source was read',
  documentation: 'its documentation says so',
  derived: 'it follows from what its parts do',
}

export function printList(rows: readonly Row[], project: Project, ui: Ui): void {
  const cells = [['ID', 'CLIENT', 'THIS LOGIN', 'VERIFIED'], ...rows.map(({ id, name, possible, verified, trustsCa }) =>
    [id, name, possible ? 'yes' : 'use connect', verified === null ? '' : `${verified}${trustsCa === null ? ', but not the CA' : ''}`])]
  for (const line of table(cells)) ui.data(line)
  ui.data('')
  ui.data(`Login: ${project.stack.title}, at ${project.url}. What to paste where: ${launcher(project.dir)} client ID`)
  ui.data(`How it was verified: ${Object.entries(HOW).map(([word, meaning]) => `${word}: ${meaning}`).join('; ')}.`)
}

export function printGuide(guide: Guide, project: Project, ui: Ui, { writable }: { writable: boolean }): void {
  ui.data(`${guide.name}, as ${guide.user} at ${guide.url}`)
  if (guide.verified !== null) ui.data(`Verified: ${guide.verified} (${guide.verified === 'run' ? guide.evidence[0] : HOW[guide.verified]})`)
  else ui.data(`It can't log in by itself with this login, ${project.stack.title}. Put connect between:`)
  for (const step of guide.steps) printStep(step, ui)
  if (guide.workaround) {
    if (guide.possible) ui.data("\nIf that isn't enough, put connect between:")
    printStep({ where: "a shell of the client's machine", language: 'sh', text: guide.workaround.command }, ui)
    for (const step of guide.workaround.steps) printStep(step, ui)
  }
  ui.data('')
  for (const note of guide.notes) ui.data(`- ${note}`)
  for (const warning of guide.warnings) ui.data(`- Mind: ${warning}`)
  if (guide.files.length > 0) ui.data(`- On another machine it needs these files too: ${guide.files.map(({ path, what }) => `${path} (${what})`).join(', ')}. With --files DIR the settings say where they lie there.`)
  if (guide.workaround) ui.data("- Where this program isn't installed: npx --package create-ollama-stack ollama-stack connect ...")
  if (guide.possible && writable) ui.data(`- To have the file changed for you, after a look at the difference: ${launcher(project.dir)} client ${guide.id} --user ${guide.user} --write`)
}

/** The text stands at the margin, so that it can be marked and copied. */
function printStep({ where, text }: Step, ui: Ui): void {
  ui.data(`\nIn ${where}:\n\n${text}`)
}
