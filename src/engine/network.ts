// Networks and volumes of a plan, and who holds an address range.

import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { DesiredNetwork, DesiredVolume, Step } from '../compose/types.ts'
import { StackError } from '../errors.ts'
import { overlaps } from '../net/subnet.ts'
import type { Client, NetworkDetails } from './client.ts'
import { explainEngine, sentence } from './explain.ts'
import { networks, orNull } from './observe.ts'
import { begin, stop, type Run } from './run.ts'

/** Create the plan's networks. A network that changes takes its containers off first; they are recreated later. */
export async function applyNetworks(run: Run, steps: Step[], services: { do: string; id?: string }[]): Promise<void> {
  for (const step of steps) {
    if (step.do !== 'create-network' && step.do !== 'recreate-network') continue
    begin(run, step)
    if (step.do === 'recreate-network') await removeForNow(run, step.name, services.flatMap((service) => (service.do === 'recreate' && service.id ? [service.id] : [])))
    const id = await create(run, step.spec)
    run.undo.push({ what: `network ${step.name}`, back: () => run.docker.getNetwork(id).remove() })
  }
}

async function create(run: Run, { name, spec, labels }: DesiredNetwork): Promise<string> {
  const pools = spec.ipam?.config ?? []
  for (const { subnet } of pools) if (subnet) await refuseHostRoute(run, name, subnet)
  try {
    const network = await run.docker.createNetwork({
      Name: name,
      // Before API 1.44 the engine would make a second network of the same name.
      CheckDuplicate: true,
      Labels: labels,
      Driver: spec.driver ?? 'bridge',
      Internal: spec.internal ?? false,
      Attachable: spec.attachable ?? false,
      ...(spec.enable_ipv6 !== undefined && { EnableIPv6: spec.enable_ipv6 }),
      Options: spec.driver_opts ?? {},
      ...(spec.ipam && {
        IPAM: { Driver: spec.ipam.driver ?? 'default', Config: pools.map(({ subnet, gateway, ip_range }) => ({ ...(subnet && { Subnet: subnet }), ...(gateway && { Gateway: gateway }), ...(ip_range && { IPRange: ip_range }) })) },
      }),
    })
    return network.id
  } catch (error) {
    const subnet = pools[0]?.subnet
    if (subnet && /pool overlaps|overlapping IPv4|conflicts with network/i.test(sentence(error))) {
      const holder = (await networks(run.docker)).find((other) => other.name !== name && other.subnets.some((taken) => overlaps(taken, subnet)))
      throw await subnetTaken(run, subnet, holder ? `the Docker network ${holder.name}${holder.project && ` (project ${holder.project})`}` : 'another network', error)
    }
    throw explainEngine(error, `create the network ${name}`)
  }
}

/**
 * The engine gives a range away even when this machine is in it itself (its LAN, a VPN). The containers'
 * answers to clients there would then go into the new network and be lost.
 */
async function refuseHostRoute(run: Run, name: string, subnet: string): Promise<void> {
  if (!run.local) return
  const bridges = new Set((await networks(run.docker)).flatMap((network) => network.subnets))
  for (const [device, range] of await hostRanges()) {
    if (overlaps(range, subnet) && !bridges.has(range)) throw await subnetTaken(run, subnet, `this machine's network ${range} on ${device}`, new Error(`${name}: ${range}`))
  }
}

/** A company's VPN may route all of 10.0.0.0/8: too wide to say that a few addresses of it are in use. */
const NARROW = 16

/** Ranges that this machine itself is in or has routes to, by interface. */
async function hostRanges(): Promise<[device: string, range: string][]> {
  const own = Object.entries(networkInterfaces()).flatMap(([device, addresses]) =>
    (addresses ?? []).flatMap((address) => (address.family === 'IPv4' && address.cidr && !address.internal ? [[device, masked(address.cidr)] as [string, string]] : [])))
  if (process.platform !== 'linux') return own
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const routes = table.split('\n').slice(1).flatMap((line): [string, string][] => {
    const [device = '', target = '', , , , , , mask = ''] = line.split(/\s+/)
    const bits = [...Number.parseInt(mask || '0', 16).toString(2)].filter((bit) => bit === '1').length
    // The default route is no claim on a range.
    return bits === 0 ? [] : [[device, `${(target.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)).join('.')}/${bits}`]]
  })
  return [...own, ...routes].filter(([, range]) => Number(range.split('/')[1]) >= NARROW)
}

