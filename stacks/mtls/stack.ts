// Mutual TLS: Caddy, and a file for each certificate that is let in.
//
// credentials/FINGERPRINT.pem is who may come in (entries.ts); Caddy reads it at each request, so it
// needs no reload. certs/clients/ holds what a person takes away.

import { makeClientCert, makeExpiredCert, makeServerCert, strangerCert, type KeyPair } from '../../src/certs/certs.ts'
import { remoteIpLines } from '../allow.ts'
import { acmeFiles, serveInProxy } from '../acme/acme.ts'
import { FRONT_FILES, frontAddress, listenOnHost } from '../front/front.ts'
import { hstsNames, ownNames } from '../hosts.ts'
import { originPattern } from '../origins.ts'
import { access } from './access.ts'
import { sorted } from './entries.ts'
import { bundleOf, caOf, issue, list, NOUN, remove, rotate } from './people.ts'
import { spellings } from './spellings.ts'
import type { BadLogin, FileMap, MadeCredential, Stack, StackConfig } from '../stack.ts'

/** Matches no text at all (RE2). */
const NOTHING = '[^\\x00-\\x{10FFFF}]'

const FILES = ['Caddyfile', 'access-log.caddy', 'handshake.caddy', 'browser.caddy', 'login.caddy', 'routes.caddy', 'upstream.caddy']
/** Where the server's certificate comes from; with ACME they are generated. */
const FROM_FILES = ['certificates.caddy', 'sites.caddy']

/** With --host-network. Caddy doesn't insist on an address before everything else, so who says none has that of the host. */
const PAST_FRONT = `# Nobody comes from there but who went past the service front.
@past_front remote_ip {$FRONT}
vars @past_front why address
error @past_front 403
`

export const mtls: Stack = {
  id: 'mtls',
  title: 'Mutual TLS (Caddy)',
  hint: 'a certificate for each person; nothing to guess, nothing to type',
  noun: NOUN,
  brings: ['csr'],
  needsTls: true,
  limitsRate: false,
  reload: 'SIGUSR1',
  howTo: {
    login: 'a client certificate of this project: `certs/clients/NAME.p12` for browsers and phones, `NAME.crt` with `NAME.key` for programs',
    curl: '--cert certs/clients/NAME.crt --key certs/clients/NAME.key',
    credentials: 'one file for each allowed certificate, named by its SHA-256 fingerprint: the certificate, then a line such as `user` or `admin until 2027-01-31`. An edit or a removed file counts at once; a damaged file lets nobody in',
  },
  carried: (name) => ({ flags: [], files: bundleOf(name) }),
  challenge: /^Certificate realm="Ollama"$/,
  files: ({ tls, hostNetwork }) => ({
    ...Object.fromEntries([...FILES, ...(tls === 'acme' ? [] : FROM_FILES)].map((name) => [`proxy/${name}`, `mtls/files/${name}`])),
    'proxy/wire.caddy': 'caddy/wire.caddy',
    'proxy/refusals.caddy': 'caddy/refusals.caddy',
    'proxy/listeners.caddy': hostNetwork ? 'front/files/listeners.caddy' : 'mtls/files/listeners.caddy',
    ...(hostNetwork ? FRONT_FILES : {}),
  }),
  render,
  compose(doc, config) {
    if (config.tls === 'acme') serveInProxy(doc, config)
    if (!config.hostNetwork) return
    listenOnHost(doc, config)
    doc.setIn(['services', 'proxy', 'environment', 'FRONT'], frontAddress(config))
  },
  people: { list, problems: (files) => sorted(files).problems.map(({ message }) => message.replace(/\.$/, '')), issue, rotate, remove },
  access,
  allowlist: 'proxy/allow.caddy',
  badLogins,
  spellings,
}

/** The names that pass the Host check (addresses pass by their shape, in the Caddyfile), the origins, the names of HSTS. */
function render(config: StackConfig): FileMap {
  const { hosts, origins = [], allow = [] } = config
  const content = `# Names that this stack answers to, in any case of the letters and with any port; part of a matcher in the Caddyfile.\nnot vars_regexp {http.request.hostport} "${namePattern(ownNames(hosts))}"\n`
  const allowed = origins.length === 0 ? NOTHING : originPattern(origins)
  const pages = `# Web pages and apps that may call from a browser; part of matchers in browser.caddy.\nvars_regexp origin "${allowed}"\n`
  const bound = hstsNames(config)
  // Two years, as Mozilla has it (guideline 6.0).
  const hsts = bound.length === 0 ? '# None.\n' : `@bound vars_regexp {http.request.hostport} "${namePattern(bound)}"\nheader @bound Strict-Transport-Security max-age=63072000\n`
  return new Map([
    ['proxy/hosts.caddy', { content, mode: 0o644 }],
    ['proxy/origins.caddy', { content: pages, mode: 0o644 }],
    ['proxy/allow.caddy', { content: `# Who may connect.\n${config.hostNetwork ? PAST_FRONT : ''}${remoteIpLines(allow)}`, mode: 0o644 }],
    ['proxy/hsts.caddy', { content: `# Names that browsers shall never ask for without TLS.\n${hsts}`, mode: 0o644 }],
    ...acmeFiles('proxy', config),
  ])
}

function namePattern(names: readonly string[]): string {
  return `(?i)^(?:${names.map((name) => name.replaceAll('.', '\\.')).join('|')})(?::[0-9]{1,5})?$`
}

async function badLogins({ name }: MadeCredential, files: FileMap, now: Date): Promise<BadLogin[]> {
  const ca = caOf(files)
  const bad = (id: string, title: string, expect: BadLogin['expect'], pair: KeyPair): BadLogin => ({ id, title, expect, login: { headers: {}, ...pair } })
  return [
    bad('foreign-ca', "Another CA's certificate of the same name is refused", 'alert', await strangerCert({ person: name, now })),
    bad('expired', 'An expired certificate is refused', 'alert', await makeExpiredCert({ ca, person: name, now })),
    bad('server-as-client', 'A server certificate is refused as a client', 'alert', await makeServerCert({ ca, hosts: ['localhost'], now })),
    bad('ca-as-client', "The CA's own certificate is refused as a client", 401, ca),
    bad('not-listed', "A certificate of our CA that isn't in credentials/ is refused", 401, await makeClientCert({ ca, person: name, now })),
  ]
}
