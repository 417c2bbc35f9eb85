// Certificates of an ACME CA (RFC 8555), which Caddy gets and renews: in the proxy itself where that
// is Caddy, else in a service of its own in front of it.

import { isIP } from 'node:net'
import { isMap, isScalar, isSeq, type Document, type YAMLMap, type YAMLSeq } from 'yaml'
import { addFirst, dropMount, mapAt, seqAt, serviceYaml, unpublish } from '../compose-doc.ts'
import type { Acme, FileMap, StackConfig } from '../stack.ts'

/** Where Caddy reads its configuration: a folder of the project, mounted under its own name. */
type Folder = 'tls' | 'proxy'

/** The signal on which that Caddy reads its configuration anew. */
export const RELOAD = 'SIGUSR1'

/** letsencrypt.org/docs/staging-environment: after a failure Caddy tries there until it works. */
const LETS_ENCRYPT = { directory: 'https://acme-v02.api.letsencrypt.org/directory', staging: 'https://acme-staging-v02.api.letsencrypt.org/directory' }

const KEEP = `# Account and certificates

Caddy keeps them here. Keep the folder as long as the stack: without it Caddy asks for everything
anew, and a CA gives out only so many certificates a week for one name.
`

/** The service in front, for `Stack.files`. */
export const FRONT_FILES: Record<string, string> = {
  'tls/Caddyfile': 'acme/files/Caddyfile',
  'tls/handshake.caddy': 'acme/files/handshake.caddy',
  'tls/wire.caddy': 'caddy/wire.caddy',
  'tls/refusals.caddy': 'caddy/refusals.caddy',
}

/** For `Stack.render`. */
export function acmeFiles(folder: Folder, { acme, port }: StackConfig): FileMap {
  if (!acme) return new Map()
  const [first = ''] = acme.names
  const issuer = [
    ...(acme.directory === null ? [`dir ${LETS_ENCRYPT.directory}`, `test_dir ${LETS_ENCRYPT.staging}`] : [`dir ${acme.directory}`]),
    ...(acme.email === null ? [] : [`email ${acme.email}`]),
    ...(acme.root === null ? [] : ['trusted_roots /data/root.crt']),
    // Let's Encrypt certifies an address for six days at a time (letsencrypt.org/docs/profiles).
    ...(acme.directory === null && acme.names.some((name) => isIP(name) !== 0) ? ['profile shortlived'] : []),
  ]
  const certificates = `# Where certificates come from. Caddy renews them in time, without a restart.
http_port 8080
https_port 8443
auto_https disable_redirects
storage file_system /data
# Who names no host in the handshake, or another one, gets the first certificate.
default_sni ${first}
fallback_sni ${first}
cert_issuer acme {
${issuer.map((line) => `\t${line}\n`).join('')}}
`
  const at = (name: string): string => (isIP(name) === 6 ? `[${name}]` : name)
  const sites = `# Port 80, for the CA's checks, which Caddy answers by itself. Everything else is sent to the first name.
http://:8080 {
	@elsewhere not vars_regexp {http.request.orig_uri} "^/"
	respond @elsewhere 400
	redir https://${at(first)}${port === 443 ? '' : `:${port}`}{uri} 308
}

# Each name gets a certificate. The Host is checked behind it, so any other comes in too.
${[...acme.names.map((name) => `https://${at(name)}:8443`), 'https://:8443'].join(', ')} {
	tls {
		import handshake.caddy
	}
	import door
}
`
  return new Map([
    [`${folder}/certificates.caddy`, { content: certificates, mode: 0o644 }],
    [`${folder}/sites.caddy`, { content: sites, mode: 0o644 }],
    ['certs/acme/README.md', { content: KEEP, mode: 0o600 }],
    ...(acme.root === null ? [] : [['certs/acme/root.crt', { content: acme.root, mode: 0o644 }] as const]),
  ])
}

/** What `acmeFiles` was told, as the file says it today. `read`: by project path; null: no such file. */
export function acmeFacts(read: (path: string) => string | null): Pick<Acme, 'email' | 'directory'> {
  const text = read('tls/certificates.caddy') ?? read('proxy/certificates.caddy') ?? ''
  const value = (word: string): string | null => new RegExp(`^\\s*${word} (\\S+)$`, 'm').exec(text)?.[1] ?? null
  const directory = value('dir')
  return { email: value('email'), directory: directory === LETS_ENCRYPT.directory ? null : directory }
}

/** compose.yaml with a service `tls`, which takes over the published port and adds port 80. */
export function serveInFront(doc: Document, config: StackConfig): void {
  const { subnet, user, bind } = config
  const proxy = mapAt(doc, ['services', 'proxy'])
  const service = withNames(config)
  service.set('user', user)
  service.set('ports', withPort80(doc, proxy))
  service.setIn(['networks', 'edge', 'ipv4_address'], `${subnet}.11`)
  service.setIn(['extra_hosts', 0], `upstream-proxy=${subnet}.10`)
  unpublish(doc, bind)
  seqAt(doc, ['services', 'proxy', 'extra_hosts']).add(`upstream-tls=${subnet}.11`)
  dropMount(doc, '/certs')
  addFirst(doc, 'tls', service)
}

/** compose.yaml where the proxy is Caddy: port 80, a place for certificates, and healthy only with one. */
export function serveInProxy(doc: Document, config: StackConfig): void {
  const service = withNames(config)
  const proxy = mapAt(doc, ['services', 'proxy'])
  proxy.set('ports', withPort80(doc, proxy))
  proxy.set('healthcheck', service.get('healthcheck', true))
  seqAt(doc, ['services', 'proxy', 'volumes']).add(service.getIn(['volumes', 1], true))
}

/** Where Caddy keeps the certificate of a name, below a folder for the CA that gave it (certmagic, StorageKeys). */
export function certificateOf(name: string): string {
  const safe = name.replaceAll(':', '-').toLowerCase()
  return `${safe}/${safe}.crt`
}

/** Healthy with a certificate for each name. */
function withNames({ acme }: Pick<StackConfig, 'acme'>): YAMLMap {
  const service = serviceYaml('acme')
  const test = service.getIn(['healthcheck', 'test', 1])
  if (typeof test !== 'string' || !test.includes(ANY)) throw new Error('service.yaml of acme has another health check')
  const each = (acme?.names ?? []).map((name) => `ls /data/certificates/*/${certificateOf(name)} >/dev/null 2>&1`)
  service.setIn(['healthcheck', 'test', 1], test.replace(ANY, each.join(' && ')))
  return service
}

const ANY = 'ls /data/certificates/*/*/*.crt >/dev/null 2>&1'

/** The port that is published already, and port 80 on the same address. */
function withPort80(doc: Document, proxy: YAMLMap): YAMLSeq {
  const ports = proxy.get('ports', true)
  const first = isSeq(ports) ? ports.items[0] : undefined
  if (!isSeq(ports) || !isMap(first)) throw new Error('compose.yaml of this stack publishes no port')
  const address = first.get('host_ip', true)
  if (isScalar(address)) delete address.anchor
  const second = first.clone() as YAMLMap
  second.set('target', 8080)
  second.set('published', '80')
  ports.add(doc.createNode(second))
  return ports
}
