// What both nginx stacks ship and generate alike.

import { isIP } from 'node:net'
import type { FileMap, StackConfig } from '../stack.ts'

const SHARED = ['common.conf', 'gate.conf', 'routes.conf', 'refusals.conf', 'server.conf', 'upstream.conf']

export function sharedFiles({ tls }: StackConfig): Record<string, string> {
  return {
    ...Object.fromEntries(SHARED.map((name) => [`proxy/${name}`, `nginx/${name}`])),
    'proxy/listen.conf': tls === 'off' ? 'nginx/listen-http.conf' : 'nginx/listen-tls.conf',
  }
}

/** Words that nginx's map takes for itself unless a backslash stands before them. */
const MAP_WORDS = new Set(['default', 'hostnames', 'include', 'volatile'])

/** The names that pass the Host check. Addresses pass by their shape, in gate.conf. */
export function hostsConf({ hosts }: StackConfig): FileMap {
  const names = new Set(['localhost', 'host.docker.internal', ...hosts.filter((host) => isIP(host) === 0).map((host) => host.toLowerCase())])
  const lines = [...names].map((name) => `${MAP_WORDS.has(name) ? '\\' : ''}${name} 1;`)
  return new Map([['proxy/hosts.conf', { content: `# Names that this stack answers to; read by gate.conf.\n${lines.join('\n')}\n`, mode: 0o644 }]])
}
