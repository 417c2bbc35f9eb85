// What a restored project would meet on this machine. Only a project of the same name is refused: its
// containers would be taken for this one's. The rest can be changed once the files are there.

import type { ComposeFile } from '../compose.ts'
import type { Engine } from '../engine.ts'
import { portHolder } from '../engine/ports.ts'
import { StackError } from '../errors.ts'
import { isHere } from '../net/port-free.ts'
import { frontOf, publishedBy } from '../project/project.ts'
import { overlaps } from '../net/subnet.ts'

/** Throws E_PROJECT_EXISTS. Returns a sentence for each thing that is in the way of `up`. */
export async function inTheWay(engine: Engine, file: ComposeFile): Promise<string[]> {
  const { name } = file
  const { containers } = await engine.observe(name)
  const [first] = containers
  if (first) {
    throw new StackError('E_PROJECT_EXISTS', `A Compose project called ${name} is on this engine already (container ${first.name}), and this backup is of one called ${name} too: each would take the other's containers for its own. Nothing was written.`, {
      exit: 2,
      hint: `If it is the one that you are restoring, remove its containers first (models stay): docker compose -p ${name} down`,
    })
  }
  const found: string[] = []
  for (const { bind, port } of publishedBy(file.services[frontOf(file)])) {
    const owner = port === 0 ? null : await engine.portOwner(bind, port)
    if (owner) found.push(`Port ${port} on ${bind} is taken by ${portHolder(owner, port).who}.`)
    if (engine.local && !(await isHere(bind))) found.push(`This machine has no address ${bind}, which compose.yaml publishes on.`)
  }
  const others = (await engine.networks()).filter(({ project }) => project !== name)
  for (const subnet of Object.values(file.networks).flatMap(({ ipam }) => ipam?.config?.flatMap((pool) => pool.subnet ?? []) ?? [])) {
    const other = others.find(({ subnets }) => subnets.some((taken) => overlaps(taken, subnet)))
    if (other) found.push(`The address range ${subnet} is taken by the network ${other.name}${other.project && ` (project ${other.project})`}.`)
  }
  return found
}
