// A changed configuration comes into the hands of proxies that go on running: they read it anew, and no
// answer is cut.

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RELOAD } from '../../stacks/acme/acme.ts'
import type { Change } from '../../stacks/stack.ts'
import type { Engine } from '../engine.ts'
import type { Project } from '../project/project.ts'
import { STATE } from '../project/state.ts'

/** Lies there while that service has yet to read what was written for it. */
const pending = (service: string): string => `${STATE}/reload-${service}`

/** Called as the folders that they have mounted; `front` has one file, which never changes. */
const SERVICES = ['proxy', 'tls']

/** Until then a worker of before may still take a connection. */
const TAKEN_MS = 1000

/** To be written along with the change of these project paths. */
export function pendingReload(paths: readonly string[]): Change {
  const services = SERVICES.filter((service) => paths.some((path) => path.startsWith(`${service}/`)))
  return new Map(services.map((service) => [pending(service), { content: '', mode: 0o600 }]))
}

/** For whoever holds the project's lock. Returns the services that were told. */
export async function takeConfig(project: Project, engine: Engine, signal: AbortSignal): Promise<string[]> {
  const waiting = SERVICES.filter((service) => existsSync(join(project.dir, pending(service))))
  if (waiting.length === 0) return []
  const { containers } = await engine.observe(project.name, [], signal)
  const told = containers.filter(({ service, state }) => waiting.includes(service) && state === 'running')
  for (const { id, service } of told) await engine.signal(id, service === 'proxy' ? project.stack.reload : RELOAD)
  for (const service of waiting) rmSync(join(project.dir, pending(service)), { force: true })
  if (told.length > 0) await sleep(TAKEN_MS, undefined, { signal })
  return told.map(({ service }) => service)
}
