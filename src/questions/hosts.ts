// Under which names and addresses clients reach a stack.

import { isIP } from 'node:net'
import type { Answers } from './fields.ts'
import { isEverywhere, isLoopback, type Machine } from './machine.ts'

/** What the URL and certificate name, in this order: asked for, bound, this machine's. */
export function allHosts({ bind, hosts, tls }: Pick<Answers, 'bind' | 'hosts' | 'tls'>, { names, addresses }: Machine): string[] {
  // Those of the published family first: nobody listens at the others.
  const outside = isEverywhere(bind) ? addresses.map(({ ip }) => ip).sort((a, b) => Number(isIP(b) === isIP(bind)) - Number(isIP(a) === isIP(bind))) : []
  // A certificate that others made names what it names; every address passes the Host check anyway.
  if (tls === 'files' || tls === 'acme') return [...new Set([...hosts, 'localhost', ...names])]
  const near = ['127.0.0.1', 'localhost', '::1']
  const order = isLoopback(bind) ? [bind, ...near, ...names] : isEverywhere(bind) ? [...outside, ...names, ...near] : [bind, ...names, ...near]
  return [...new Set([...hosts, ...order])]
}
