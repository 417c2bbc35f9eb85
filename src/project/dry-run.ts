// What `create --dry-run` says: every file and every engine step. Touches nothing.

import { join } from 'node:path'
import type { FileMap } from '../../stacks/stack.ts'
import type { Context } from '../cli/command.ts'
import { desired, parseCompose, plan, printPlan, type Observed } from '../compose.ts'
import type { StaticConfig } from '../questions/config.ts'
import type { Answers } from '../questions/fields.ts'
import { urlOf } from './project.ts'
import { STATE } from './state.ts'

export function dryRun({ directory, people }: Answers, { auth, tls, hosts, bind, port }: StaticConfig, files: FileMap, { json, ui }: Context): 0 {
  const path = join(directory, 'compose.yaml')
  const want = desired(parseCompose(String(files.get('compose.yaml')?.content), path), directory)
  // As on an engine that has nothing of it: what a first start does.
  const nothing: Observed = { project: want.project, containers: [], networks: [], volumes: [], images: Object.fromEntries(want.images.map((image) => [image, null])) }
  const steps = printPlan(plan(want, nothing))
  const list = [...files].map(([path, { mode }]) => ({ path: join(directory, path), mode: mode.toString(8).padStart(4, '0') }))
  list.push({ path: join(directory, '.ollama-stack', '*'), mode: '0644' }, { path: join(directory, STATE, '*'), mode: '0600' })
  const url = urlOf({ tls, host: hosts[0] ?? bind, port })
  if (json) ui.data(JSON.stringify({ dryRun: true, url, files: list, steps }))
  else {
    ui.data(`Would write to ${directory}:`)
    for (const { path, mode } of list) ui.data(`  ${mode}  ${path}`)
    ui.data('Would do on an engine that has nothing of it yet:')
    // The reasons are about an engine that was looked at; this is none.
    for (const step of steps) ui.data(`  ${step.replace(/ \([^()]*\)$/, '')}`)
    ui.data(`It would answer at ${url}; login: ${auth}, for ${people.map(({ name, role }) => `${name} (${role})`).join(', ')}.`)
    ui.data('Nothing was written, nothing was started.')
  }
  return 0
}
