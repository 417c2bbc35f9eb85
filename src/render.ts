// (stack, config, people) -> FileMap. Touches no disk but our own shipped files;
// the clock is a parameter.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument, Scalar, isScalar, type Document } from 'yaml'
import type { Credential, FileMap, Person, Stack, StackConfig } from '../stacks/stack.ts'
import { makeCa, makeServerCert } from './certs.ts'
import { launchers } from './launcher.ts'
import { stacksDir } from './paths.ts'
import { projectReadme } from './project-readme.ts'
import { yamlText } from './yaml-text.ts'

export interface Rendered {
  files: FileMap
  /** In the order of `people`. Holds the secrets: show once, then forget. */
  credentials: Credential[]
}

export interface RenderOptions {
  now: Date
  /** The first person's own password, for stacks that take one. */
  password?: string
}

export async function render(
  stack: Stack,
  config: StackConfig,
  people: readonly Person[],
  { now, password }: RenderOptions,
): Promise<Rendered> {
  const files: FileMap = new Map()
  for (const [path, source] of Object.entries(stack.files(config))) {
    files.set(path, { content: readFileSync(join(stacksDir, source), 'utf8'), mode: 0o644 })
  }
  files.set('compose.yaml', { content: composeYaml(stack, config), mode: 0o644 })
  merge(files, stack.render(config))
  merge(files, launchers())
  merge(files, projectReadme(stack, config))
  files.set('.gitignore', { content: readFileSync(join(stacksDir, 'common', '_gitignore'), 'utf8'), mode: 0o644 })
  if (config.tls === 'private') merge(files, await certificates(config, now))

  const credentials: Credential[] = []
  for (const [index, person] of people.entries()) {
    const own = index === 0 && password !== undefined ? { password } : {}
    const { change, credential } = await stack.people.issue(files, person, { now, ...own })
    for (const [path, entry] of change) {
      if (entry) files.set(path, entry)
      else files.delete(path)
    }
    credentials.push(credential)
  }
  return { files, credentials }
}

/** The stack's compose.yaml with this project's values; comments stay. */
function composeYaml(stack: Stack, config: StackConfig): string {
  const source = readFileSync(join(stacksDir, stack.id, 'files', 'compose.yaml'), 'utf8')
  const doc = parseDocument(source)
  const tls = config.tls !== 'off'
  set(doc, ['name'], config.name)
  set(doc, ['services', 'proxy', 'user'], config.user)
  set(doc, ['services', 'proxy', 'ports', 0, 'host_ip'], config.bind)
  set(doc, ['services', 'proxy', 'ports', 0, 'target'], tls ? 8443 : 8080)
  set(doc, ['services', 'proxy', 'ports', 0, 'published'], String(config.port))
  set(doc, ['services', 'proxy', 'networks', 'backend', 'ipv4_address'], `${config.subnet}.3`)
  set(doc, ['services', 'proxy', 'extra_hosts', 0], `ollama-api=${config.subnet}.2`)
  set(doc, ['services', 'ollama', 'networks', 'backend', 'ipv4_address'], `${config.subnet}.2`)
  set(doc, ['services', 'ollama', 'environment', 'OLLAMA_HOST'], `${config.subnet}.2:11434`)
  set(doc, ['networks', 'backend', 'ipam', 'config', 0, 'subnet'], `${config.subnet}.0/29`)
  if (!tls) {
    const volumes = doc.getIn(['services', 'proxy', 'volumes']) as { items: { get(key: string): unknown }[] }
    volumes.items = volumes.items.filter((volume) => volume.get('target') !== '/certs')
  }
  const own = { tls: config.tls, hosts: config.hosts, model: config.model, ...(config.insecureHttp ? { 'insecure-http': true } : {}), ...(config.rate ? { rate: config.rate } : {}), ...(config.origins?.length ? { origins: [...config.origins] } : {}) }
  for (const [key, value] of Object.entries(own)) doc.setIn(['x-ollama-stack', key], quoted(doc, value))
  stack.compose?.(doc, config)
  return yamlText(doc)
}

/** Sets a value that the file already has. A path that isn't there is our own mistake. */
function set(doc: Document, path: (string | number)[], value: string | number): void {
  const node = doc.getIn(path, true)
  if (!isScalar(node)) throw new Error(`compose.yaml of this stack has no ${path.join('.')}`)
  node.value = value
  // Compose reads YAML 1.1, where a bare 1_000 is a number and 2026-01-01 a date.
  if (typeof value === 'string') node.type = Scalar.QUOTE_DOUBLE
  else delete node.type
}

function quoted(doc: Document, value: string | string[] | boolean | null): unknown {
  const node = doc.createNode(value, { flow: true })
  for (const scalar of 'items' in (node as object) ? (node as { items: unknown[] }).items : [node]) {
    if (isScalar(scalar) && typeof scalar.value === 'string') scalar.type = Scalar.QUOTE_DOUBLE
  }
  return node
}

async function certificates(config: StackConfig, now: Date): Promise<FileMap> {
  const ca = await makeCa({ name: config.name, now })
  const server = await makeServerCert({ ca, hosts: config.hosts, now })
  return new Map([
    ['certs/ca.crt', { content: ca.cert, mode: 0o644 }],
    ['certs/ca.key', { content: ca.key, mode: 0o600 }],
    ['certs/server/ca.crt', { content: ca.cert, mode: 0o644 }],
    ['certs/server/server.crt', { content: server.cert, mode: 0o644 }],
    ['certs/server/server.key', { content: server.key, mode: 0o600 }],
  ])
}

function merge(into: FileMap, from: FileMap): void {
  for (const [path, entry] of from) into.set(path, entry)
}
