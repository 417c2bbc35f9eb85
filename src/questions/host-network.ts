// --host-network: where the host's network of the engine is that of this machine.

import { hostname as ownName } from 'node:os'
import type { Engine } from '../engine.ts'
import { StackError, UsageError } from '../errors.ts'
import type { Answers } from './fields.ts'

/** No process of the container has a capability, and Docker lowers this limit (net.ipv4.ip_unprivileged_port_start) only in networks of its own. */
const LOWEST_PORT = 1024

export function hostNetworkConflicts({ hostNetwork, tls, port }: Partial<Answers>, platform: NodeJS.Platform = process.platform): UsageError[] {
  if (!hostNetwork) return []
  const found: UsageError[] = []
  if (platform !== 'linux') found.push(new UsageError('E_HOST_NETWORK', '--host-network works on Linux only: elsewhere Docker runs in a virtual machine, whose network is not this one.', 'Leave --host-network out, and filter addresses in the firewall.'))
  if (tls === 'acme') found.push(new UsageError('E_HOST_NETWORK', "--host-network doesn't go with --tls acme: the CA comes to port 80, and only root may listen there.", 'Get the certificate with another program and take --tls files, or leave --host-network out.'))
  else if (port !== undefined && port < LOWEST_PORT) found.push(new UsageError('E_HOST_NETWORK', `--host-network doesn't go with --port ${port}: what listens runs without root, which ports below ${LOWEST_PORT} need.`, 'Leave --port out, or take a higher one: --port 8443'))
  return found
}

/** Why the host's network of that engine isn't this machine's; null where it is. */
export function foreignHost({ address, local, rootless, hostname }: Pick<Engine, 'address' | 'local' | 'rootless' | 'hostname'>, here = ownName()): string | null {
  return !local ? `the engine at ${address} is another machine's`
    : rootless ? `the engine at ${address} runs without root, in a network of its own`
    : hostname !== here ? `the engine at ${address} runs in ${hostname}, which is not this machine (${here}) but a virtual one, or what this program runs in is a container`
    : null
}

/** Throws E_HOST_NETWORK. */
export function refuseForeignHost(engine: Pick<Engine, 'address' | 'local' | 'rootless' | 'hostname'>, here = ownName()): void {
  const where = foreignHost(engine, here)
  if (where === null) return
  throw new StackError('E_HOST_NETWORK', `--host-network can't work here: ${where}.`, { exit: 2, hint: "Use the machine's own Docker Engine (docker context use default), or make the project without --host-network." })
}
