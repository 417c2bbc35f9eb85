// Start what was written, and try it: the end of `create`, and of `configure`.

import { allOk, checkAllowlist, runChecks } from './checks.ts'
import type { Context } from './command.ts'
import type { Engine } from './engine.ts'
import { StackError } from './errors.ts'
import { pullModel } from './pull.ts'
import type { Done } from './report.ts'
import { bringUp } from './up.ts'

/** `model`: to be pulled, or null. `settle`: what is to be done once it is up. Notes in `done` how far it came. Throws E_CHECK_FAILED. */
export async function startAndTest(done: Done, model: string | null, engine: Engine, { json, ui, signal }: Context, now: Date, settle: () => Promise<void> = async () => {}): Promise<void> {
  const { project } = done
  await bringUp(project, engine, ui, signal)
  done.started = true
  await settle()
  await checkAllowlist(project, engine, signal)
  if (model !== null) {
    await pullModel(project, model, ui, now, signal)
    done.model = model
  }
  ui.line('Trying the door, as a client and as a stranger would:')
  // One by one, so that an interrupted run still has those that were done.
  done.checks = []
  await runChecks(project, { engine, now, signal, onResult: (result) => {
    done.checks.push(result)
    if (!json) ui.check(result)
  } })
  if (allOk(done.checks)) return
  const wrong = done.checks.filter((check) => check.ok === false)
  throw new StackError('E_CHECK_FAILED', `The stack runs, but ${wrong.length} of ${done.checks.length} checks failed: ${wrong.map(({ title }) => title).join('; ')}.`, {
    hint: "Don't rely on it yet. Take it down: ollama-stack down",
  })
}
