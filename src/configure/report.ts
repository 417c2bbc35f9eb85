// What `configure` says: the change before it is made, why it can't be, and what became of it.

import { join } from 'node:path'
import { launcher } from '../cli/callable.ts'
import { credentialLines } from '../people/credential-report.ts'
import { curlCommand } from '../start/curl.ts'
import { UsageError } from '../errors.ts'
import { conflictDocument, touching } from './merge-paths.ts'
import type { Reconfigured } from './reconfigure.ts'
import { documentOf, type Done } from '../start/report.ts'
import type { Ui } from '../ui/ui.ts'

/** Besides the diff: what is only named, and what is kept. */
export function remarks({ project, hidden, kept, aside, credentials, left }: Reconfigured, before: { noun: string; title: string }): string[] {
  const { stack } = project
  return [
    ...(hidden.length === 0 ? [] : [`Changed too, and not shown: ${hidden.join(', ')}`]),
    ...(kept.length === 0 ? [] : [`Edited by hand, and left so: ${kept.join(', ')}`]),
    ...(stack.title === before.title ? [] : [
      `The login changes from ${before.title} to ${stack.title}. No ${before.noun} works any more from the moment this is written: names, roles and ends go along, and everybody gets a new ${stack.noun}, shown once: ${credentials.map(({ name }) => name).join(', ') || 'nobody'}.`,
      ...(left.length === 0 ? [] : [`Not taken along, since their time is over: ${left.join(', ')}`]),
    ]),
    ...(aside === null ? [] : [`What it replaces is put aside in ${aside}`]),
  ]
}

/** Part of the document, also of a refusal. */
export function changeDocument(plan: Reconfigured): object {
  const { project, kept, aside, left } = plan
  const at = (path: string): string => join(project.dir, path)
  const all = [...plan.changed.keys(), ...plan.hidden]
  const gone = (path: string): boolean => plan.change.get(path) === null
  return { changed: all.filter((path) => !gone(path)).map(at), removed: all.filter(gone).map(at), kept: kept.map(at), conflicts: conflictDocument(plan.conflicts, project), aside: aside === null ? null : at(aside), left }
}

/** Throws E_MERGE when there is a conflict. */
export function refuseClash(plan: Reconfigured, tool: string): void {
  const { conflicts } = plan
  if (conflicts.length === 0) return
  const { where, flags } = touching(conflicts, 'the change')
  const error = new UsageError('E_MERGE', `${conflicts.length === 1 ? 'An edit of yours and the change touch' : `${conflicts.length} edits of yours and the change touch`} each other, and nothing was written:\n${where}`,
    `Make the change there by hand and run it again. Or take the new file, and yours goes to FILE.orig: ${tool} configure ... ${flags}\nTo leave a file as you have it, without the change: --keep-mine FILE`)
  error.document = changeDocument(plan)
  throw error
}

export function configuredDocument(done: Done, plan: Reconfigured): object {
  return { ...documentOf(done), ...changeDocument(plan) }
}

export function reportConfigured({ project, credentials, started }: Done, { aside }: Reconfigured, ui: Ui): void {
  const [first] = credentials
  ui.data('')
  ui.data(`URL       ${project.url}`)
  if (project.ca !== null) ui.data(`CA        ${project.ca}  (clients need it to trust the certificate)`)
  for (const line of credentialLines(project, credentials)) ui.data(line)
  if (aside !== null) ui.data(`The old files are in ${join(project.dir, aside)}: nothing reads them. Delete them when nobody needs them.`)
  if (!started) ui.data(`Bring the stack in line: ${launcher(project.dir)} up`)
  else if (first) ui.data(`Try it:\n  ${curlCommand(project, first)}`)
}
