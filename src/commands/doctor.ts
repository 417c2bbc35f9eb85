import { callable } from '../cli/callable.ts'
import { define } from '../cli/command.ts'
import { examine, printFindings } from '../doctor.ts'
import { gather } from '../doctor/facts.ts'
import { connect } from '../engine.ts'
import { CancelError, StackError } from '../errors.ts'
import { findProject, loadProject } from '../project/project.ts'

/** An engine of this machine answers at once, one behind SSH needs its time. */
const ENGINE_MS = 5000

export const command = define({
  name: 'doctor',
  summary: 'What is wrong here, and how to mend it: machine, engine, project, network',
  usage: 'ollama-stack doctor',
  examples: ['ollama-stack doctor', 'ollama-stack doctor --json'],
  flags: {},
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const dir = projectDir(cwd, flags.dir)
    const [{ value: engine, error: engineError }, { value: project, error: projectError }] = await Promise.all([
      orError(async () => connect({ env, signal, ...(env['DOCKER_HOST']?.startsWith('ssh:') ? {} : { timeoutMs: ENGINE_MS }) })),
      orError(async () => (dir === undefined ? null : loadProject(dir))),
    ])
    const groups = await examine(gather({ env, signal, engine, engineError, project, projectError }))
      .catch((error: unknown) => { throw signal.aborted ? new CancelError('Nothing was changed.') : error })
    const findings = groups.flatMap((group) => group.findings)
    const ok = findings.every(({ level }) => level !== 'fail')
    if (json) ui.data(JSON.stringify({ ok, findings: findings.map(({ id, level, title, hint, evidence }) => ({ id, level, title, hint: callable(hint, dir), evidence })) }))
    else printFindings(groups, dir, ui)
    return ok ? 0 : 1
  },
})

/** Without one there is still the machine and the engine to look at, unless one was named. */
function projectDir(cwd: string, asked: string | undefined): string | undefined {
  try {
    return findProject(cwd, asked)
  } catch (error) {
    if (asked === undefined && error instanceof StackError && error.code === 'E_NO_PROJECT') return undefined
    throw error
  }
}

async function orError<T>(work: () => Promise<T>): Promise<{ value: T | null; error: StackError | null }> {
  try {
    return { value: await work(), error: null }
  } catch (error) {
    if (!(error instanceof StackError) || error.exit === 130) throw error
    return { value: null, error }
  }
}
