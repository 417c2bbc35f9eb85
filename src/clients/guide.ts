// One client and one project -> what to paste where, how that is known, and what to do where it can't work.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { callable } from '../cli/callable.ts'
import { shellWord } from '../ui/shell-word.ts'
import { isLoopback } from '../questions/machine.ts'
import { ORIGIN_PRESETS } from '../questions/origins.ts'
import type { Project } from '../project/project.ts'
import type { Access, Client, Evidence, Setting } from './client.ts'
import { SECRET, type Tokens } from './fill.ts'
import { renderSetting, type Step } from './render.ts'
import { connected, tokensOf, type Reader } from './tokens.ts'

/** `client ID --json`. */
export interface Guide {
  id: string
  name: string
  login: string
  user: string
  url: string
  possible: boolean
  /** How the settings are known to work, the CA among them; null when there are none. */
  verified: Evidence | null
  evidence: string[]
  steps: Step[]
  notes: string[]
  warnings: string[]
  /** What the client needs, by absolute path on this machine. */
  files: { path: string; what: string }[]
  /** `connect` on the client's machine, and what to set then. */
  workaround: { command: string; steps: Step[] } | null
}

const WEAKEST: readonly Evidence[] = ['derived', 'documentation', 'source', 'run']

/** null when it can't log in here. */
export function verifiedBy(client: Client, project: Pick<Project, 'stack' | 'ca'>): Evidence | null {
  const access = client.logins[project.stack.id]
  if (!access) return null
  const all = [access.verified, ...(project.ca !== null && client.trust ? [client.trust.verified] : [])]
  return WEAKEST.find((one) => all.includes(one)) ?? null
}

/** Nobody has found out whether it can be made to trust this project's CA. */
export function trustUnknown(client: Client, { ca }: Pick<Project, 'ca'>): boolean {
  return ca !== null && client.trust === null
}

export function guide(client: Client, project: Project, reader: Reader): Guide {
  const { stack, url } = project
  const tokens = tokensOf(project, reader)
  const access = client.logins[stack.id] ?? null
  return {
    id: client.id,
    name: client.name,
    login: stack.id,
    user: reader.person.name,
    url,
    possible: access !== null,
    verified: verifiedBy(client, project),
    evidence: [...(access?.ran ? [`${access.ran.version}, ${access.ran.on}`] : []), ...client.evidence],
    steps: rendered(access?.settings ?? [], tokens, project),
    notes: [
      ...(access ? secretNotes(client, access, project, reader) : []),
      ...(access?.notes ?? []), ...(client.notes ?? []),
      ...(access && project.ca !== null ? client.trust?.notes ?? [] : []),
    ].map((note) => callable(note, project.dir)),
    warnings: warnings(client, access, project, reader).map((warning) => callable(warning, project.dir)),
    files: filesOf(project, reader),
    workaround: access && !trustUnknown(client, project) ? null : {
      command: callable(connectLine(project, reader, tokens), project.dir),
      steps: rendered(client.connected ?? connectedBy(client), connected(tokens), project),
    },
  }
}

function rendered(settings: readonly Setting[], tokens: Tokens, { dir }: Project): Step[] {
  return settings.flatMap((setting) => renderSetting(setting, tokens) ?? []).map((step) => ({ ...step, text: callable(step.text, dir) }))
}

function connectedBy({ api, name }: Client): Setting[] {
  return [{ where: `the settings of ${name}, as if there were no login`, page: '', fields: { Address: api === 'openai' ? '<URL>/v1' : '<URL>', Key: 'unused' } }]
}

/** Whether a setting holds what only its owner knows. */
export function needsSecret(settings: readonly Setting[]): boolean {
  return SECRET.test(JSON.stringify(settings))
}

function secretNotes(client: Client, { settings }: Access, { stack }: Project, { person: { name }, secret }: Reader): string[] {
  if (secret !== null || !needsSecret(settings)) return []
  const text = JSON.stringify(settings)
  return [
    `${text.includes('<KEY>') ? 'YOUR_KEY' : 'YOUR_PASSWORD'} stands for ${name}'s ${stack.noun}. It was shown once, when it was made, and is kept nowhere. A new one, which ends the old: ollama-stack user rotate ${name}`,
    ...(text.includes('<B64>') ? [`BASE64_OF_${name}:YOUR_PASSWORD is what this prints: printf %s '${name}:YOUR_PASSWORD' | base64 | tr -d '\\n'`] : []),
    `To have it filled in: ollama-stack client ${client.id} --user ${name} --secret-stdin`,
  ]
}

function warnings(client: Client, access: Access | null, project: Project, reader: Reader): string[] {
  const preset = client.origin === undefined ? undefined : ORIGIN_PRESETS[client.origin]
  const here = onlyHere(project)
  const missing = reader.files === null && access ? filesOf(project, reader).filter(({ path }) => !existsSync(path)) : []
  return [
    ...(client.warnings ?? []),
    ...(trustUnknown(client, project) && access ? [`Whether ${client.name} can be made to trust a private CA hasn't been verified. Add ${project.ca} to its system's store; if that isn't enough, use connect.`] : []),
    ...(preset && !preset.origins.some((one) => project.origins.includes(one)) ? [`It calls from a web view, which this stack lets in with --origin ${client.origin} only: ollama-stack configure --origin ${client.origin}`] : []),
    ...(here && client.runs === 'container' ? [`${project.url} is this machine alone, and a container has a 127.0.0.1 of its own: publish the stack on an address that the container reaches (--bind).`] : []),
    ...(here && client.runs === 'phone' ? [`${project.url} is this machine alone: a phone can't reach it (--bind).`] : []),
    ...(!access && client.runs === 'phone' ? ['A phone has nowhere to run connect: take another login, or a certificate that everybody trusts.'] : []),
    ...(!access && client.runs === 'container' ? ['A container has a 127.0.0.1 of its own: let connect listen for it too (--bind 172.17.0.1, say), and set that address.'] : []),
    ...missing.map(({ path, what }) => `${path} (${what}) isn't there. If it was handed over, say where it lies: --files DIR`),
  ]
}

function onlyHere({ bind, url }: Project): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return isLoopback(bind) || host === 'localhost' || isLoopback(host)
}

function filesOf({ dir, ca, stack }: Project, { person: { name } }: Reader): Guide['files'] {
  const own = stack.carried(name).files
  return [
    ...(ca === null ? [] : [{ path: ca, what: 'the CA' }]),
    ...(own === null ? [] : [{ path: join(dir, own.cert), what: "the person's certificate" }, { path: join(dir, own.key), what: 'its private key' }]),
  ]
}

function connectLine(project: Project, { person: { name } }: Reader, { CA, CERT, CERTKEY }: Tokens): string {
  return [
    'ollama-stack', 'connect', project.url, ...project.stack.carried(name).flags,
    ...(CA === null ? [] : ['--ca', CA]),
    ...(CERT === null || CERTKEY === null ? [] : ['--cert', CERT, '--key', CERTKEY]),
    ...(project.tls === 'off' && !onlyHere(project) ? ['--insecure-http'] : []),
  ].map(shellWord).join(' ')
}
