// Who may come in, and what each of them takes away: certificates, and the CA that signs them.

import { randomInt } from 'node:crypto'
import { makeClientCert, makeP12, signClientCert, type KeyPair } from '../../src/certs/certs.ts'
import { StackError, UsageError } from '../../src/errors.ts'
import { checkNewName, checkNotEnded, unknownPerson } from '../names.ts'
import { keyTaken, readCsr } from './csr.ts'
import { derOf, entries, entryFile, pathOf, sorted, type Entry } from './entries.ts'
import type { Account, Change, FileEntry, FileMap, Issued, IssueOptions, Person, RotateOptions } from '../stack.ts'

export const NOUN = 'certificate'

// No 0 O 1 l I: people type these from one screen into another.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 24 letters of 57 are 139 bits. */
const LENGTH = 24

/** Each name once, the oldest first. Whoever has two certificates for a while is as the newer says. */
export function list(files: FileMap, now = new Date()): Account[] {
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

export async function issue(files: FileMap, person: Person, { now, expires = null, csr }: IssueOptions): Promise<Issued> {
  const held = sorted(files).whole
  checkNewName(person.name, held.map(({ name }) => name))
  return give(files, held, person, { now, until: expires, csr })
}

/** Who brought a request brings another one; hand over the bundle that is in certs/clients/ before it is deleted there. */
export async function rotate(files: FileMap, name: string, { now, overlap, csr }: RotateOptions): Promise<Issued> {
  const held = entries(files)
  const old = held.filter((one) => one.name === name)
  const [first, ...others] = old
  if (!first) throw unknownPerson(name)
  if (csr === undefined && !files.has(bundleOf(name).key) && files.has(bundleOf(name).cert)) {
    throw new UsageError('E_CSR', `The key of ${name} never left its owner, so only ${name} can renew it.`, `Ask for a new request: ./ollama-stack user rotate ${name} --csr FILE`)
  }
  const { role, until } = others.reduce((best, one) => (isNewer(one, best) ? one : best), first)
  checkNotEnded({ name, role }, until, now, NOUN)
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
export function remove(files: FileMap, name: string): Change {
  const { whole, problems: [damaged] } = sorted(files)
  const own = whole.filter((one) => one.name === name).map(({ path }) => path)
  if (own.length === 0) throw damaged ?? unknownPerson(name)
  return new Map([...own, ...Object.values(bundleOf(name))].map((path) => [path, null]))
}

export function bundleOf(name: string): { cert: string; key: string; p12: string } {
  return { cert: `certs/clients/${name}.crt`, key: `certs/clients/${name}.key`, p12: `certs/clients/${name}.p12` }
}

export function caOf(files: FileMap): KeyPair {
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
