// What runs, read from the engine and the directory at once. status-text.ts says it, status-watch.ts
// again and again.

import { readCert } from '../certs/read-cert.ts'
import { desired } from '../compose.ts'
import type { Engine } from '../engine.ts'
import { problemOf, StackError, type Problem } from '../errors.ts'
import { credentialProblems } from '../people/credential-problems.ts'
import { loadedModels } from './loaded-models.ts'
import type { LoadedModel } from '../ollama/ollama-tables.ts'
import { listPeople } from '../people/people.ts'
import type { Project } from '../project/project.ts'
import { refusedLogins, type Refusals } from './refused-logins.ts'
import { runningProblems } from './running-problems.ts'
import { DAY_MS, relative } from '../ui/when.ts'
import { servedCert, shownFingerprint } from './server-cert.ts'
import type { Role } from '../../stacks/stack.ts'

const WARN_DAYS = 30

/** What the directory says, engine or not. */
export interface OnDisk {
  name: string
  dir: string
  auth: string
  url: string
  /** 0 when the files can't be read; `problems` says why. */
  users: number
  /** `expires`: ISO 8601, null for never. */
  people: { name: string; role: Role; expires: string | null }[]
  /**
   * ISO 8601, and whole days from now; negative: it is over. `fingerprint`: what `connect` shows and asks
   * about, null where a known CA vouches for the server.
   */
  cert: { notAfter: string; daysLeft: number; fingerprint: string | null } | null
  /** What is wrong with this project. */
  problems: Problem[]
}

export interface Status extends OnDisk {
  running: boolean
  /** compose.yaml was changed since; `up` applies it. */
  edited: boolean
  /** `since` (ISO 8601): it runs, or was ended; null: it never ran. */
  services: { name: string; state: string; health: string; image: string; since: string | null }[]
  /** Models in memory now. */
  models: LoadedModel[]
  /** null: there is no proxy whose log could be read. */
  refused: Refusals | null
}

export async function statusOf(project: Project, engine: Engine, signal: AbortSignal, now = new Date()): Promise<Status> {
  const observed = await engine.observe(project.name, [], signal)
  // Each runs something in a container, and that takes longer than everything else here.
  const [{ models, problems }, refused, running] = await Promise.all([
    unlessGone({ models: [], problems: [] }, loadedModels(project, engine, observed, signal)),
    unlessGone(null, refusedLogins(project, engine, observed, now, signal)),
    unlessGone([], runningProblems(project, engine, observed, signal)),
  ])
  const { containers } = observed
  const disk = onDisk(project, now)
  const services = Object.entries(project.file.services).map(([name, { image }]) => {
    const container = containers.find((one) => one.service === name)
    return container
      ? { name, state: container.state, health: container.health, image: container.image, since: container.since }
      : { name, state: 'absent', health: 'none', image, since: null }
  })
  return {
    ...disk,
    running: services.every(({ state }) => state === 'running'),
    edited: desired(project.file, project.dir).services.some(({ service, hash }) => containers.some((one) => one.service === service && one.hash !== hash && one.dir === project.dir)),
    services,
    models,
    refused,
    problems: [...running, ...problems, ...disk.problems],
  }
}

/** Somebody may be taking down what is looked at, and what is gone has nothing more to say. */
async function unlessGone<T>(otherwise: T, look: Promise<T>): Promise<T> {
  try {
    return await look
  } catch (error) {
    if (error instanceof StackError && error.code === 'E_GONE') return otherwise
    throw error
  }
}

export function onDisk(project: Project, now: Date): OnDisk {
  const { name, dir, stack, url } = project
  const problems: Problem[] = []
  const unless = <T>(otherwise: T, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof StackError)) throw error
      problems.push(problemOf(error))
      return otherwise
    }
  }
  const people = unless([], () => {
    problems.push(...credentialProblems(project))
    return listPeople(project)
  })
  const cert = unless(null, () => certOf(project, now))
  if (cert?.endsSoon) problems.push(certEnds(project, cert, now))
  return {
    name, dir, auth: stack.id, url,
    users: people.length,
    people: people.map((one) => ({ name: one.name, role: one.role, expires: one.expires?.toISOString() ?? null })),
    cert: cert && { notAfter: cert.notAfter, daysLeft: cert.daysLeft, fingerprint: unless(null, () => shownFingerprint(project)) },
    problems,
  }
}

type Cert = Omit<NonNullable<OnDisk['cert']>, 'fingerprint'> & { endsSoon: boolean }

function certOf(project: Project, now: Date): Cert | null {
  const pem = project.tls === 'off' ? null : servedCert(project)
  if (pem === null) return null
  const { notBefore, notAfter } = readCert(pem)
  const left = notAfter.getTime() - now.getTime()
  // Caddy renews when a third of the time is left, and some are made for six days.
  const enough = project.tls === 'acme' ? Math.min(WARN_DAYS * DAY_MS, (notAfter.getTime() - notBefore.getTime()) / 4) : WARN_DAYS * DAY_MS
  return { notAfter: notAfter.toISOString(), daysLeft: Math.floor(left / DAY_MS), endsSoon: left < enough }
}

function certEnds({ tls, file }: Project, { notAfter, daysLeft }: Cert, now: Date): Problem {
  const hint = tls === 'private' ? 'Renew it, without cutting a connection: ollama-stack up'
    : tls === 'files' ? 'Put the new files over certs/server/server.crt and certs/server/server.key, then run: ollama-stack up'
    : `It should have been renewed by now. Why it wasn't: ollama-stack logs ${file.services['tls'] ? 'tls' : 'proxy'}`
  const date = notAfter.slice(0, 10)
  const message = daysLeft < 0 ? `The server's certificate ended on ${date}.` : `The server's certificate ends on ${date}, ${relative(new Date(notAfter), now)}.`
  return { code: 'E_CERT_ENDS', message, hint }
}
