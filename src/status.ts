// What runs, read from the engine and the directory.

import { callable, launcher } from './callable.ts'
import { desired } from './compose.ts'
import type { Engine } from './engine.ts'
import { StackError } from './errors.ts'
import { credentialProblems } from './credential-problems.ts'
import { listPeople } from './people.ts'
import type { Project } from './project.ts'
import { runningProblems } from './running-problems.ts'
import { serverCert } from './server-cert.ts'
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
  /** 0 when the files can't be read; `problems` says why. */
  users: number
  /** ISO 8601. */
  cert: { notAfter: string } | null
  /** What is wrong with the files of this project. */
  problems: { code: string; message: string; hint: string }[]
}

export async function statusOf(project: Project, engine: Engine, signal: AbortSignal): Promise<Status> {
  const observed = await engine.observe(project.name, [], signal)
  const { containers } = observed
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
  const problems: Status['problems'] = []
  const unless = <T>(otherwise: T, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof StackError)) throw error
      problems.push({ code: error.code, message: error.message, hint: error.hint })
      return otherwise
    }
  }
  problems.push(...await runningProblems(project, engine, observed, signal))
  return {
    name: project.name,
    dir: project.dir,
    auth: project.stack.id,
    url: project.url,
    running: services.every(({ state }) => state === 'running'),
    edited: desired(project.file, project.dir).services.some(({ service, hash }) => containers.some((one) => one.service === service && one.hash !== hash && one.dir === project.dir)),
    services,
    models: ollama ? await loaded(engine, ollama.id, signal) : [],
    users: unless(0, () => {
      problems.push(...credentialProblems(project))
      return listPeople(project).length
    }),
    cert: project.tls === 'off' ? null : unless(null, () => serverCert(project)),
    problems,
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
  if (status.cert) ui.data(`TLS     certificate ${Date.parse(status.cert.notAfter) < Date.now() ? 'EXPIRED on' : 'valid until'} ${status.cert.notAfter.slice(0, 10)}`)
  for (const { message, hint } of status.problems) ui.data(`WRONG   ${`${message}\n${callable(hint, status.dir)}`.replaceAll('\n', '\n        ')}`)
  if (status.running && status.edited) ui.data(`compose.yaml was edited since this was started. Apply it: ${launcher(status.dir)} up`)
  if (!status.running) ui.data(`Start it: ${launcher(status.dir)} up`)
}
