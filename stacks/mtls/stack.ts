// Mutual TLS: Caddy, and a file for each certificate that is let in.
//
// credentials/FINGERPRINT.pem is who may come in (entries.ts); Caddy reads it at each request, so it
// needs no reload. certs/clients/ holds what a person takes away.

import { randomInt } from 'node:crypto'
import { makeClientCert, makeExpiredCert, makeP12, makeServerCert, signClientCert, strangerCert, type KeyPair } from '../../src/certs/certs.ts'
import { StackError, UsageError } from '../../src/errors.ts'
import { remoteIpLines } from '../allow.ts'
import { acmeFiles, serveInProxy } from '../acme/acme.ts'
import { FRONT_FILES, frontAddress, listenOnHost } from '../front/front.ts'
import { hstsNames, ownNames } from '../hosts.ts'
import { checkNewName, checkNotEnded, unknownPerson } from '../names.ts'
import { originPattern } from '../origins.ts'
import { access } from './access.ts'
import { keyTaken, readCsr } from './csr.ts'
import { derOf, entries, entryFile, pathOf, sorted, type Entry } from './entries.ts'
import { spellings } from './spellings.ts'
import type { Account, BadLogin, Change, FileEntry, FileMap, Issued, IssueOptions, MadeCredential, Person, RotateOptions, Stack, StackConfig } from '../stack.ts'

// No 0 O 1 l I: people type these from one screen into another.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 24 letters of 57 are 139 bits. */
const LENGTH = 24

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
  noun: 'certificate',
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

/** Each name once, the oldest first. Whoever has two certificates for a while is as the newer says. */
function list(files: FileMap, now = new Date()): Account[] {
  const newest = new Map<string, Entry>()
  const { whole } = sorted(files)
  for (const one of whole) {
    const other = newest.get(one.name)
    if (!other || isNewer(one, other)) newest.set(one.name, one)
  }
  const overlaps = new Map(whole.flatMap((one) => (one !== newest.get(one.name) && one.until && one.until > now ? [[one.name, one.until] as const] : [])))
  // The files' own order is that of random fingerprints.
  const oldestFirst = [...newest.values()].sort((a, b) => a.issued.getTime() - b.issued.getTime() || (a.name < b.name ? -1 : 1))
  return oldestFirst.map(({ name, role, issued, notAfter, until }) => {
    const overlap = overlaps.get(name)
    return { name, role, created: issued, expires: until && until < notAfter ? until : notAfter, ...(overlap ? { overlap } : {}) }
  })
}

/** A certificate's time has whole seconds; of two made in one, the older was given an end. */
function isNewer(one: Entry, other: Entry): boolean {
  const age = one.issued.getTime() - other.issued.getTime()
  return age !== 0 ? age > 0 : other.until !== null && (one.until === null || one.until > other.until)
}

async function issue(files: FileMap, person: Person, { now, expires = null, csr }: IssueOptions): Promise<Issued> {
  const held = sorted(files).whole
  checkNewName(person.name, held.map(({ name }) => name))
  return give(files, held, person, { now, until: expires, csr })
}

/** Who brought a request brings another one; hand over the bundle that is in certs/clients/ before it is deleted there. */
async function rotate(files: FileMap, name: string, { now, overlap, csr }: RotateOptions): Promise<Issued> {
  const held = entries(files)
  const old = held.filter((one) => one.name === name)
  const [first, ...others] = old
  if (!first) throw unknownPerson(name)
  if (csr === undefined && !files.has(bundleOf(name).key) && files.has(bundleOf(name).cert)) {
    throw new UsageError('E_CSR', `The key of ${name} never left its owner, so only ${name} can renew it.`, `Ask for a new request: ./ollama-stack user rotate ${name} --csr FILE`)
  }
  const { role, until } = others.reduce((best, one) => (isNewer(one, best) ? one : best), first)
  checkNotEnded({ name, role }, until, now, mtls.noun)
  const { change, credential } = await give(files, held, { name, role }, { now, until, csr })
  // Never shorter than was asked for; the proxy counts in whole seconds.
  const end = new Date(Math.ceil((now.getTime() + overlap) / 1000) * 1000)
  for (const one of old) {
    const left = one.until && one.until < end ? one.until : end
    change.set(one.path, overlap > 0 && left > now ? entryFile(one.cert, one.role, left) : null)
  }
  return { change, credential }
}

interface Terms {
  now: Date
  until: Date | null
  csr: string | undefined
}

/** A certificate and its entry, and the bundle for the person. */
async function give(files: FileMap, held: readonly Entry[], { name, role }: Person, { now, until, csr }: Terms): Promise<Issued> {
  const ca = caOf(files)
  const terms = { ca, person: name, now, expires: until }
  const bundle = bundleOf(name)
  if (csr !== undefined) {
    const publicKey = await readCsr(csr)
    // Searched for as bytes, since a key is written in one way only (readCsr, signClientCert).
    const bytes = publicKey.export({ format: 'der', type: 'spki' })
    const taken = held.find((one) => one.name !== name && derOf(one.cert).includes(bytes))
    if (taken) throw keyTaken(taken.name)
    if (derOf(ca.cert).includes(bytes)) throw keyTaken("this project's own CA")
    const [server = ''] = String(files.get('certs/server/server.crt')?.content ?? '').split(/(?<=-----END CERTIFICATE-----)/)
    if (derOf(server).includes(bytes)) throw keyTaken("this project's own server")
    const cert = await signClientCert({ ...terms, publicKey })
    // A key that was made here before belongs to another certificate.
    const change: Change = new Map([[bundle.key, null], [bundle.p12, null], ...handOver(cert)])
    return { change, credential: { name, role, secret: null, files: { cert: bundle.cert, key: null, p12: null }, login: null } }
  }
  const pair = await makeClientCert(terms)
  const secret = generate()
  const p12 = makeP12({ ...pair, ca: ca.cert, password: secret, name })
  const change: Change = new Map([[bundle.key, { content: pair.key, mode: 0o600 }], [bundle.p12, { content: p12, mode: 0o600 }], ...handOver(pair.cert)])
  return { change, credential: { name, role, secret, files: bundle, login: { headers: {}, ...pair } } }

  /** What lets the person in comes last: a bundle alone opens nothing. */
  function handOver(cert: string): [string, FileEntry][] {
    return [[bundle.cert, { content: cert, mode: 0o644 }], [pathOf(cert), entryFile(cert, role, until)]]
  }
}

/** Their certificates go first: a bundle alone opens nothing. Somebody else's damaged file is no reason to leave them in. */
function remove(files: FileMap, name: string): Change {
  const { whole, problems: [damaged] } = sorted(files)
  const own = whole.filter((one) => one.name === name).map(({ path }) => path)
  if (own.length === 0) throw damaged ?? unknownPerson(name)
  return new Map([...own, ...Object.values(bundleOf(name))].map((path) => [path, null]))
}

function bundleOf(name: string): { cert: string; key: string; p12: string } {
  return { cert: `certs/clients/${name}.crt`, key: `certs/clients/${name}.key`, p12: `certs/clients/${name}.p12` }
}

function caOf(files: FileMap): KeyPair {
  const read = (path: string): string => {
    const file = files.get(path)
    if (file) return String(file.content)
    throw new StackError('E_NO_CA', `${path} is missing, and new certificates are signed with it.`, {
      hint: `Put it back from where you keep it. The certificates that exist go on working without it.`,
    })
  }
  return { cert: read('certs/ca.crt'), key: read('certs/ca.key') }
}

function generate(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
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

