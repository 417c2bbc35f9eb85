// What both nginx stacks ship and generate alike.

import { ownNames } from '../hosts.ts'
import { originPattern } from '../origins.ts'
import type { FileMap, StackConfig } from '../stack.ts'

const SHARED = ['common.conf', 'gate.conf', 'routes.conf', 'refusals.conf', 'server.conf', 'upstream.conf']

export function sharedFiles({ tls }: Pick<StackConfig, 'tls'>): Record<string, string> {
  return {
    ...Object.fromEntries(SHARED.map((name) => [`proxy/${name}`, `nginx/${name}`])),
    'proxy/listen.conf': tls === 'off' ? 'nginx/listen-http.conf' : 'nginx/listen-tls.conf',
  }
}

/** Words that nginx's map takes for itself unless a backslash stands before them. */
const MAP_WORDS = new Set(['default', 'hostnames', 'include', 'volatile'])

/** What gate.conf includes: the names that pass the Host check (addresses pass by their shape), and the origins. */
export function gateLists({ hosts, origins = [] }: StackConfig): FileMap {
  const lines = ownNames(hosts).map((name) => `${MAP_WORDS.has(name) ? '\\' : ''}${name} 1;`)
  const allowed = origins.length === 0 ? '# None.' : `"~${originPattern(origins)}" allowed;`
  return new Map([
    ['proxy/hosts.conf', { content: `# Names that this stack answers to; read by gate.conf.\n${lines.join('\n')}\n`, mode: 0o644 }],
    ['proxy/origins.conf', { content: `# Web pages and apps that may call from a browser; read by gate.conf.\n# One more: "~^https://chat\\.example\\.com$" allowed;   then: docker compose restart proxy\n${allowed}\n`, mode: 0o644 }],
  ])
}
