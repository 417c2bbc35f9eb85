// What doesn't go together about encryption, and what is wrong with the files that it needs.

import { isIP } from 'node:net'
import { stacks } from '../../stacks/index.ts'
import { isPublicName } from '../../stacks/hosts.ts'
import { UsageError } from '../errors.ts'
import type { Answers } from './fields.ts'
import { isLoopback, isPrivate, isPublicAddress, type Machine } from './machine.ts'
import { checkOwnCert, readOwnCert, readRoot } from './own-cert.ts'

/** As far as the answers are known. Reads the files that they name. */
export function tlsConflicts(known: Partial<Answers>, machine: Machine): UsageError[] {
  return [...plain(known, machine), ...unused(known), ...(known.tls === 'files' ? files(known) : []), ...(known.tls === 'acme' ? acme(known) : [])]
}

function plain({ auth, tls, bind, insecureHttp }: Partial<Answers>, machine: Machine): UsageError[] {
  if (tls !== 'off') return []
  if (auth !== undefined && stacks[auth]?.needsTls) {
    return [new UsageError('E_TLS', `--auth ${auth} can't go with --tls off: the login is a certificate, and only TLS carries one.`, 'Leave --tls out, or write --tls private.')]
  }
  if (bind === undefined || insecureHttp || isPrivate(bind, machine)) return []
  return [new UsageError('E_INSECURE', `--tls off on ${bind} would send every credential and prompt readable over the network.`, 'Leave --tls out to get HTTPS with a private CA. If something else encrypts the way: --insecure-http')]
}

function unused({ tls, tlsCert, tlsKey, acmeEmail, acmeDirectory, acmeRoot }: Partial<Answers>): UsageError[] {
  if (tls === undefined) return []
  const given = (flags: Record<string, unknown>): string[] => Object.entries(flags).filter(([, value]) => value !== undefined && value !== null).map(([flag]) => flag)
  const rows: [kind: string, flags: string[]][] = [
    ['files', given({ '--tls-cert': tlsCert, '--tls-key': tlsKey })],
    ['acme', given({ '--acme-email': acmeEmail, '--acme-directory': acmeDirectory, '--acme-root': acmeRoot })],
  ]
  return rows.filter(([kind, flags]) => flags.length > 0 && kind !== tls)
    .map(([kind, flags]) => new UsageError('E_TLS', `${flags.join(' and ')} ${flags.length === 1 ? "doesn't" : "don't"} go with --tls ${tls}.`, `Leave ${flags.length === 1 ? 'it' : 'them'} out, or write --tls ${kind}.`))
}

function files({ tlsCert, tlsKey, hosts = [] }: Partial<Answers>): UsageError[] {
  if (tlsCert === null || tlsKey === null) {
    return [new UsageError('E_TLS', `--tls files needs ${[tlsCert === null ? '--tls-cert' : '', tlsKey === null ? '--tls-key' : ''].filter(Boolean).join(' and ')}.`, 'Name the files: --tls-cert fullchain.pem --tls-key privkey.pem')]
  }
  if (tlsCert === undefined) return []
  if (tlsKey === undefined) return problem(() => checkOwnCert(tlsCert, { hosts, now: new Date() }))
  return problem(() => {
    const { names } = readOwnCert(tlsCert, tlsKey, { hosts, now: new Date() })
    if (hosts.length === 0 && names.length === 0) throw new UsageError('E_TLS_FILES', `${tlsCert} names only wildcards.`, 'Say which name clients use: --host ollama.example.com')
  })
}

function acme({ bind, port, hosts, acmeDirectory, acmeRoot }: Partial<Answers>): UsageError[] {
  const found: UsageError[] = []
  if (bind !== undefined && isLoopback(bind)) {
    found.push(new UsageError('E_ACME', `--tls acme can't go with --bind ${bind}: the CA looks for this machine from outside.`, 'Add --bind 0.0.0.0, or take --tls private.'))
  }
  if (port === 80) found.push(new UsageError('E_ACME', "--port 80 doesn't go with --tls acme: there the CA asks its questions.", 'Leave --port out for 443.'))
  if (hosts?.length === 0) found.push(new UsageError('E_ACME', '--tls acme needs the public name that leads to this machine.', 'Add --host ollama.example.com'))
  const late = (hosts ?? []).slice(1).filter((host) => isIP(host) !== 0)
  if (late.length > 0) {
    found.push(new UsageError('E_ACME', `--host ${late[0]} must come first with --tls acme: who connects by address names nobody, and gets the first certificate.`, `Write --host ${late[0]} before the others, and no second address.`))
  }
  // A company's own CA certifies what it likes, but Caddy would sign these itself (certmagic, SubjectIsInternal).
  const internal = acmeDirectory ? (hosts ?? []).filter((host) => (isIP(host) === 0 ? /(?:^|\.)(?:localhost|local|internal|home\.arpa)$/.test(host) : !isPublicAddress(host))) : []
  if (internal.length > 0) {
    found.push(new UsageError('E_ACME', `Caddy asks no CA for ${internal.join(', ')}: it takes .local, .internal, .home.arpa and private addresses for names of its own.`, 'Use another name of that machine (every address of it is answered anyway), or take --tls private.'))
  }
  const closed = acmeDirectory ? [] : (hosts ?? []).filter((host) => !(isIP(host) === 0 ? isPublicName(host) : isPublicAddress(host)))
  if (closed.length > 0) {
    found.push(new UsageError('E_ACME', `Let's Encrypt gives no certificate for ${closed.join(', ')}: only for public names and addresses.`, 'Give a public name, such as --host ollama.example.com, take --tls private, or name your own CA with --acme-directory.'))
  }
  if (acmeRoot && acmeDirectory === null) found.push(new UsageError('E_ACME', '--acme-root goes with --acme-directory: everybody trusts Let\'s Encrypt already.', 'Leave it out, or add --acme-directory.'))
  return [...found, ...(acmeRoot ? problem(() => readRoot(acmeRoot)) : [])]
}

function problem(look: () => unknown): UsageError[] {
  try {
    look()
    return []
  } catch (error) {
    if (error instanceof UsageError) return [error]
    throw error
  }
}
