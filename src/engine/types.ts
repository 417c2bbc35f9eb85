// What the rest of the code may ask of a Docker Engine.

import type { Desired, Observed, Step } from '../compose/types.ts'
import type { StackError } from '../errors.ts'
import type { ExaminedContainer } from './examine.ts'
import type { EngineMachine } from './machine.ts'

/** Progress of one image pull. Bytes are those of layers whose size is known so far. */
export interface PullProgress {
  image: string
  /** Bytes downloaded. */
  done: number
  /** Bytes to download; grows while the registry tells layer sizes. */
  total: number
  layers: number
  layersDone: number
  /** `downloading` until every byte is here, then `extracting`. */
  phase: 'waiting' | 'downloading' | 'extracting'
}

export interface LogLine {
  service: string
  stream: 'stdout' | 'stderr'
  /** Without the line end. */
  line: string
  /** When the engine took it (RFC 3339, to the nanosecond); empty unless asked for. */
  time: string
}

export interface ExecResult {
  code: number
  stdout: string
  stderr: string
}

export interface OneOff {
  /** Whose `down` removes it, should nobody else. */
  project: string
  /** One that is here. */
  image: string
  cmd: readonly string[]
  /** Names of networks that it is attached to. */
  networks: readonly string[]
  signal?: AbortSignal
}

export interface Hooks {
  /** Called before each step. */
  step?: (step: Step) => void
  pull?: (progress: PullProgress) => void
  /** Called when all is done but waiting for health. */
  waiting?: () => void
  /**
   * Milliseconds that every service of the plan gets to be healthy. With it, a container that is replaced
   * is kept until its successor is healthy, and comes back when that fails.
   */
  healthyWithin?: number
  /** Services that only have to run: their health is that of something outside. */
  healthNotOurs?: readonly string[]
}

export interface Applied {
  /** Names of containers that were created, recreated or started. */
  changed: string[]
}

export interface Removed {
  containers: string[]
  networks: string[]
  volumes: string[]
  /** Networks and volumes that somebody else's containers still use. */
  kept: string[]
}

export interface PortOwner {
  kind: 'container' | 'process'
  /** Container name, or the process's command name. */
  name: string
  /** Compose project of the container; empty otherwise. */
  project: string
  /** Process ID; 0 for a container. */
  pid: number
}

export interface LogOptions {
  follow?: boolean
  /** Unix seconds, or what `docker logs --since` takes as a timestamp. */
  since?: string | number
  /** Number of last lines; all without it. */
  tail?: number
  /** Each line with its time. */
  timestamps?: boolean
  signal?: AbortSignal
}

export interface EngineNetwork {
  id: string
  name: string
  /** Compose project label, empty without one. */
  project: string
  driver: string
  subnets: string[]
}

/** An engine that answered. Every error it throws is a StackError (see explain.ts). */
export interface Engine {
  /** Where it answers, and how it was found: `unix:///var/run/docker.sock`, `DOCKER_HOST`. */
  address: string
  source: string
  /** Engine version, such as `28.2.2`, and API version, such as `1.50`. */
  version: string
  apiVersion: string
  /** The engine's machine: `linux`, `windows`; its CPU architecture. */
  os: string
  arch: string
  /** Name of the engine's machine, as that machine itself has it. */
  hostname: string
  /** Names of container runtimes the engine knows (`runc`, `nvidia`). */
  runtimes: string[]
  /** Devices that it can hand over by CDI (`nvidia.com/gpu=all`); none before Engine 28.3. */
  cdi: string[]
  /** What its machine runs, such as `Debian GNU/Linux 12`; `Docker Desktop`. */
  operatingSystem: string
  /** Its clock less this machine's, in milliseconds, when it was found; null: it doesn't tell. */
  ahead: number | null
  /** Whether it publishes ports on this very machine. */
  local: boolean
  /** Whether the engine runs without root. */
  rootless: boolean
  /** A sentence about an engine that is too old to be safe, or null. Print it, the engine doesn't. */
  warning: string | null

