// An upgrade, and the way back when it doesn't work: pull, write, start, try. Until the last check has
// passed everything that was before is kept.

import { callable } from '../cli/callable.ts'
import { allOk, checkAllowlist, type CheckResult } from '../checks.ts'
import type { Context } from '../cli/command.ts'
import type { Engine } from '../engine.ts'
import { CancelError, StackError } from '../errors.ts'
import { applyWhole } from '../project/journal.ts'
import { loadProject, type Project } from '../project/project.ts'
import { seenNow } from '../configure/reconfigure.ts'
import { tryDoor } from '../start/start.ts'
import { STATE } from '../project/state.ts'
import { alone, bringUp } from '../running/up.ts'
import { replaceBundle, upgradeCall } from './bundle.ts'
import type { Upgrade } from './plan.ts'
import { before, forget, goBack, printOf, remember, type Before } from './way-back.ts'

export interface Outcome {
  project: Project
  /** It ran before, and runs now. */
  started: boolean
  checks: CheckResult[]
}

interface Attempt {
  upgrade: Upgrade
  was: Before
  engine: Engine
  context: Context
  /** Those that were done. */
  checks: CheckResult[]
}

/** Throws what went wrong, when everything is as before again; `document` of it says so. Throws E_UPGRADE_STUCK when it isn't. */
export async function carryOut(upgrade: Upgrade, engine: Engine, context: Context, now: Date): Promise<Outcome> {
  const { project, change, program } = upgrade
  const { dir } = project
  const was = before(project, [...change.keys()], upgrade.observed, now)
  const checks: CheckResult[] = []
  const attempt: Attempt = { upgrade, was, engine, context, checks }
  const lastWords = (): void => context.ui.line(`Cut short. What was begun is undone by the next:\n${callable(upgradeCall(dir), dir)}`)
  process.once('exit', lastWords)
  try {
    await remembered(upgrade, was, context)
    try {
      const next = await forward(attempt, now)
      if (program) replaceBundle(dir)
      forget(dir)
      return { project: next, started: was.running, checks }
    } catch (error) {
      throw await undone(attempt, error)
    }
  } finally {
    process.off('exit', lastWords)
  }
}

/** Throws E_CHANGED. */
async function remembered({ project, seen }: Upgrade, was: Before, { ui, signal }: Context): Promise<void> {
  await alone(project, ui, signal, async () => {
    if (seenNow(project.dir) !== seen) throw new StackError('E_CHANGED', 'Somebody changed the project while this was being decided. Nothing was written.', { hint: 'Run it again.' })
    remember(project.dir, was)
  })
}

async function forward({ upgrade: { project: { dir }, images, change }, was, engine, context, checks }: Attempt, now: Date): Promise<Project> {
  const { ui, signal } = context
  for (const image of new Set(images.filter(({ pull }) => pull).map(({ to }) => to))) {
    await ui.progress(`Pull ${image}`, (update) => engine.pull(image, ({ done, total, phase }) => update({ done, total, text: phase }), signal))
  }
  await alone({ dir }, ui, signal, async () => {
    remember(dir, { ...was, written: true, wrote: Object.fromEntries([...change].flatMap(([path, entry]) => (entry ? [[path, printOf(path, entry.content)]] : []))) })
    was.written = true
    applyWhole(dir, change, was.user)
  })
  const project = loadProject(dir)
  if (!was.running) return project
  await bringUp(project, engine, ui, signal, was.afresh)
  await checkAllowlist(project, engine, signal)
  await tryDoor(project, checks, engine, context, now)
  if (allOk(checks)) return project
  const wrong = checks.filter(({ ok }) => ok === false)
  throw new StackError('E_CHECK_FAILED', `${wrong.length} of ${checks.length} checks failed: ${wrong.map(({ title, detail }) => `${title} (${detail})`).join('; ')}.`)
}

async function undone({ upgrade: { project }, was, engine, context: { ui, signal }, checks }: Attempt, cause: unknown): Promise<unknown> {
  const document = { upgraded: false, wentBack: true, checks }
  ui.line(signal.aborted ? 'Cancelled: going back to how it was.' : "That didn't work: going back to how it was.")
  try {
    await goBack(project, was, engine, ui)
  } catch (error) {
    const why = (one: unknown): string => (one instanceof Error ? one.message : String(one))
    return new StackError('E_UPGRADE_STUCK', `The upgrade failed: ${why(cause)}\nAnd the way back did too: ${why(error)}`, {
      hint: `Put right what the second sentence names, then run this, which goes back first: ${upgradeCall(project.dir)}\nThe files as they were are in ${project.dir}/${STATE}/upgrade.json until then.`, cause, document: { ...document, wentBack: false },
    })
  }
  const whole = `Everything is as it was before: files, images${was.running ? ', and the containers run' : ''}.`
  if (signal.aborted) {
    const cancelled = new CancelError(whole)
    cancelled.document = document
    return cancelled
  }
  if (!(cause instanceof StackError)) return cause
  // What the failure itself hints at is for somebody who wants to go on with what failed.
  const hint = was.written ? `Nothing has to be done now. Does it pass without the upgrade? ollama-stack test   To try again: ${upgradeCall(project.dir)}` : cause.hint
  return new StackError(cause.code, `The upgrade didn't work: ${cause.message}\n${whole}`, { hint, cause, document })
}
