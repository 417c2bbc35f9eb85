// Start what was written, and try it: the end of `create`, of `configure` and of `upgrade`.

import { allOk, checkAllowlist, runChecks, type CheckResult } from '../checks.ts'
import type { Context } from '../cli/command.ts'
import type { Engine } from '../engine.ts'
import { StackError } from '../errors.ts'
import type { Project } from '../project/project.ts'
import { pullModel } from '../running/pull.ts'
import type { Done } from './report.ts'
import { bringUp } from '../running/up.ts'

/** `model`: to be pulled, or null. Notes in `done` how far it came. Throws E_CHECK_FAILED. */
export async function startAndTest(done: Done, model: string | null, engine: Engine, context: Context, now: Date): Promise<void> {
  const { project } = done
  const { ui, signal } = context
  await bringUp(project, engine, ui, signal)
  done.started = true
  await checkAllowlist(project, engine, signal)
  if (model !== null) {
    await pullModel(project, model, ui, now, signal)
    done.model = model
  }
  done.checks = []
  await tryDoor(project, done.checks, engine, context, now)
  if (allOk(done.checks)) return
  const wrong = done.checks.filter((check) => check.ok === false)
  throw new StackError('E_CHECK_FAILED', `The stack runs, but ${wrong.length} of ${done.checks.length} checks failed: ${wrong.map(({ title }) => title).join('; ')}.`, {
    hint: "Don't rely on it yet. Take it down: ollama-stack down",
  })
}

/** The smoke tests. Each is shown, and noted in `checks`, as it comes: an interrupted run still has those that were done. */
export async function tryDoor(project: Project, checks: CheckResult[], engine: Engine, { json, ui, signal }: Context, now: Date): Promise<void> {
  ui.line('Trying the door, as a client and as a stranger would:')
  await runChecks(project, { engine, now, signal, onResult: (result) => {
    checks.push(result)
    if (!json) ui.check(result)
  } })
}
