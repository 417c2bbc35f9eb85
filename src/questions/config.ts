// Answers that fit together -> StackConfig. Every problem is reported at once.

import { isIP } from 'node:net'
import { stacks } from '../../stacks/index.ts'
import type { StackConfig } from '../../stacks/stack.ts'
import { UsageError } from '../errors.ts'
import type { Answers } from './fields.ts'
import { allHosts } from './hosts.ts'
import { checkDirectory } from './directory.ts'
import { gpuConflicts } from './gpu.ts'
import { isAllowed } from './allowed.ts'
import { hostNetworkConflicts } from './host-network.ts'
import { isEverywhere, isLoopback, loopback, type Machine } from './machine.ts'
import { readOwnCert, readRoot } from './own-cert.ts'
import { tlsConflicts } from './tls-conflicts.ts'
import { host } from './values.ts'

export type StaticConfig = Omit<StackConfig, 'user' | 'subnet' | 'elsewhere' | 'gpu'>

/** What the answers so far can't have together. Also asked before the wizard, about the flags alone. */
export function conflicts(known: Partial<Answers>, ownPassword: boolean, machine: Machine): UsageError[] {
  const { directory, auth } = known
  const stack = auth === undefined ? undefined : stacks[auth]
  const found: UsageError[] = []
  if (directory !== undefined) {
    try {
      checkDirectory(directory)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      found.push(error)
    }
  }
  found.push(...tlsConflicts(known, machine))
  found.push(...allowConflicts(known), ...hostNetworkConflicts(known), ...gpuConflicts(known))
  if (known.rate && stack && !stack.limitsRate) {
    const able = Object.values(stacks).filter(({ limitsRate }) => limitsRate).map(({ id }) => id)
    found.push(new UsageError('E_RATE', `--rate doesn't go with --auth ${stack.id}: its proxy can't count requests.`, `Leave it out, or take --auth ${able.join(' or ')}.`))
  }
  if (ownPassword && stack && !stack.brings.includes('password')) {
    const able = Object.values(stacks).filter((other) => other.brings.includes('password')).map(({ id }) => id)
    found.push(new UsageError('E_PASSWORD', `--password-stdin doesn't go with --auth ${stack.id}: its ${stack.noun}s are made, not chosen.`, `Leave it out, or take --auth ${able.join(' or ')}.`))
  }
  return found
}

/** Docker puts an address of its own in the place of this machine's loopback address. */
function allowConflicts({ allow = [], bind, hostNetwork }: Partial<Answers>): UsageError[] {
  if (allow.length === 0 || hostNetwork) return []
  if (bind !== undefined && isLoopback(bind)) return [new UsageError('E_ALLOW', `--allow doesn't go with --bind ${bind}: only this machine can connect there.`, 'Leave --allow out, or publish it on an address that others reach: --bind 0.0.0.0')]
  const own = allow.filter((entry) => isLoopback(entry.split('/')[0] ?? ''))
  return own.length === 0 ? [] : [new UsageError('E_ALLOW', `--allow can't be ${own.join(', ')}: behind Docker nobody comes from there, not even this machine.`, 'Name the addresses that this machine has in its networks, or add --host-network (Linux).')]
}

/** The wizard doesn't ask for this permission, so only flags can have it without a use. */
export function unusedPermission({ auth, tls, insecureHttp }: Partial<Answers>): UsageError[] {
  const needsTls = auth !== undefined && stacks[auth]?.needsTls === true
  if (!insecureHttp || !(needsTls || (tls !== undefined && tls !== 'off'))) return []
  const why = needsTls ? `--auth ${auth} is always encrypted` : `--tls is ${tls}`
  return [new UsageError('E_INSECURE', `--insecure-http allows plain HTTP, but ${why}.`, needsTls ? 'Leave --insecure-http out.' : 'Leave --insecure-http out to keep HTTPS. To have plain HTTP, write --tls off as well.')]
}

export function toConfig(answers: Answers, machine: Machine): StaticConfig {
  const { name, auth, bind, port, tls, insecureHttp, origins, hostNetwork, rate, model, hosts: asked } = answers
  const { acmeEmail: email, acmeDirectory: directory, acmeRoot } = answers
  const hosts = allHosts({ bind, tls, hosts: tls === 'files' && asked.length === 0 ? ownCert(answers, new Date())?.names.map(host) ?? [] : asked }, machine)
  const acme = tls === 'acme' ? { names: asked, email, directory, root: acmeRoot === null ? null : readRoot(acmeRoot) } : null
  return { name, auth, bind, port, tls, acme, insecureHttp, origins, allow: withThisMachine(answers, machine), hostNetwork, rate, model, hosts }
}

/** Whoever sets it up pulls and tests through the door too: this machine's own address is on every list. */
function withThisMachine({ allow, bind, hostNetwork }: Answers, { addresses }: Machine): string[] {
  const all = [...(hostNetwork ? [loopback(bind)] : []), ...addresses.map(({ ip }) => ip)]
  const own = isEverywhere(bind) ? all.filter((ip) => isIP(ip) === isIP(bind)) : [bind]
  const [first] = own
  return allow.length === 0 || first === undefined || own.some((ip) => isAllowed(allow, ip)) ? allow : [...allow, first]
}

/** What goes to certs/server with `--tls files`; else null. Throws UsageError E_TLS_FILES. */
export function ownCert({ tls, tlsCert, tlsKey, hosts }: Answers, now: Date): ReturnType<typeof readOwnCert> | null {
  return tls === 'files' && tlsCert !== null && tlsKey !== null ? readOwnCert(tlsCert, tlsKey, { hosts, now }) : null
}
