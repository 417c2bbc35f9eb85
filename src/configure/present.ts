// What a project is set to, as the answers that would make it. A new question needs its row here.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { acmeFacts } from '../../stacks/acme/acme.ts'
import type { StackConfig, Tls } from '../../stacks/stack.ts'
import { toConfig, type StaticConfig } from '../questions/config.ts'
import { readPlain } from '../project/disk.ts'
import type { Answers } from '../questions/fields.ts'
import { allHosts } from '../questions/hosts.ts'
import { gpuOf } from '../questions/gpu.ts'
import type { Machine } from '../questions/machine.ts'
import { elsewhereOf, OWN } from '../questions/ollama-url.ts'
import type { Project } from '../project/project.ts'
import { proxyUser } from '../project/proxy-user.ts'
import { subnetFor } from '../net/subnet.ts'

/** The questions that can be asked again. The name is that of the containers and of the models' volume; people have a command of their own. */
export type Lasting = Omit<Answers, 'directory' | 'name' | 'people' | 'start'>

const PRESENT: { [K in keyof Lasting]: (project: Project, machine: Machine) => Lasting[K] } = {
  auth: ({ stack }) => stack.id,
  bind: ({ bind }) => bind,
  insecureHttp: ({ insecureHttp }) => insecureHttp,
  tls: ({ tls }) => tls,
  tlsCert: ({ dir, tls }) => (tls === 'files' ? join(dir, OWN_CERT) : null),
  tlsKey: ({ dir, tls }) => (tls === 'files' ? join(dir, OWN_KEY) : null),
  port: ({ port }) => port,
  hosts: askedHosts,
  acmeEmail: (project) => acmeOf(project).email,
  acmeDirectory: (project) => acmeOf(project).directory,
  acmeRoot: ({ tls, ca }) => (tls === 'acme' ? ca : null),
  origins: ({ origins }) => origins,
  allow: ({ allow }) => allow,
  hostNetwork: ({ hostNetwork }) => hostNetwork,
  rate: ({ rate }) => rate,
  ollama: ({ ollama }) => ollama,
  gpu: ({ gpu }) => gpu,
  model: ({ model }) => model,
}

/** Answers that one kind of encryption alone has a use for. */
export const ONLY_WITH: { readonly [K in keyof Lasting]?: Tls } = { tlsCert: 'files', tlsKey: 'files', acmeEmail: 'acme', acmeDirectory: 'acme', acmeRoot: 'acme' }

/** undefined: of no use with that encryption. */
export function valueWith<K extends keyof Lasting>(tls: Tls, answers: Lasting, key: K): Lasting[K] | undefined {
  return [undefined, tls].includes(ONLY_WITH[key]) ? answers[key] : undefined
}

/** Without what the present value of another question made necessary. `given`: said in so many words. */
export function settled(answers: Lasting, given: ReadonlySet<string>): Lasting {
  const { tls } = answers
  const found: Lasting = { ...answers, insecureHttp: answers.insecureHttp && (tls === 'off' || given.has('insecureHttp')), gpu: answers.ollama === OWN || given.has('gpu') ? answers.gpu : 'none' }
  for (const key of LASTING) if (!given.has(key) && valueWith(tls, answers, key) === undefined) Object.assign(found, { [key]: null })
  return found
}

export const LASTING = Object.keys(PRESENT) as (keyof Lasting)[]
export const OWN_CERT = 'certs/server/server.crt'
export const OWN_KEY = 'certs/server/server.key'

export function presentAnswers(project: Project, machine: Machine): Lasting {
  const answers = {} as Lasting
  for (const key of LASTING) Object.assign(answers, { [key]: PRESENT[key](project, machine) })
  return answers
}

/** Rendered, it gives the project's files as the program would have written them. */
export function presentConfig(project: Project, machine: Machine): StackConfig {
  const { hosts, allow, file, name } = project
  const { proxy } = file.services
  const subnet = /^(\d+\.\d+\.\d+)\.3$/.exec(proxy?.networks?.['backend']?.ipv4_address ?? '')?.[1]
  return {
    ...staticConfig(project, presentAnswers(project, machine), machine),
    // This machine may have had other names and addresses then.
    hosts, allow,
    elsewhere: elsewhereOf(file),
    gpu: gpuOf(file.services['ollama']),
    user: proxy?.user ?? proxyUser(),
    subnet: subnet ?? subnetFor(name) ?? '',
  }
}

/** What the answers change, and nothing that only this machine has changed since. `given`: said in so many words. */
export function nextConfig(project: Project, present: StackConfig, answers: Lasting, given: ReadonlySet<string>, machine: Machine): StackConfig {
  const was: Partial<StaticConfig> = staticConfig(project, presentAnswers(project, machine), machine)
  const next = Object.entries(staticConfig(project, answers, machine))
    .filter(([key, value]) => given.has(key) || !isDeepStrictEqual(was[key as keyof StaticConfig], value))
  return { ...present, ...Object.fromEntries(next) }
}

function staticConfig({ dir, name }: Project, answers: Lasting, machine: Machine): StaticConfig {
  return toConfig({ ...answers, directory: dir, name, people: [], start: false }, machine)
}

/** Without what `allHosts` added: names and addresses of this machine. Where these have changed, without the present ones. */
function askedHosts({ bind, tls, hosts, certified }: Project, machine: Machine): string[] {
  if (tls === 'acme') return certified
  for (let count = 0; count <= hosts.length; count++) {
    const asked = hosts.slice(0, count)
    if (isDeepStrictEqual(allHosts({ bind, tls, hosts: asked }, machine), hosts)) return asked
  }
  const own = allHosts({ bind, tls, hosts: [] }, machine)
  return hosts.filter((host) => !own.includes(host))
}

function acmeOf({ dir, tls }: Project): ReturnType<typeof acmeFacts> {
  if (tls !== 'acme') return { email: null, directory: null }
  return acmeFacts((path) => (existsSync(join(dir, path)) ? readPlain(join(dir, path)) : null))
}
