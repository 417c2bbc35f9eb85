// (stack, config, people) -> FileMap. Touches no disk but our own shipped files;
// the clock is a parameter.

import { parseDocument, Scalar, isScalar, type Document } from 'yaml'
import type { Credential, FileMap, Person, Stack, StackConfig } from '../../stacks/stack.ts'
import { dropMount } from '../../stacks/compose-doc.ts'
import { forward, FORWARD_FILES } from '../../stacks/forward/forward.ts'
import { withGpu } from '../../stacks/gpu.ts'
import { makeCa, makeServerCert, type KeyPair } from '../certs/certs.ts'
import { launchers } from './launcher.ts'
import { stackFile } from '../paths.ts'
import { projectReadme } from './readme.ts'
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
  /** The server's certificate and key, with `tls: files`. */
  own?: KeyPair | null
}

export async function render(
  stack: Stack,
  config: StackConfig,
  people: readonly Person[],
  { now, password, own = null }: RenderOptions,
): Promise<Rendered> {
  const files = plainFiles(stack, config)
  merge(files, await certificates(stack, config, own, now))

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

/** All that follows from the configuration alone: no certificate, nobody's credential, the same each time. */
export function plainFiles(stack: Stack, config: StackConfig): FileMap {
  const files: FileMap = new Map()
  for (const [path, source] of Object.entries({ ...stack.files(config), ...(config.elsewhere ? FORWARD_FILES : {}) })) {
    files.set(path, { content: stackFile(source), mode: 0o644 })
  }
  files.set('compose.yaml', { content: composeYaml(stack, config), mode: 0o644 })
  merge(files, stack.render(config))
  merge(files, launchers())
  merge(files, projectReadme(stack, config))
  files.set('.gitignore', { content: stackFile('common/_gitignore'), mode: 0o644 })
  return files
}

/** The stack's compose.yaml with this project's values; comments stay. */
function composeYaml(stack: Stack, config: StackConfig): string {
  const source = stackFile(`${stack.id}/files/compose.yaml`)
  const doc = parseDocument(source)
  const tls = config.tls !== 'off'
  set(doc, ['name'], config.name)
  set(doc, ['services', 'proxy', 'user'], config.user)
  set(doc, ['services', 'proxy', 'ports', 0, 'host_ip'], config.bind)
  set(doc, ['services', 'proxy', 'ports', 0, 'target'], tls ? 8443 : 8080)
  set(doc, ['services', 'proxy', 'ports', 0, 'published'], String(config.port))
  set(doc, ['services', 'proxy', 'networks', 'edge', 'ipv4_address'], `${config.subnet}.10`)
  set(doc, ['services', 'proxy', 'networks', 'backend', 'ipv4_address'], `${config.subnet}.3`)
  set(doc, ['services', 'proxy', 'extra_hosts', 0], `ollama-api=${config.subnet}.2`)
  set(doc, ['services', 'ollama', 'networks', 'backend', 'ipv4_address'], `${config.subnet}.2`)
  set(doc, ['services', 'ollama', 'environment', 'OLLAMA_HOST'], `${config.subnet}.2:11434`)
  set(doc, ['networks', 'backend', 'ipam', 'config', 0, 'subnet'], `${config.subnet}.0/29`)
  set(doc, ['networks', 'edge', 'ipam', 'config', 0, 'subnet'], `${config.subnet}.8/29`)
  if (!tls) dropMount(doc, '/certs')
  const own = { tls: config.tls, hosts: config.hosts, model: config.model, ...(config.insecureHttp ? { 'insecure-http': true } : {}), ...(config.acme ? { certified: [...config.acme.names] } : {}), ...(config.rate ? { rate: config.rate } : {}), ...(config.origins?.length ? { origins: [...config.origins] } : {}), ...(config.allow?.length ? { allow: [...config.allow] } : {}) }
  for (const [key, value] of Object.entries(own)) doc.setIn(['x-ollama-stack', key], quoted(doc, value))
  stack.compose?.(doc, config)
  if (config.elsewhere) forward(doc, config, config.elsewhere)
  else if (config.gpu) withGpu(doc, config.gpu)
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

/** A CA of the project's own makes the server's certificate, people's, or both. */
async function certificates({ needsTls }: Stack, { name, tls, hosts }: StackConfig, own: KeyPair | null, now: Date): Promise<FileMap> {
  const files: FileMap = new Map()
  const add = (path: string, content: string, mode: number): unknown => files.set(path, { content, mode })
  if (tls === 'private' || needsTls) {
    const ca = await makeCa({ name, now })
    add('certs/ca.crt', ca.cert, 0o644)
    add('certs/ca.key', ca.key, 0o600)
    add('certs/server/ca.crt', ca.cert, 0o644)
    if (tls === 'private') own = await makeServerCert({ ca, hosts, now })
  }
  if (own) {
    add('certs/server/server.crt', own.cert, 0o644)
    add('certs/server/server.key', own.key, 0o600)
  }
  return files
}

function merge(into: FileMap, from: FileMap): void {
  for (const [path, entry] of from) into.set(path, entry)
}
