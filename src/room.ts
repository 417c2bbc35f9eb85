// Is there room on the engine for a new project? Looked at before anything is written.

import type { StaticConfig } from './config.ts'
import type { Engine } from './engine.ts'
import { portHolder } from './engine/ports.ts'
import { StackError, UsageError } from './errors.ts'
import { refuseForeignHost } from './host-network.ts'
import { thisMachine } from './machine.ts'
import { freePort, isHere } from './port-free.ts'

/** Throws E_HOST_NETWORK, E_PROJECT_EXISTS, E_PORT_TAKEN or E_BIND. A models volume of that name is no obstacle: its models are used again. */
export async function nothingInTheWay(engine: Engine, { name, bind, port, tls, hostNetwork }: StaticConfig): Promise<void> {
  if (hostNetwork) refuseForeignHost(engine)
  const { containers } = await engine.observe(name)
  const [first] = containers
  if (first) {
    throw new StackError('E_PROJECT_EXISTS', `A Compose project called ${name} is on this engine already (container ${first.name}). Nothing was written.`, {
      hint: `Choose another name: --name ${name}-2. Or take that one down first: docker compose -p ${name} down`,
    })
  }
  if (engine.local && !(await isHere(bind))) {
    const { addresses } = thisMachine()
    throw new UsageError('E_BIND', `--bind ${bind}: this machine has no such address.`, `It has ${['127.0.0.1', ...addresses.map(({ ip }) => ip)].join(', ')}; 0.0.0.0 means all of them.`)
  }
  await portIsFree(engine, bind, port, async () => `Choose another one: --port ${await freePort(bind, port < 65_535 ? port + 1 : port - 1)}`)
  if (tls === 'acme') await portIsFree(engine, bind, 80, async () => 'The CA comes to port 80 and to no other.')
}

async function portIsFree(engine: Engine, bind: string, port: number, otherwise: () => Promise<string>): Promise<void> {
  const owner = await engine.portOwner(bind, port)
  if (owner === null) return
  const { who, fix } = portHolder(owner, port)
  throw new StackError('E_PORT_TAKEN', `Port ${port} on ${bind} is taken by ${who}. Nothing was written.`, { hint: `${await otherwise()}\n${fix}` })
}
