// What compose.yaml asks of the engine, what is there, and what is to be done about it.

import type { Dependency, Network, Volume } from './types.ts'

/** Body of the Engine's endpoint settings, for one network of one container. */
export interface Endpoint {
  Aliases: string[]
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string }
}

export interface DesiredService {
  service: string
  /** Container name, `<project>-<service>-1`. */
  container: string
  image: string
  hash: string
  dependsOn: ({ service: string } & Dependency)[]
  /** Body of the Engine's container create call, without networks and the image ID label. */
  create: Record<string, unknown> & { Labels: Record<string, string>; HostConfig: Record<string, unknown> }
  /** Engine network name -> settings; the first is the primary one. */
  endpoints: [name: string, endpoint: Endpoint][]
  /** Engine names of the volumes that it mounts. */
  volumes: string[]
  /** Published addresses, for messages about taken ports. */
  ports: { bind: string; port: number; protocol: string }[]
}

export interface DesiredNetwork {
  key: string
  name: string
  spec: Network
  labels: Record<string, string>
}

export interface DesiredVolume {
  key: string
  name: string
  spec: Volume
  labels: Record<string, string>
}

/** What compose.yaml asks the engine for. */
export interface Desired {
  project: string
  /** Absolute. */
  dir: string
  /** Absolute path of the compose file. */
  file: string
  /** In dependency order. */
  services: DesiredService[]
  networks: DesiredNetwork[]
  volumes: DesiredVolume[]
  /** Image references, each once. */
  images: string[]
}

export type Health = 'healthy' | 'unhealthy' | 'starting' | 'none'

export interface ObservedContainer {
  id: string
  name: string
  service: string
  /** Config hash that it was made with; empty without one. */
  hash: string
  /** Project directory that it was made from, as its maker recorded it; empty without one. */
  dir: string
  /** Image reference that it was made from. */
  image: string
  /** Image ID that its maker recorded. */
  imageId: string
  /** The Engine's word: created, running, paused, restarting, removing, exited, dead. */
  state: string
  health: Health
  /** ISO 8601: since when it runs, or when it ended; null: it never ran. */
  since: string | null
  /** How often the engine started it again by itself. */
  restarts: number
  /** The kernel ended a process of it because its memory was used up. */
  outOfMemory: boolean
  ports: { bind: string; port: number; target: number; protocol: string }[]
  /** Engine network IDs that it is attached to. */
  networks: string[]
  /** Its IPv4 addresses on them, while it runs. */
  addresses: string[]
  /** Engine names of the volumes that it mounts. */
  volumes: string[]
  /** Names of services that it was said to depend on: who is stopped first. */
  dependsOn: string[]
}

export interface ObservedNetwork {
  id: string
  name: string
  /** Project label; empty when somebody else made it. */
  project: string
  key: string
  driver: string
  internal: boolean
  options: Record<string, string>
  subnets: string[]
}

export interface ObservedVolume {
  name: string
  /** Project label; empty when somebody else made it. */
  project: string
  key: string
}

/** What the engine has of one project. */
export interface Observed {
  project: string
  containers: ObservedContainer[]
  /** Those that carry the project's label, and those that only have a name like the project's. */
  networks: ObservedNetwork[]
  volumes: ObservedVolume[]
  /** Image reference -> image ID on this engine, null when it isn't there. */
  images: Record<string, string | null>
}

/** One thing to do, with its cause. `spec` is what the engine needs to do it. */
export type Step =
  | { do: 'pull'; image: string; why: string }
  | { do: 'create-network' | 'recreate-network'; name: string; why: string; spec: DesiredNetwork }
  | { do: 'create-volume'; name: string; why: string; spec: DesiredVolume }
  | { do: 'create'; name: string; why: string; spec: DesiredService }
  | { do: 'recreate'; name: string; why: string; id: string; spec: DesiredService }
  | { do: 'start'; name: string; why: string; id: string; spec: DesiredService }
  | { do: 'remove'; name: string; why: string; id: string }
