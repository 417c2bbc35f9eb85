// What only `doctor` asks of an engine: about its machine, and about a project's containers and images.

import { LABEL } from '../compose/desired.ts'
import { introduce, type Client, type ContainerDetails, type Introduction } from './client.ts'
import { orNull, projectContainers } from './observe.ts'

/** The engine's machine, which may be another one than this, or a virtual one. */
export interface EngineMachine {
  name: string
  /** `Docker Desktop`, `Debian GNU/Linux 12 (bookworm)`. */
  system: string
  /** Where it keeps images and volumes, there. */
  dataDir: string
  /** Bytes. */
  memory: number
  runtimes: string[]
  /** Devices of the Container Device Interface, such as `nvidia.com/gpu=all`. Engines before 28.2 don't tell. */
  devices: string[]
  /** Whether it can hand in such devices. */
  cdi: boolean
  /** Its clock, less this machine's, in milliseconds; null: it doesn't tell. */
  ahead: number | null
}

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

/** `now`: this machine's time when the engine said its own, in milliseconds. */
export function machineOf(info: Introduction['info'], now: number): EngineMachine {
  const clock = Date.parse(info.SystemTime ?? '')
  const devices = (info.DiscoveredDevices ?? []).filter(({ Source }) => Source === 'cdi').map(({ ID }) => ID)
  return {
    name: info.Name ?? '',
    system: info.OperatingSystem ?? '',
    dataDir: info.DockerRootDir ?? '',
    memory: info.MemTotal ?? 0,
    runtimes: Object.keys(info.Runtimes ?? {}),
    devices,
    cdi: (info.CDISpecDirs ?? []).length > 0,
    ahead: Number.isNaN(clock) ? null : clock - now,
  }
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
