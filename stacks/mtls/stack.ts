// Mutual TLS: Caddy, and a folder of allowed client certificates for each role.
//
// credentials/ROLE/FINGERPRINT.pem is who may come in; the name of the file alone decides, so that
// Caddy needs no reload. certs/clients/ holds what a person takes away.

import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { makeClientCert, makeExpiredCert, makeP12, makeServerCert, readCert, strangerCert, type KeyPair } from '../../src/certs.ts'
import { StackError } from '../../src/errors.ts'
import { checkNewName } from '../names.ts'
import { ROLES, type BadLogin, type Change, type Credential, type FileMap, type Issued, type IssueOptions, type Person, type Role, type Stack, type StackConfig } from '../stack.ts'

// No 0 O 1 l I: people type these from one screen into another.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 24 letters of 57 are 139 bits. */
const LENGTH = 24

const FILES = ['Caddyfile', 'login.caddy', 'routes.caddy', 'upstream.caddy', 'refusals.caddy']

export const mtls: Stack = {
  id: 'mtls',
  title: 'Mutual TLS (Caddy)',
  hint: 'a certificate for each person; nothing to guess, nothing to type',
  noun: 'certificate',
  ownPassword: false,
  needsTls: true,
  howTo: {
    login: 'a client certificate of this project: `certs/clients/NAME.p12` for browsers and phones, `NAME.crt` with `NAME.key` for programs',
    curl: '--cert certs/clients/NAME.crt --key certs/clients/NAME.key',
    credentials: '`admin/` and `user/`: one file for each allowed certificate, named by its SHA-256 fingerprint. A removed file counts at once',
  },
  challenge: /^Certificate realm="Ollama"$/,
  files: () => Object.fromEntries(FILES.map((name) => [`proxy/${name}`, `mtls/files/${name}`])),
  render,
  people: { list, issue, remove },
  badLogins,
}

/** The names that pass the Host check. Addresses pass by their shape, in the Caddyfile. */
function render({ hosts }: StackConfig): FileMap {
  const names = new Set(['localhost', 'host.docker.internal', ...hosts.filter((host) => isIP(host) === 0).map((host) => host.toLowerCase())])
  const content = `# Names that this stack answers to; part of a matcher in the Caddyfile.\nnot host ${[...names].join(' ')}\n`
  return new Map([['proxy/hosts.caddy', { content, mode: 0o644 }]])
}

interface Entry extends Person {
  path: string
}

/** Every file that Caddy looks at. What lets somebody in, but doesn't say whom, is an error. */
function entries(files: FileMap): Entry[] {
  const found: Entry[] = []
  for (const role of ROLES) {
    const folder = `credentials/${role}/`
    for (const [path, { content }] of files) {
      const file = path.slice(folder.length)
      // Dot files are nobody's certificate: no fingerprint begins with a dot.
      if (path.startsWith(folder) && !file.startsWith('.')) found.push(entry(path, file, role, String(content)))
    }
  }
  return found
}

function entry(path: string, file: string, role: Role, content: string): Entry {
  let facts: ReturnType<typeof readCert>
  try {
    facts = readCert(content)
  } catch (cause) {
    throw new StackError('E_CERT_DAMAGED', `${path} is not a whole certificate, so nobody can say whom it lets in.`, {
      hint: `Remove it (rm ${path}); if somebody can't log in any more then, give them a new certificate: ollama-stack user rotate NAME`,
      cause,
    })
  }
  if (file !== `${facts.fingerprint}.pem`) {
    const known = /^[0-9a-f]{64}\.pem$/.test(file)
    throw new StackError('E_CERT_NAME', `${path} holds the certificate of ${facts.cn || 'nobody'}, but its name is not that certificate's fingerprint${known ? '; it lets in another one' : ', so it lets nobody in'}.`, {
      hint: known ? `Remove it: rm ${path}` : `To let ${facts.cn || 'it'} in: mv ${path} credentials/${role}/${facts.fingerprint}.pem`,
    })
  }
  return { path, name: facts.cn, role }
}

/** Each name once: a person may have two certificates for a while. Caddy lets the admin's win. */
function list(files: FileMap): Person[] {
  const people = new Map<string, Person>()
  for (const { name, role } of entries(files)) if (!people.has(name)) people.set(name, { name, role })
  return [...people.values()]
}

async function issue(files: FileMap, { name, role }: Person, { now }: IssueOptions): Promise<Issued> {
  checkNewName(name, list(files).map((person) => person.name))
  const ca = caOf(files)
  const pair = await makeClientCert({ ca, person: name, now })
  const secret = generate()
  const bundle = bundleOf(name)
  const p12 = makeP12({ ...pair, ca: ca.cert, password: secret, name })
  // What lets the person in comes last: a bundle alone opens nothing.
  const change: Change = new Map([
    [bundle.key, { content: pair.key, mode: 0o600 }],
    [bundle.cert, { content: pair.cert, mode: 0o644 }],
    [bundle.p12, { content: p12, mode: 0o600 }],
    [`credentials/${role}/${readCert(pair.cert).fingerprint}.pem`, { content: pair.cert, mode: 0o600 }],
  ])
  return { change, credential: { name, role, secret, files: bundle, login: { headers: {}, ...pair } } }
}

/** What lets the person in goes first. */
function remove(files: FileMap, name: string): Change {
  const own = entries(files).filter((one) => one.name === name).map(({ path }) => path)
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

async function badLogins({ name }: Credential, files: FileMap, now: Date): Promise<BadLogin[]> {
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