  /** Containers, networks and volumes of a project; `images` says which references to look up. */
  observe(project: string, images?: string[], signal?: AbortSignal): Promise<Observed>
  imagePresent(image: string): Promise<boolean>
  /** Registry digest (`sha256:...`) of an image that is here, or null (locally built or imported). */
  imageDigest(image: string): Promise<string | null>
  /** What the registry has under that name now. Throws those of `pull`; E_REGISTRY_UNREACHABLE too when it says nothing for 10 s. */
  registryDigest(image: string, signal?: AbortSignal): Promise<string>
  /** Gives an image that is here (by its ID) this name too, and takes it from the one that had it. */
  tag(id: string, image: string): Promise<void>
  /** Throws E_IMAGE_NOT_FOUND, E_REGISTRY_UNREACHABLE, E_RATE_LIMIT, E_DISK_FULL, E_PULL_FAILED. */
  pull(image: string, onProgress?: (progress: PullProgress) => void, signal?: AbortSignal): Promise<string | null>
  /**
   * Carry out a plan. On failure or abort it takes back what this very run made and nothing else.
   * An orphan that the plan removes stays removed. Throws E_PORT_TAKEN, E_BIND_ADDRESS, E_SUBNET_TAKEN, E_NAME_TAKEN,
   * E_NETWORK_IN_USE, E_MOUNT_MISSING, E_GPU, E_UNHEALTHY, E_ENGINE, those of `pull`, and CancelError.
   */
  apply(steps: Step[], desired: Desired, hooks?: Hooks, signal?: AbortSignal): Promise<Applied>
  /** Wait until each service runs and, where it has a health check, is healthy. Throws E_UNHEALTHY. */
  waitHealthy(project: string, services: string[], timeoutMs: number, signal?: AbortSignal): Promise<void>
  /** What is wrong with a container, with its last log lines; null when nothing is. */
  trouble(container: string): Promise<StackError | null>
  /** What `down` with volumes would delete, with sizes in bytes (-1: the engine doesn't know). */
  volumeSizes(project: string): Promise<{ name: string; bytes: number }[]>
  down(project: string, options?: { volumes?: boolean; signal?: AbortSignal; onRemove?: (what: string) => void }): Promise<Removed>
  /** Run a command in a running container. A command that fails is a result, not an error. */
  exec(container: string, cmd: string[], options?: { stdin?: string | Uint8Array; user?: string; signal?: AbortSignal }): Promise<ExecResult>
  /** Run a command in a container of its own, removed afterwards whatever happens. */
  oneOff(options: OneOff): Promise<Omit<ExecResult, 'code'>>
  /** Sends a signal (`SIGHUP`) to the container's first process. */
  signal(container: string, name: string): Promise<void>
  logs(container: string, options?: LogOptions): AsyncIterable<LogLine>
  /** What happens to a project's containers (`start`, `die`, `health_status: healthy`), until the signal. Not what runs in them. */
  events(project: string, signal: AbortSignal): AsyncIterable<string>
  /** Who holds a TCP port of this machine, or null when nobody does or it can't be seen. */
  portOwner(bind: string, port: number): Promise<PortOwner | null>
  networks(): Promise<EngineNetwork[]>
  /** What the engine's machine is like. */
  machine(signal: AbortSignal): Promise<EngineMachine>
  /** A project's containers in more detail than `observe`: restarts, exit code, age of the image. */
  examine(project: string, signal: AbortSignal): Promise<ExaminedContainer[]>
}

export interface ConnectOptions {
  env?: Record<string, string | undefined>
  platform?: NodeJS.Platform
  home?: string
  uid?: number
  /** See `Surroundings`. */
  root?: string
  /** Milliseconds that each place gets to answer. */
  timeoutMs?: number
  signal?: AbortSignal
}
