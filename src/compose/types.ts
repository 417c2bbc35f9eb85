// What compose.yaml says, normalised. What follows from it is in state.ts.

/** Numbers of bytes travel as decimal strings: that is how Compose writes (and hashes) them. */
export type Bytes = string

/** Durations in Go's notation (`1m30s`): that is how Compose writes (and hashes) them. */
export type GoDuration = string

export interface Port {
  name?: string
  mode: string
  host_ip?: string
  target: number
  published?: string
  protocol: string
  app_protocol?: string
}

export interface Mount {
  type: 'bind' | 'volume' | 'tmpfs'
  source?: string
  target: string
  read_only?: boolean
  bind?: { selinux?: string; propagation?: string; create_host_path?: boolean }
  volume?: { nocopy?: boolean; subpath?: string }
  tmpfs?: { size?: Bytes; mode?: number }
}

export interface Healthcheck {
  test?: string[]
  timeout?: GoDuration
  interval?: GoDuration
  retries?: number
  start_period?: GoDuration
  start_interval?: GoDuration
  disable?: boolean
}

/** A GPU or another device that the engine's runtime hands in. `count` -1 means all. */
export interface DeviceRequest {
  capabilities?: string[]
  driver?: string
  count?: number
  device_ids?: string[]
  options?: Record<string, string>
}

export interface Attachment {
  aliases?: string[]
  ipv4_address?: string
  ipv6_address?: string
  priority?: number
}

export interface Dependency {
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
  restart: boolean
  required: boolean
}

/**
 * One service as Compose normalises it. The order of the keys is that of Compose's own
 * data model, because the config hash is taken over the JSON text (see hash.ts).
 */
export interface Service {
  cap_add?: string[]
  cap_drop?: string[]
  cpus?: number
  cpuset?: string
  command: string[] | null
  deploy?: { resources: { reservations?: { devices?: DeviceRequest[] } }; placement: object }
  devices?: { source: string; target: string; permissions: string }[]
  dns?: string[]
  entrypoint: string[] | null
  environment?: Record<string, string>
  expose?: string[]
  extra_hosts?: string[]
  group_add?: string[]
  gpus?: DeviceRequest[]
  hostname?: string
  healthcheck?: Healthcheck
  image: string
  init?: boolean
  ipc?: string
  labels?: Record<string, string>
  logging?: { driver?: string; options?: Record<string, string> }
  mem_limit?: Bytes
  mem_reservation?: Bytes
  memswap_limit?: Bytes
  /** `host`: no network of its own, so no ports and no addresses either. */
  network_mode?: 'host'
  networks?: Record<string, Attachment | null>
  pids_limit?: number
  ports?: Port[]
  read_only?: boolean
  restart?: string
  runtime?: string
  security_opt?: string[]
  shm_size?: Bytes
  stop_grace_period?: GoDuration
  stop_signal?: string
  sysctls?: Record<string, string>
  tmpfs?: string[]
  ulimits?: Record<string, number | { soft?: number; hard?: number }>
  user?: string
  volumes?: Mount[]
  working_dir?: string
}

export interface Network {
  driver?: string
  driver_opts?: Record<string, string>
  ipam?: { driver?: string; config?: { subnet?: string; gateway?: string; ip_range?: string }[] }
  internal?: boolean
  attachable?: boolean
  enable_ipv6?: boolean
  labels?: Record<string, string>
}

export interface Volume {
  driver?: string
  driver_opts?: Record<string, string>
  labels?: Record<string, string>
}

/** A checked compose.yaml. Paths are still as written; `desired` makes them absolute. */
export interface ComposeFile {
  path: string
  /** The Compose project name. */
  name: string
  services: Record<string, Service>
  dependsOn: Record<string, Record<string, Dependency>>
  networks: Record<string, Network>
  volumes: Record<string, Volume>
  /** The top-level `x-ollama-stack` block as plain data, undefined without one. */
  tool: unknown
}

export type * from './state.ts'
