// What runs, read from the engine and the directory.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launcher } from './callable.ts'
import { readCert } from './certs.ts'
import { desired } from './compose.ts'
import type { Engine } from './engine.ts'
import { listPeople } from './people.ts'
import type { Project } from './project.ts'
import type { Ui } from './ui.ts'

export interface Status {
  name: string
  dir: string
  auth: string
  url: string
  running: boolean
  /** compose.yaml was changed since; `up` applies it. */
  edited: boolean
  services: { name: string; state: string; health: string; image: string }[]
  /** Models in memory now, as `ollama ps` tells. */
  models: { name: string; size: string; processor: string }[]
  users: number
  /** ISO 8601. */
  cert: { notAfter: string } | null
}

export async function statusOf(project: Project, engine: Engine, signal: AbortSignal): Promise<Status> {
  const { containers } = await engine.observe(project.name, [], signal)
  const services = Object.keys(project.file.services).map((name) => {
    const container = containers.find((one) => one.service === name)
    return {
      name,
      state: container?.state ?? 'absent',
      health: container?.health ?? 'none',
      image: container?.image ?? project.file.services[name]?.image ?? '',
    }
  })
  const ollama = containers.find((one) => one.service === 'ollama' && one.state === 'running')
  const certificate = join(project.dir, 'certs', 'server', 'server.crt')
  return {
    name: project.name,
    dir: project.dir,
    auth: project.stack.id,
    url: project.url,
    running: services.every(({ state }) => state === 'running'),
    edited: desired(project.file, project.dir).services.some(({ service, hash }) => containers.some((one) => one.service === service && one.hash !== hash)),
    services,
    models: ollama ? await loaded(engine, ollama.id, signal) : [],
    users: listPeople(project).length,
    cert: project.tls !== 'off' && existsSync(certificate)
      ? { notAfter: readCert(readFileSync(certificate, 'utf8')).notAfter.toISOString() }
      : null,
  }
}

async function loaded(engine: Engine, container: string, signal: AbortSignal): Promise<Status['models']> {
  const { code, stdout } = await engine.exec(container, ['ollama', 'ps'], { signal })
  if (code !== 0) return []
  // NAME  ID  SIZE  PROCESSOR  ... in columns at least two spaces apart.
  return stdout.trim().split('\n').slice(1).map((line) => {
    const [name = '', , size = '', processor = ''] = line.split(/\s{2,}/)
    return { name, size, processor }
  })
}

export function printStatus(status: Status, ui: Ui): void {
  const width = Math.max(...status.services.map(({ name }) => name.length))
  for (const { name, state, health, image } of status.services) {
    ui.data(`${name.padEnd(width)}  ${state}${health === 'none' ? '' : `, ${health}`}  (${image})`)
  }
  ui.data(`URL     ${status.url}`)
  ui.data(`Login   ${status.auth}, ${status.users} ${status.users === 1 ? 'person' : 'people'}`)
  if (status.models.length > 0) ui.data(`Loaded  ${status.models.map(({ name, size, processor }) => `${name} (${size}, ${processor})`).join(', ')}`)
  if (status.cert) ui.data(`TLS     certificate valid until ${status.cert.notAfter.slice(0, 10)}`)
  if (status.running && status.edited) ui.data(`compose.yaml was edited since this was started. Apply it: ${launcher(status.dir)} up`)
  if (!status.running) ui.data(`Start it: ${launcher(status.dir)} up`)
}
