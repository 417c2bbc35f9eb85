// What an engine says of the machine that it runs on.

import type { Introduction } from './client.ts'

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
