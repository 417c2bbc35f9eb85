// The proxy runs as the owner of the files that it reads, who has another number on another machine.

import { isMap, isScalar, parseDocument } from 'yaml'
import { replaceScalars } from '../project/yaml-scalars.ts'

const PRIVATE = /"\.\/(?:credentials|certs)\b/

/** compose.yaml with `user` in place of the owner that the files had; every other byte stays. */
export function ownedBy(compose: string, user: string): string {
  const doc = parseDocument(compose)
  const before = doc.getIn(['services', 'proxy', 'user'])
  const services = doc.get('services')
  // Ollama has a user of its own, and so has what reads neither.
  const readers = (isMap(services) ? services.items : []).flatMap(({ key, value }) =>
    (isScalar(key) && isMap(value) && value.get('user') === before && PRIVATE.test(JSON.stringify(value.get('volumes') ?? [])) ? [String(key.value)] : []))
  return replaceScalars(compose, readers.map((name) => ({ path: ['services', name, 'user'], value: user })))
}
