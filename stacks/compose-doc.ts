// Structured edits of a stack's compose.yaml. A place that isn't there is our own mistake.

import { isMap, isScalar, isSeq, parseDocument, Scalar, type Document, type YAMLMap, type YAMLSeq } from 'yaml'
import { stackFile } from '../src/paths.ts'

export function mapAt(doc: Document, path: string[]): YAMLMap {
  const node = doc.getIn(path, true)
  if (isMap(node)) return node
  throw new Error(`compose.yaml of this stack has no ${path.join('.')}`)
}

export function seqAt(doc: Document, path: string[]): YAMLSeq {
  const node = doc.getIn(path, true)
  if (isSeq(node)) return node
  throw new Error(`compose.yaml of this stack has no ${path.join('.')}`)
}

/** Compose reads YAML 1.1, where a bare 1_000 is a number and 2026-01-01 a date. */
export function quoted(value: string): Scalar {
  const scalar = new Scalar(value)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

/** The service that a folder of `stacks/` ships, to be put into the compose.yaml of a stack. */
export function serviceYaml(folder: 'acme' | 'forward' | 'front', file = 'service.yaml'): YAMLMap {
  const { contents } = parseDocument<YAMLMap>(stackFile(`${folder}/files/${file}`))
  if (!isMap(contents)) throw new Error(`${file} of ${folder} is no map`)
  return contents
}

/** In front of the others, as it is for whoever connects. */
export function addFirst(doc: Document, name: string, service: YAMLMap): void {
  const services = mapAt(doc, ['services'])
  const [next] = services.items
  if (next && isScalar(next.key)) next.key.spaceBefore = true
  services.items.unshift(doc.createPair(name, service))
}

/** Another service publishes the port now. Who goes by its address is told it in so many words. */
export function unpublish(doc: Document, bind: string): void {
  const proxy = mapAt(doc, ['services', 'proxy'])
  proxy.delete('ports')
  if (proxy.hasIn(['environment', 'PUBLISHED_ON'])) proxy.setIn(['environment', 'PUBLISHED_ON'], bind)
}

export function dropMount(doc: Document, target: string): void {
  const volumes = seqAt(doc, ['services', 'proxy', 'volumes'])
  volumes.items = volumes.items.filter((volume) => !isMap(volume) || volume.get('target') !== target)
}
