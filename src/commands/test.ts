import { allOk, runChecks } from '../checks.ts'
import { define } from '../command.ts'
import { connect } from '../engine.ts'
import { CancelError } from '../errors.ts'
import { findProject, loadProject } from '../project.ts'

export const command = define({
  name: 'test',
  summary: 'The smoke tests: does it let the right people in, and nobody else?',
  usage: 'ollama-stack test',
  examples: ['ollama-stack test', 'ollama-stack test --json'],
  flags: {},
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const project = loadProject(findProject(cwd, flags.dir))
    const engine = await connect({ env, signal })
    const checks = await runChecks(project, { engine, now: new Date(), signal, ...(json ? {} : { onResult: ui.check }) })
      .catch((error: unknown) => { throw signal.aborted ? new CancelError('The people made for the checks are removed again.') : error })
    const ok = allOk(checks)
    if (json) ui.data(JSON.stringify({ ok, checks }))
    return ok ? 0 : 1
  },
})
