// Is there room on the engine for a new project? Looked at before anything is written.

import type { StaticConfig } from '../questions/config.ts'
import type { Engine } from '../engine.ts'
import { portHolder } from '../engine/ports.ts'
import { StackError, UsageError } from '../errors.ts'
import { refuseForeignHost } from '../questions/host-network.ts'
import { thisMachine } from '../questions/machine.ts'
import { freePort, isHere } from '../net/port-free.ts'

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
  await addressIsHere(engine, bind)
  await portIsFree(engine, bind, port, () => another(bind, port))
  if (tls === 'acme') await portIsFree(engine, bind, 80, PORT_80)
}

/** The same for what a project that may be running already changes; its own containers are in nobody's way. Throws E_HOST_NETWORK, E_PORT_TAKEN or E_BIND. */
export async function roomForChange(engine: Engine, before: Place, { name, bind, port, tls, hostNetwork }: Place): Promise<void> {
  if (hostNetwork) refuseForeignHost(engine)
  const moved = bind !== before.bind
  if (moved) await addressIsHere(engine, bind)
  // In this machine's own network it is a process of ours that listens, which can't be told from others.
  const unknown = before.hostNetwork && port === before.port
  if ((moved || port !== before.port) && !unknown) await portIsFree(engine, bind, port, () => another(bind, port), name)
  if (tls === 'acme' && (moved || before.tls !== 'acme')) await portIsFree(engine, bind, 80, PORT_80, name)
}

type Place = Pick<StaticConfig, 'name' | 'bind' | 'port' | 'tls' | 'hostNetwork'>

const PORT_80 = async (): Promise<string> => 'The CA comes to port 80 and to no other.'

async function another(bind: string, port: number): Promise<string> {
  return `Choose another one: --port ${await freePort(bind, port < 65_535 ? port + 1 : port - 1)}`
}

async function addressIsHere(engine: Engine, bind: string): Promise<void> {
  if (!engine.local || (await isHere(bind))) return
  const { addresses } = thisMachine()
  throw new UsageError('E_BIND', `--bind ${bind}: this machine has no such address.`, `It has ${['127.0.0.1', ...addresses.map(({ ip }) => ip)].join(', ')}; 0.0.0.0 means all of them.`)
}

/** `own`: the project whose containers may have it. */
async function portIsFree(engine: Engine, bind: string, port: number, otherwise: () => Promise<string>, own?: string): Promise<void> {
  const owner = await engine.portOwner(bind, port)
  if (owner === null || (own !== undefined && owner.kind === 'container' && owner.project === own)) return
  const { who, fix } = portHolder(owner, port)
  throw new StackError('E_PORT_TAKEN', `Port ${port} on ${bind} is taken by ${who}. Nothing was written.`, { hint: `${await otherwise()}\n${fix}` })
}
