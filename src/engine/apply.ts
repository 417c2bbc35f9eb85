// Carry out a plan. What this run makes is noted in `undo`; a failure or Ctrl-C takes exactly that
// back, newest first, and leaves everything else as it was.
//
// A container that is replaced stays, stopped, until its successor runs (and is healthy, if asked for):
//   create new under a temporary name -> stop old -> start new -> [healthy] -> remove old, rename new

import { LABEL } from '../compose/desired.ts'
import type { DesiredService, Step } from '../compose/types.ts'
import { CancelError, StackError } from '../errors.ts'
import type { Client } from './client.ts'
import { explainEngine, statusOf } from './explain.ts'
import { applyNetworks, createVolume } from './network.ts'
import { imageId, orNull } from './observe.ts'
import { explainStart } from './ports.ts'
import { pull } from './pull.ts'
import { all, begin, remove, stop, type Run } from './run.ts'
import type { Applied } from './types.ts'
import { older } from './version.ts'
import { waitContainers } from './wait.ts'

/** How long a dependency may take, where `depends_on` waits for its health and the caller sets no limit. */
const DEPENDENCY_TIMEOUT = 300_000

type Of<K extends Step['do']> = Extract<Step, { do: K }>
type ServiceStep = Of<'create' | 'recreate' | 'start'>

export async function apply(given: Omit<Run, 'undo' | 'commit'>, steps: Step[]): Promise<Applied> {
  const run: Run = { ...given, undo: [], commit: [] }
  const { docker, hooks, signal } = given
  try {
    for (const step of steps) {
      if (step.do !== 'pull') continue
      begin(run, step)
      await pull(docker, step.image, hooks.pull, signal)
    }
    await all(steps.filter((step) => step.do === 'remove').map(async (step) => {
      begin(run, step)
      await stopAndRemove(docker, step.id)
    }))
    const services = steps.filter((step) => step.do === 'create' || step.do === 'recreate' || step.do === 'start')
    await applyNetworks(run, steps, services)
    for (const step of steps) {
      if (step.do !== 'create-volume') continue
      begin(run, step)
      await createVolume(run, step.spec)
    }
    await applyServices(run, services)
  } catch (error) {
    throw await takeBack(run, explainEngine(error, 'start the stack'))
  }
  // From here on the new containers are the ones that count: nothing is taken back any more.
  await all(run.commit.map((finish) => finish()))
  return { changed: steps.flatMap((step) => (step.do === 'create' || step.do === 'recreate' || step.do === 'start' ? [step.name] : [])) }
}

async function takeBack(run: Run, error: StackError): Promise<StackError> {
  const left: string[] = []
  let lost = false
  for (const { what, back } of run.undo.toReversed()) {
    try {
      if (!lost) await back()
      else left.push(what)
    } catch (problem) {
      if (statusOf(problem) === 404) continue
      const { code, message } = explainEngine(problem, 'take it back')
      lost = code === 'E_ENGINE_LOST'
      left.push(lost ? what : `${what} (${message})`)
    }
  }
  const rest = left.length > 0 ? `\nLeft on the engine: ${left.join(', ')}.` : ''
  if (error instanceof CancelError) return new CancelError(rest.trim() || 'What was started has been taken back from the engine.')
  if (!rest) return error
  return new StackError(error.code, error.message + rest, { hint: error.hint, cause: error.cause, exit: error.exit })
}

async function applyServices(run: Run, steps: ServiceStep[]): Promise<void> {
  const ids = new Map((await all(steps.map(async (step) => [step, step.do === 'start' ? step.id : await create(run, step)] as const))))
  const started = new Map<string, Promise<void>>()
  const idOf = new Map(steps.map((step) => [step.spec.service, ids.get(step) as string]))
  // The steps are in dependency order, so whatever a service waits for is in `started` already.
  for (const step of steps) {
    started.set(step.spec.service, (async () => {
      for (const other of step.spec.dependsOn) {
        await started.get(other.service)
        await dependency(run, other, idOf.get(other.service))
      }
      begin(run, step)
      await start(run, step, ids.get(step) as string)
    })())
  }
  await all([...started.values()])
  const waited = [...ids].filter(([step]) => !run.hooks.healthNotOurs?.includes(step.spec.service)).map(([, id]) => id)
  if (run.hooks.healthyWithin === undefined) return
  run.hooks.waiting?.()
  await waitContainers(run.docker, waited, run.hooks.healthyWithin, run.signal)
}

