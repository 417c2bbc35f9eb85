// One look at what the engine has of a project.

import { LABEL } from '../compose/desired.ts'
import type { Health, Observed, ObservedContainer, ObservedNetwork } from '../compose/types.ts'
import type { Client, ContainerDetails, ContainerSummary, NetworkDetails } from './client.ts'
import { statusOf } from './explain.ts'
import { withTag } from './pull.ts'
import type { EngineNetwork } from './types.ts'

/** The result, or null when what was asked for doesn't exist (any more). */
export async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

export function projectContainers(docker: Client, project: string, signal?: AbortSignal): Promise<ContainerSummary[]> {
  return docker.listContainers({ all: true, filters: { label: [`${LABEL.project}=${project}`] }, ...(signal && { abortSignal: signal }) })
}

export async function observe(docker: Client, project: string, images: string[] = [], signal?: AbortSignal): Promise<Observed> {
  const abort = signal ? { abortSignal: signal } : {}
  const [summaries, networks, { Volumes: volumes }, imageIds] = await Promise.all([
    projectContainers(docker, project, signal),
    docker.listNetworks(abort),
    docker.listVolumes(abort),
    Promise.all(images.map(async (image) => [image, await imageId(docker, image)] as const)),
  ])
  const mine = (labels: Record<string, string> | null | undefined, name: string): boolean =>
    labels?.[LABEL.project] === project || name.startsWith(`${project}_`)
  // A one-off (`docker compose run`) is somebody's terminal, not a service.
  const services = summaries.filter((summary) => summary.Labels[LABEL.oneoff] !== 'True')
  const containers = await Promise.all(services.map(async (summary) => {
    const details = await orNull(docker.getContainer(summary.Id).inspect(abort))
    return details ? [containerOf(summary, details)] : []
  }))
  return {
    project,
    containers: containers.flat(),
    networks: networks.filter((network) => mine(network.Labels, network.Name)).map((network): ObservedNetwork => ({
      id: network.Id,
      name: network.Name,
      project: network.Labels?.[LABEL.project] ?? '',
      key: network.Labels?.[LABEL.network] ?? '',
      driver: network.Driver,
      internal: network.Internal,
      options: network.Options ?? {},
      subnets: subnets(network),
    })),
    volumes: (volumes ?? []).filter((volume) => mine(volume.Labels, volume.Name)).map((volume) => ({
      name: volume.Name, project: volume.Labels?.[LABEL.project] ?? '', key: volume.Labels?.[LABEL.volume] ?? '',
    })),
    images: Object.fromEntries(imageIds),
  }
}

export async function imageId(docker: Client, image: string): Promise<string | null> {
  return (await orNull(docker.getImage(withTag(image)).inspect()))?.Id ?? null
}

export function healthOf(details: ContainerDetails): Health {
  const status = details.State.Health?.Status
  return status === 'healthy' || status === 'unhealthy' || status === 'starting' ? status : 'none'
}

function sinceOf({ State: { Running: runs, StartedAt: started, FinishedAt: finished } }: ContainerDetails): string | null {
  const at = new Date(runs ? started : finished)
  // The zero of Go's clock: never.
  return at.getFullYear() < 1970 || Number.isNaN(at.getTime()) ? null : at.toISOString()
}

function containerOf(summary: ContainerSummary, details: ContainerDetails): ObservedContainer {
  const labels = summary.Labels
  return {
    id: details.Id,
    name: details.Name.replace(/^\//, ''),
    service: labels[LABEL.service] ?? '',
    hash: labels[LABEL.hash] ?? '',
    dir: labels[LABEL.dir] ?? '',
    image: details.Config.Image,
    imageId: labels[LABEL.image] ?? '',
    state: details.State.Status,
    health: healthOf(details),
    since: sinceOf(details),
    restarts: details.RestartCount,
    outOfMemory: details.State.OOMKilled,
    ports: summary.Ports.filter((port) => port.PublicPort).map((port) => ({ bind: port.IP ?? '', port: port.PublicPort, target: port.PrivatePort, protocol: port.Type })),
    networks: Object.values(details.NetworkSettings.Networks).map((network) => network.NetworkID),
    addresses: Object.values(details.NetworkSettings.Networks).map((network) => network.IPAddress).filter((address) => address !== ''),
    volumes: details.Mounts.flatMap((mount) => (mount.Type === 'volume' && mount.Name ? [mount.Name] : [])),
    dependsOn: (labels[LABEL.dependsOn] ?? '').split(',').filter(Boolean).map((entry) => entry.split(':')[0] ?? ''),
  }
}

function subnets(network: NetworkDetails): string[] {
  return (network.IPAM?.Config ?? []).flatMap((pool) => pool['Subnet'] ?? [])
}

/** Every network of the engine. */
export async function networks(docker: Client): Promise<EngineNetwork[]> {
  return (await docker.listNetworks()).map((network) => ({
    id: network.Id, name: network.Name, project: network.Labels?.[LABEL.project] ?? '', driver: network.Driver, subnets: subnets(network),
  }))
}
