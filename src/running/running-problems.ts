// What is wrong with what runs: containers that fail, and what somebody did to them by hand.

import { clockProblem } from '../net/clock.ts'
import { desired, plan, type Observed, type Step } from '../compose.ts'
import { otherDirectory } from './other-directory.ts'
import type { Engine } from '../engine.ts'
import { problemOf, StackError, type Problem } from '../errors.ts'
import type { Project } from '../project/project.ts'

export async function runningProblems(project: Project, engine: Pick<Engine, 'trouble' | 'exec' | 'ahead'>, observed: Observed, signal: AbortSignal): Promise<Problem[]> {
  const found = await Promise.all(observed.containers.map(async ({ id, name, service, state, outOfMemory, restarts }) => {
    const error = await engine.trouble(id)
    if (error) return [problemOf(error)]
    // The engine notes it when a container ends: one that was started by hand since is another matter.
    const starved = (outOfMemory && restarts > 0) || (state === 'running' && service === 'ollama' && await lostProcess(engine, id, signal))
    return starved ? [memory(service, name)] : []
  }))
  const clock = clockProblem(engine, new Date())
  return [...(clock ? [problemOf(clock)] : []), ...foreign(project, observed), ...found.flat()]
}

/** The kernel's own count, in both versions of control groups: the engine tells only of a first process, and Ollama's models run in others. */
async function lostProcess(engine: Pick<Engine, 'exec'>, id: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await engine.exec(id, ['grep', '-hs', '^oom_kill ', '/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'], { signal })
  return /^oom_kill [1-9]/m.test(stdout)
}

/** What `up` would put right, other than edits of compose.yaml. */
function foreign(project: Project, observed: Observed): Problem[] {
  const { containers } = observed
  if (containers.length === 0) return []
  const elsewhere = otherDirectory(project, containers)
  if (elsewhere) return [elsewhere]
  try {
    return plan(desired(project.file, project.dir), observed).flatMap(drift)
  } catch (error) {
    if (error instanceof StackError) return [problemOf(error)]
    throw error
  }
}

function drift(step: Step): Problem[] {
  if (step.do === 'create-network') return [wrong(`The network ${step.name} is gone.`)]
  if (step.do === 'recreate-network') return [wrong(`The network ${step.name} isn't as compose.yaml says: ${step.why}.`)]
  if (step.do === 'recreate' && /^(?:not attached|volume |named )/.test(step.why)) return [wrong(`The container ${step.name} isn't as compose.yaml says: ${step.why}.`)]
  return []
}

const memory = (service: string, container: string): Problem => ({
  code: 'E_MEMORY',
  message: `The service ${service} used up its memory, and the kernel ended a process of it.`,
  hint: `Take a smaller model, or raise services.${service}.mem_limit in compose.yaml if it is there. Forgotten when it is started anew: docker restart ${container}`,
})
const wrong = (message: string): Problem => ({ code: 'E_DRIFT', message, hint: 'Put it right: ollama-stack up' })
