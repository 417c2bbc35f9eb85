// What both nginx stacks ship and generate alike.

import type { Document } from 'yaml'
import { stackFile } from '../../src/paths.ts'
import { geoLines } from '../allow.ts'
import { acmeFiles, FRONT_FILES, serveInFront } from '../acme/acme.ts'
import { seqAt } from '../compose-doc.ts'
import { behindFront, FRONT_FILES as HOST_FRONT_FILES, frontAddress, listenOnHost } from '../front/front.ts'
import { hstsNames, ownNames } from '../hosts.ts'
import { originPattern } from '../origins.ts'
import type { FileMap, StackConfig, Tls } from '../stack.ts'

const SHARED = ['common.conf', 'gate.conf', 'routes.conf', 'refusals.conf', 'server.conf', 'upstream.conf']

const LISTEN: Record<Tls, string> = { off: 'nginx/listen-http.conf', private: 'nginx/listen-tls.conf', files: 'nginx/listen-tls.conf', acme: 'nginx/listen-acme.conf' }

export function sharedFiles({ tls, hostNetwork }: Pick<StackConfig, 'tls' | 'hostNetwork'>): Record<string, string> {
  return {
    ...Object.fromEntries(SHARED.map((name) => [`proxy/${name}`, `nginx/${name}`])),
    'proxy/listen.conf': LISTEN[tls],
    ...(tls === 'acme' ? FRONT_FILES : {}),
    ...(hostNetwork ? HOST_FRONT_FILES : {}),
  }
}

/** Words that nginx's map takes for itself unless a backslash stands before them. */
const MAP_WORDS = new Set(['default', 'hostnames', 'include', 'volatile'])

/** What gate.conf includes: the names that pass the Host check (addresses pass by their shape), the origins, the names of HSTS. */
export function generated(config: StackConfig): FileMap {
  const { hosts, origins = [], allow = [] } = config
  const allowed = origins.length === 0 ? '# None.\n' : `"~${originPattern(origins)}" allowed;\n`
  return new Map([
    ['proxy/hosts.conf', { content: `# Names that this stack answers to; read by gate.conf.\n${mapLines(ownNames(hosts), '1')}`, mode: 0o644 }],
    ['proxy/origins.conf', { content: `# Web pages and apps that may call from a browser; read by gate.conf.\n# One more: "~^https://chat\\.example\\.com$" allowed;   then: docker compose restart proxy\n${allowed}`, mode: 0o644 }],
    ['proxy/allow.conf', { content: `# Who may connect; read by gate.conf. One more: 192.0.2.0/24 1;   then: docker compose restart proxy\n${geoLines(allow)}`, mode: 0o644 }],
    // Two years, as Mozilla has it (guideline 6.0).
    ['proxy/hsts.conf', { content: `# Names that browsers shall never ask for without TLS; read by gate.conf.\n${mapLines(hstsNames(config), '"max-age=63072000"') || '# None.\n'}`, mode: 0o644 }],
    ...acmeFiles('tls', config),
    ...(config.hostNetwork ? [['proxy/listen.conf', { content: behindFront(stackFile(LISTEN[config.tls])), mode: 0o644 }] as const] : []),
  ])
}

function mapLines(names: readonly string[], value: string): string {
  return names.map((name) => `${MAP_WORDS.has(name) ? '\\' : ''}${name} ${value};\n`).join('')
}

/** The edits of compose.yaml that both need. */
export function composeEdits(doc: Document, config: StackConfig): void {
  if (config.tls === 'acme') serveInFront(doc, config)
  if (!config.hostNetwork) return
  listenOnHost(doc, config)
  seqAt(doc, ['services', 'proxy', 'extra_hosts']).add(`upstream-front=${frontAddress(config)}`)
}
