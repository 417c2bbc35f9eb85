// What only `doctor` asks of an engine: about its machine, and about a project's containers and images.

import { LABEL } from '../compose/desired.ts'
import { introduce, type Client, type ContainerDetails } from './client.ts'
import { machineOf, type EngineMachine } from './machine.ts'
import { orNull, projectContainers } from './observe.ts'

export interface ExaminedContainer {
  id: string
  name: string
  service: string
  /** The project directory that it was made from; empty when it doesn't say. */
  dir: string
  state: string
  health: string
  startedAt: Date | null
  /** How often the engine started it again by itself. */
  restarts: number
  exitCode: number
  outOfMemory: boolean
  /** Image ID, and when that image was made. */
  imageId: string
  imageCreated: Date | null
  image: string
}

/** Throws what the engine throws. */
export async function examineMachine(docker: Client, signal: AbortSignal): Promise<EngineMachine> {
  const before = Date.now()
  const { info } = await introduce(docker, signal)
  return machineOf(info, (before + Date.now()) / 2)
}

export async function examineContainers(docker: Client, project: string, signal: AbortSignal): Promise<ExaminedContainer[]> {
  const abortSignal = signal
  const summaries = (await projectContainers(docker, project, signal)).filter(({ Labels }) => Labels[LABEL.oneoff] !== 'True')
  const found = await Promise.all(summaries.map(async ({ Id, Labels }) => {
    const details = await orNull(docker.getContainer(Id).inspect({ abortSignal }))
    if (!details) return []
    const image = await orNull(docker.getImage(details.Image).inspect())
    return [containerOf(details, Labels, image?.Created)]
  }))
  return found.flat()
}

function containerOf(details: ContainerDetails, labels: Record<string, string>, created: string | undefined): ExaminedContainer {
  const { State, RestartCount } = details
  return {
    id: details.Id,
    name: details.Name.replace(/^\//, ''),
    service: labels[LABEL.service] ?? '',
    dir: labels[LABEL.dir] ?? '',
    state: State.Status,
    health: State.Health?.Status ?? 'none',
    startedAt: date(State.StartedAt),
    restarts: RestartCount,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    image: details.Config.Image,
    imageId: details.Image,
    imageCreated: date(created ?? ''),
  }
}

/** Reproducible builds date their images 1970 or 1980, and a container that never ran says year 1: that is no date. */
function date(text: string): Date | null {
  const time = Date.parse(text)
  return Number.isNaN(time) || time < Date.UTC(2000, 0) ? null : new Date(time)
}
