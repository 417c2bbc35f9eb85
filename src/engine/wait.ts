// Wait for containers to be healthy: the engine's events say when to look, a slow clock makes sure
// that a missed event costs seconds and not everything.

import { setTimeout as sleep } from 'node:timers/promises'
import { LABEL } from '../compose/desired.ts'
import { CancelError, StackError } from '../errors.ts'
import type { Client } from './client.ts'
import { explainEngine } from './explain.ts'
import { healthOf, orNull, projectContainers } from './observe.ts'
import { unhealthy } from './trouble.ts'

const POLL = 2_000
/** After this many restarts in a row a container isn't starting, it is failing. */
const CRASHES = 3
/** A container without a health check has to run for this long: one that fails at once is `running` too, for a moment. */
const STEADY = 1_000
/** The engine waits twice as long before each restart. That long means that it has given up hope already. */
const PATIENT = 3_000

/** Wait for services of a project. Throws E_UNHEALTHY; CancelError on abort. `timeoutMs` in milliseconds. */
export async function waitHealthy(docker: Client, project: string, services: string[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const containers = (await projectContainers(docker, project, signal))
    .filter((container) => services.includes(container.Labels[LABEL.service] ?? '') && container.Labels[LABEL.oneoff] !== 'True')
  const missing = services.find((service) => !containers.some((container) => container.Labels[LABEL.service] === service))
  if (missing) {
    throw new StackError('E_UNHEALTHY', `The service ${missing} has no container.`, { hint: 'Start it with: ollama-stack up' })
  }
  await waitContainers(docker, containers.map((container) => container.Id), timeoutMs, signal)
}

export async function waitContainers(docker: Client, ids: string[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const stop = new AbortController()
  const cancelled = aborted(signal, stop.signal)
  const bell = await ring(docker, ids, stop.signal)
  try {
    let waiting = ids
    const seen = new Map<string, Sighting>()
    const restarts = new Map<string, number>()
    for (;;) {
      if (signal?.aborted) throw new CancelError('The containers are left as they are.')
      const states = await Promise.all(waiting.map((id) => look(docker, id, seen, restarts)))
      waiting = waiting.filter((_, i) => states[i] !== 'ready')
      const [first] = waiting
      if (!first) return
      const left = deadline - Date.now()
      if (left <= 0) throw await unhealthy(docker, first, `is still not healthy after ${Math.round(timeoutMs / 1000)} s`)
      await Promise.race([bell.next(), pause(Math.min(states.includes('settling') ? STEADY : POLL, left), stop.signal), cancelled])
    }
  } catch (error) {
    throw explainEngine(error, 'wait for the containers')
  } finally {
    stop.abort()
  }
}

/** Resolves quietly when `stop` ends the wait. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined)
}

function aborted(signal: AbortSignal | undefined, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true, signal: stop }))
}

/** A bell that rings at each event of these containers; never, when the engine gives no events. */
async function ring(docker: Client, ids: string[], stop: AbortSignal): Promise<{ next: () => Promise<void> }> {
  let rung = false
  let wake = (): void => undefined
  const stream = await docker.getEvents({ filters: { type: ['container'], container: ids, event: ['health_status', 'die', 'start'] } as never, abortSignal: stop })
  stream.on('data', () => {
    rung = true
    wake()
  })
  // Ended by `stop`, or lost: the clock goes on, and the next look says if the engine is gone.
  stream.on('error', () => undefined)
  stop.addEventListener('abort', () => (stream as unknown as { destroy(): void }).destroy(), { once: true })
  const next = async (): Promise<void> => {
    // What happened since the last look counts.
    if (!rung) await new Promise<void>((resolve) => (wake = resolve))
    rung = false
  }
  return { next }
}

/** When a start or an end of a container was first seen, in milliseconds of our clock: the engine's may differ. */
interface Sighting {
  what: string
  at: number
}

async function look(docker: Client, id: string, seen: Map<string, Sighting>, restarts: Map<string, number>): Promise<'ready' | 'settling' | 'waiting'> {
  const details = await orNull(docker.getContainer(id).inspect())
  if (!details) throw new StackError('E_UNHEALTHY', 'A container was removed while it was starting.', { hint: 'Start it again: ollama-stack up' })
  const { Status: status, ExitCode: code } = details.State
  const health = healthOf(details)
  if (status === 'exited' || status === 'dead') throw await unhealthy(docker, id, `ended with exit code ${code}`)
  // It may have been restarted before, over months: what counts is what happens while we look.
  const first = restarts.get(id) ?? details.RestartCount
  restarts.set(id, first)
  if (health !== 'healthy' && details.RestartCount - first >= CRASHES) throw await unhealthy(docker, id, `keeps ending (exit code ${code}, ${details.RestartCount - first} restarts)`)
  if (status === 'running' && health === 'unhealthy') throw await unhealthy(docker, id, 'runs, but its health check fails')
  if (status === 'restarting' && Date.now() - sighted(seen, id, `ended ${details.State.FinishedAt}`) >= PATIENT) throw await unhealthy(docker, id, `keeps ending (exit code ${code}, ${details.RestartCount} restarts)`)
  if (status !== 'running' || health === 'starting') return 'waiting'
  if (health === 'healthy') return 'ready'
  return Date.now() - sighted(seen, id, details.State.StartedAt) >= STEADY ? 'ready' : 'settling'
}

/** When this was first seen of the container; now, if it is new. */
function sighted(seen: Map<string, Sighting>, id: string, what: string): number {
  const before = seen.get(id)
  if (before?.what === what) return before.at
  const at = Date.now()
  seen.set(id, { what, at })
  return at
}