function masked(cidr: string): string {
  const [address = '', bits = '32'] = cidr.split('/')
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const start = number - (number % 2 ** (32 - Number(bits)))
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${bits}`
}

async function subnetTaken(run: Run, subnet: string, holder: string, cause: unknown): Promise<StackError> {
  const prefix = /^(\d+\.\d+\.\d+)\./.exec(subnet)?.[1] ?? ''
  const taken = [...(await networks(run.docker)).flatMap((network) => network.subnets), ...(await hostRanges()).map(([, range]) => range)]
  const [a = 10, b = 213, c = 0] = prefix.split('.').map(Number)
  const free = Array.from({ length: 255 }, (_, i) => `${a}.${b}.${(c + i + 1) % 256}`).find((other) => !taken.some((range) => overlaps(range, `${other}.0/24`)))
  const sed = free && `sed -i.bak 's/${prefix.replaceAll('.', '\\.')}\\./${free}./g' '${run.desired.file}'`
  return new StackError('E_SUBNET_TAKEN', `The address range ${subnet} is taken by ${holder}.`, {
    hint: sed ? `Take another one: ${sed}` : `Write another range into ${run.desired.file}.`, cause,
  })
}

/** Remove a network that is in the way of its changed self, and say how it all comes back. */
async function removeForNow(run: Run, name: string, recreated: string[]): Promise<void> {
  const network = run.docker.getNetwork(name)
  const details = await orNull(network.inspect())
  if (!details) return
  const attached = Object.keys(details.Containers ?? {})
  const foreign = attached.filter((id) => !recreated.includes(id))
  if (foreign.length > 0) {
    const names = foreign.map((id) => details.Containers?.[id]?.Name ?? id).join(' ')
    throw new StackError('E_NETWORK_IN_USE', `The network ${name} has to change, but is used by ${names}.`, { hint: `Take them off it first: docker network disconnect ${name} ${names.split(' ')[0]}` })
  }
  for (const id of attached) {
    const before = await run.docker.getContainer(id).inspect()
    const { Aliases, IPAMConfig } = before.NetworkSettings.Networks[name] ?? {}
    run.undo.push({ what: `stopped container ${before.Name.slice(1)}`, back: () => run.docker.getContainer(id).start() })
    await stop(run.docker, id)
    run.undo.push({ what: `container ${before.Name.slice(1)} without ${name}`, back: () => network.connect({ Container: id, EndpointConfig: { Aliases, IPAMConfig } }) })
    await network.disconnect({ Container: id, Force: true })
  }
  run.undo.push({ what: `removed network ${name}`, back: () => restore(run.docker, details) })
  await network.remove()
}

function restore(docker: Client, { Name, Driver, Internal, Attachable, EnableIPv6, IPAM, Options, Labels }: NetworkDetails): Promise<unknown> {
  return docker.createNetwork({ Name, Driver, Internal, Attachable, EnableIPv6, IPAM, Options, Labels, CheckDuplicate: true })
}

/** Creating a volume that exists succeeds and changes nothing, so only a look before tells whether it is ours to take back. */
export async function createVolume(run: Run, { name, spec, labels }: DesiredVolume): Promise<void> {
  if (await orNull(run.docker.getVolume(name).inspect())) return
  await run.docker.createVolume({ Name: name, Labels: labels, ...(spec.driver && { Driver: spec.driver }), ...(spec.driver_opts && { DriverOpts: spec.driver_opts }) })
  run.undo.push({ what: `volume ${name}`, back: () => run.docker.getVolume(name).remove() })
}
