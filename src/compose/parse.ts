// compose.yaml -> ComposeFile: syntax, supported keys, types, and what must fit together.

import { basename, dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { StackError } from '../errors.ts'
import { dependsOn, NETWORK, SERVICE, VOLUME } from './keys.ts'
import { child, entries, invalid, isNull, unsupported, type At, type Source } from './read.ts'
import type { ComposeFile, Network, Service, Volume } from './types.ts'
import { object, text, type Table } from './values.ts'

const NAME = /^[a-z0-9][a-z0-9_-]*$/
const KEY = /^[A-Za-z0-9._-]+$/

/**
 * Read the text of a compose file; `path` is for messages, and names the project when the file doesn't.
 * Throws E_COMPOSE_SYNTAX (not YAML), E_COMPOSE_UNSUPPORTED (a key that only `docker compose` knows),
 * E_COMPOSE_INVALID (a value of the wrong type, a reference to nothing), each with the line.
 */
export function parseCompose(content: string, path: string): ComposeFile {
  const lines = new LineCounter()
  const doc = parseDocument(content, { lineCounter: lines, prettyErrors: false })
  const [error] = doc.errors
  if (error) throw syntaxError(content, path, lines, error)
  const source: Source = { path, doc, lines }
  const root: At = { source, key: '', node: doc.contents, offset: 0 }
  const top = topLevel(root)

  const services: Record<string, Service> = {}
  const dependencies: ComposeFile['dependsOn'] = {}
  const found = top.get('services')
  if (!found || entries(found).length === 0) throw invalid({ ...root, key: 'services' }, 'is missing: there is nothing to start')
  const places = new Map(entries(found))
  for (const [name, at] of places) {
    checkKey(at, name)
    const { depends_on, ...rest } = object({ ...SERVICE, depends_on: dependsOn })(at)
    dependencies[name] = (depends_on ?? {}) as ComposeFile['dependsOn'][string]
    services[name] = complete(at, rest)
  }
  const networks = section<Network>(top.get('networks'), NETWORK)
  const volumes = section<Volume>(top.get('volumes'), VOLUME)
  if (Object.values(services).some((service) => 'default' in (service.networks ?? {}))) networks['default'] ??= {}
  const file: ComposeFile = {
    path, name: projectName(top.get('name'), path), services, dependsOn: dependencies, networks, volumes,
    tool: top.get('x-ollama-stack')?.node?.toJS(doc),
  }
  for (const [name, at] of places) checkReferences(file, name, at)
  for (const [name, at] of places) checkCycle(file, name, at)
  return file
}

function syntaxError(content: string, path: string, lines: LineCounter, error: { pos: [number, number]; message: string }): StackError {
  const { line, col } = lines.linePos(error.pos[0])
  const text = (content.split('\n')[line - 1] ?? '').slice(0, 200)
  return new StackError('E_COMPOSE_SYNTAX', `${basename(path)}:${line}:${col}: this is not valid YAML: ${error.message}\n  ${text}`, {
    exit: 2,
    hint: `Fix line ${line} of ${path}. YAML counts spaces at the start of a line, and allows no tabs there.`,
    cause: error,
  })
}

const TOP = ['version', 'name', 'services', 'networks', 'volumes']

function topLevel(root: At): Map<string, At> {
  const top = new Map(entries({ ...root, key: '' }))
  for (const [key, at] of top) if (!TOP.includes(key) && !key.startsWith('x-')) throw unsupported({ ...at, node: null })
  return top
}

function checkKey(at: At, name: string): void {
  // As a key of an object __proto__ would vanish.
  if (!KEY.test(name) || name === '__proto__') throw invalid({ ...at, node: null }, 'is no name: use letters, digits, dot, dash and underscore')
}

/** Compose takes the directory's name, cut to what a project name may hold. */
function projectName(at: At | undefined, path: string): string {
  if (!at) return basename(dirname(resolve(path))).toLowerCase().replace(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '')
  const name = text(at)
  if (!NAME.test(name)) throw invalid(at, `must be lower-case letters, digits, dash and underscore, not ${JSON.stringify(name)}`)
  return name
}

function section<T>(at: At | undefined, table: Table): Record<string, T> {
  if (!at || isNull(at)) return {}
  return Object.fromEntries(entries(at).map(([name, value]) => {
    checkKey(value, name)
    return [name, (isNull(value) ? {} : object(table)(value)) as T]
  }))
}

/** Go's JSON writes command and entrypoint even when unset, and every service is on a network, its own or the host's. */
function complete(at: At, given: Record<string, unknown>): Service {
  if (typeof given['image'] !== 'string') throw invalid({ ...at, key: `${at.key}.image` }, 'is missing')
  if (given['network_mode'] !== undefined) {
    const other = ['networks', 'ports'].find((key) => given[key] !== undefined)
    if (other !== undefined) throw invalid({ ...at, key: `${at.key}.${other}` }, "doesn't go with network_mode: host")
  }
  const all: Record<string, unknown> = { command: null, entrypoint: null, ...(given['network_mode'] === undefined && { networks: { default: null } }), ...given }
  return Object.fromEntries(Object.keys(SERVICE).filter((key) => all[key] !== undefined).map((key) => [key, all[key]])) as unknown as Service
}

function checkReferences(file: ComposeFile, name: string, at: At): void {
  const service = file.services[name]
  const given = new Map(entries(at))
  const fail = (key: string, expected: string): never => {
    throw invalid(given.get(key) ?? child(at, key, null, at.offset), expected)
  }
  for (const key of Object.keys(service?.networks ?? {})) {
    if (!Object.hasOwn(file.networks, key)) fail('networks', `names the network ${key}, which the file doesn't define`)
  }
  for (const mount of service?.volumes ?? []) {
    if (mount.type === 'volume' && mount.source && !Object.hasOwn(file.volumes, mount.source)) {
      fail('volumes', `names the volume ${mount.source}, which the file doesn't define`)
    }
    if (service?.tmpfs?.some((entry) => entry.split(':')[0] === mount.target)) fail('tmpfs', `mounts ${mount.target}, and so does volumes`)
  }
  for (const key of Object.keys(file.dependsOn[name] ?? {})) {
    if (!Object.hasOwn(file.services, key)) fail('depends_on', `names the service ${key}, which the file doesn't define`)
  }
}

function checkCycle(file: ComposeFile, start: string, at: At): void {
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) throw invalid(child(at, 'depends_on', new Map(entries(at)).get('depends_on')?.node, at.offset), `goes in a circle: ${[...path, name].join(' -> ')}`)
    for (const next of Object.keys(file.dependsOn[name] ?? {})) visit(next, [...path, name])
  }
  visit(start, [])
}