async function dependency(run: Run, { service, condition, required }: DesiredService['dependsOn'][number], started?: string): Promise<void> {
  if (condition === 'service_started') return
  const name = run.desired.services.find((other) => other.service === service)?.container
  const id = started ?? (name && (await orNull(run.docker.getContainer(name).inspect()))?.Id)
  if (!id) return
  try {
    if (condition === 'service_healthy') return await waitContainers(run.docker, [id], run.hooks.healthyWithin ?? DEPENDENCY_TIMEOUT, run.signal)
    const { StatusCode: code } = await run.docker.getContainer(id).wait(run.signal ? { abortSignal: run.signal } : {}) as { StatusCode: number }
    if (code !== 0) throw new StackError('E_UNHEALTHY', `The service ${service} ended with exit code ${code}.`, { hint: `See why: docker logs ${name}` })
  } catch (error) {
    if (required || error instanceof CancelError) throw error
  }
}

/** Make the container. No signal goes along: an aborted call could leave a container that nobody knows of. */
async function create(run: Run, step: Of<'create' | 'recreate'>): Promise<string> {
  if (run.signal?.aborted) throw new CancelError('')
  const { spec } = step
  const name = step.do === 'recreate' ? `${step.id.slice(0, 12)}_${spec.container}` : spec.container
  const image = await imageId(run.docker, spec.image)
  if (!image) throw new StackError('E_IMAGE_NOT_FOUND', `The image ${spec.image} is not on this engine.`, { hint: 'Run `ollama-stack up`, which pulls it.' })
  // Older engines take one network here; the others are connected before the start.
  const atOnce = older(run.apiVersion, '1.44') ? spec.endpoints.slice(0, 1) : spec.endpoints
  const env = (spec.create['Env'] ?? []) as string[]
  const proxies = Object.entries(run.environment).filter(([key]) => !env.some((entry) => entry.startsWith(`${key}=`)))
  const container = await run.docker.createContainer({
    ...spec.create,
    ...(proxies.length > 0 && { Env: [...proxies.map(([key, value]) => `${key}=${value}`), ...env] }),
    name,
    Labels: { ...spec.create.Labels, [LABEL.image]: image },
    HostConfig: { NetworkMode: spec.endpoints[0]?.[0] ?? 'none', ...spec.create.HostConfig },
    NetworkingConfig: { EndpointsConfig: Object.fromEntries(atOnce) },
  })
  run.undo.push({ what: `container ${name}`, back: () => container.remove({ force: true, v: true }) })
  for (const [network, EndpointConfig] of spec.endpoints.slice(atOnce.length)) {
    await run.docker.getNetwork(network).connect({ Container: container.id, EndpointConfig })
  }
  return container.id
}

async function start(run: Run, step: ServiceStep, id: string): Promise<void> {
  const container = run.docker.getContainer(id)
  if (step.do === 'recreate') await stepAside(run, step, id)
  if (step.do === 'start') {
    const { State: state } = await container.inspect()
    if (state.Paused) await container.unpause()
    else if (state.Running) await container.restart()
    if (state.Running) return
  }
  try {
    await container.start()
  } catch (error) {
    if (statusOf(error) !== 304) throw await explainStart(run, error, step.spec)
  }
}

/** Stop the old container, and say how it comes back or goes for good. */
async function stepAside(run: Run, step: Of<'recreate'>, successor: string): Promise<void> {
  const old = run.docker.getContainer(step.id)
  const details = await orNull(old.inspect())
  if (details?.State.Running) {
    // Its successor is removed before (undo runs backwards), but may not have let go of the port yet.
    const created = run.undo.findIndex(({ what }) => what.startsWith(`container ${step.id.slice(0, 12)}_`))
    run.undo.splice(Math.max(created, 0), 0, { what: `stopped container ${step.name}`, back: () => old.start() })
    await stop(run.docker, step.id)
  }
  run.commit.push(async () => {
    try {
      await remove(run.docker, step.id, false)
      await run.docker.getContainer(successor).rename({ name: step.spec.container })
    } catch (error) {
      throw explainEngine(error, `give ${step.spec.container} its name; the next \`ollama-stack up\` repairs that`)
    }
  })
}

async function stopAndRemove(docker: Client, id: string): Promise<void> {
  await stop(docker, id)
  await remove(docker, id, false)
}
