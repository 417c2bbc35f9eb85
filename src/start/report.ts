// What `create` ends with: the document for scripts, and the last words for people.

import type { Credential } from '../../stacks/stack.ts'
import type { CheckResult } from '../checks.ts'
import { callable, launcher } from '../cli/callable.ts'
import { curlCommand } from './curl.ts'
import { credentialLines, userDocument } from '../people/credential-report.ts'
import { StackError } from '../errors.ts'
import type { Project } from '../project/project.ts'
import type { Ui } from '../ui/ui.ts'

/** What `create` reached so far. */
export interface Done {
  project: Project
  credentials: Credential[]
  started: boolean
  model: string | null
  checks: CheckResult[]
}

export function documentOf({ project, credentials, started, model, checks }: Done): object {
  const { dir, name, stack, url, tls, ca } = project
  return {
    project: { dir, name, auth: stack.id, url, tls, ca },
    users: credentials.map((credential) => userDocument(project, credential)),
    started,
    model,
    checks,
  }
}

export function reportCreated(done: Done, ui: Ui): void {
  const tool = launcher(done.project.dir)
  reportMade(done, ui, done.started ? 'Try it:' : `Start it, then try it:\n  ${tool} up`)
  ui.data('')
  ui.data(`See it:        ${tool} status`)
  ui.data(`Take it down:  ${tool} down`)
}

/** What nobody could read again; how to go on is what the error says. */
export function reportInterrupted(done: Done, ui: Ui): void {
  reportMade(done, ui, done.started ? 'Try it:' : 'Once it runs:')
}

function reportMade({ project, credentials }: Done, ui: Ui, then: string): void {
  const [first] = credentials
  ui.data('')
  ui.data(`URL       ${project.url}`)
  if (project.ca !== null) ui.data(`CA        ${project.ca}  (clients need it to trust the certificate)`)
  for (const line of credentialLines(project, credentials)) ui.data(line)
  if (first) {
    ui.data('')
    ui.data(then)
    ui.data(`  ${curlCommand(project, first)}`)
  }
}

/** What was made goes along with the error, so that no secret is lost. */
export function failedAfterWriting(error: unknown, done: Done, signal: AbortSignal): StackError {
  const { dir } = done.project
  const known = error instanceof StackError ? error : null
  if (known?.exit === 130 || (!known && signal.aborted)) return cancelledAfterWriting(known, done)
  const tool = launcher(dir)
  const way = done.started ? `The stack runs. Test it: ${tool} test` : `The project is in ${dir}. Go on: ${tool} up`
  return new StackError(known?.code ?? 'E_UNEXPECTED', known?.message ?? (error instanceof Error ? error.message : String(error)), {
    hint: known === null || known.hint === '' ? way : `${callable(known.hint, dir)}\n${way}`,
    cause: error,
    document: documentOf(done),
  })
}

function cancelledAfterWriting(cause: StackError | null, done: Done): StackError {
  const { dir, model } = done.project
  const tool = launcher(dir)
  const left = (cause?.message ?? '').replace(/^Cancelled\.\s*/, '')
  const next = !done.started ? 'up' : model !== null && done.model === null ? `pull ${model}` : 'test'
  return new StackError('E_CANCELLED', `Cancelled. The project is in ${dir}${done.started ? ', and the stack runs' : ''}. ${left}`.trim(), {
    hint: `Go on: ${tool} ${next}\nOr take it down: ${tool} down`,
    cause,
    exit: 130,
    document: documentOf(done),
  })
}

/** The second Ctrl-C ends the process with everything as it is: only what nobody could read again is said first. */
export function cutShort(done: Done, json: boolean, ui: Ui): void {
  const { code, message, hint } = cancelledAfterWriting(null, done)
  const rest = `${message} What was started may still be on the engine.`
  if (json) return ui.data(JSON.stringify({ ...documentOf(done), error: { code, message: rest, hint } }))
  reportInterrupted(done, ui)
  ui.line(`${rest}\n${hint.replace(/^/gm, '  ')}`)
}
