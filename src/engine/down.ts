// Remove what a project has on the engine, as `docker compose down` does.

import { LABEL } from '../compose/desired.ts'
import { CancelError } from '../errors.ts'
import type { Client, ContainerSummary } from './client.ts'
import { explainEngine, statusOf } from './explain.ts'
import { projectContainers } from './observe.ts'
import { all, remove, stop } from './run.ts'
import type { Removed } from './types.ts'

interface Options {
  volumes?: boolean
  signal?: AbortSignal
  onRemove?: (what: string) => void
}

/** Containers, each after those that depend on it; then networks; volumes only when asked. */
export async function down(docker: Client, project: string, { volumes = false, signal, onRemove }: Options = {}): Promise<Removed> {
  const removed: Removed = { containers: [], networks: [], volumes: [], kept: [] }
  const label = { filters: { label: [`${LABEL.project}=${project}`] } }
  const check = (): void => {
    if (signal?.aborted) throw new CancelError('Part of the stack is stopped; run the command again to finish.')
  }
  try {
    let rest = await projectContainers(docker, project, signal)
    const networks = await docker.listNetworks(label)
    const drop = async (kind: 'networks' | 'volumes', name: string, call: () => Promise<unknown>): Promise<void> => {
      check()
      try {
        await call()
        removed[kind].push(name)
        onRemove?.(`${kind.slice(0, -1)} ${name}`)
      } catch (error) {
        // 403 and 409: still in use by containers that aren't this project's.
        if ([403, 409].includes(statusOf(error))) removed.kept.push(name)
        else if (statusOf(error) !== 404) throw error
      }
    }
    // The engine takes its time for each, and one after the other: those that nobody uses any more go while others still stop.
    const dropped: Promise<void>[] = []
    const dropUnused = (): void => {
      for (const { Id: id, Name: name } of networks.filter((network) => !rest.some((container) => uses(container, network.Id)))) {
        networks.splice(networks.findIndex((network) => network.Id === id), 1)
        const going = drop('networks', name, () => docker.getNetwork(id).remove())
        going.catch(() => undefined) // heard below, once the containers are gone too
        dropped.push(going)
      }
    }
    try {
      while (rest.length > 0) {
        await all(independent(rest).map(async (container) => {
          const name = container.Names[0]?.replace(/^\//, '') ?? container.Id
          check()
          await stop(docker, container.Id)
          check()
          await remove(docker, container.Id, volumes)
          removed.containers.push(name)
          onRemove?.(`container ${name}`)
          rest = rest.filter((other) => other !== container)
          dropUnused()
        }))
      }
      dropUnused()
    } finally {
      await Promise.allSettled(dropped)
    }
    await all(dropped)
    if (volumes) {
      const { Volumes: found } = await docker.listVolumes(label)
      for (const volume of found ?? []) await drop('volumes', volume.Name, () => docker.getVolume(volume.Name).remove())
    }
    return removed
  } catch (error) {
    throw explainEngine(error, `remove the project ${project}`)
  }
}

function uses({ NetworkSettings }: ContainerSummary, network: string): boolean {
  return Object.values(NetworkSettings.Networks).some(({ NetworkID: id }) => id === network)
}

/** Containers whose service none of the others depends on; all, when they do so in a circle. */
function independent(containers: ContainerSummary[]): ContainerSummary[] {
  const needed = new Set(containers.flatMap(({ Labels }) => (Labels[LABEL.dependsOn] ?? '').split(',').map((entry) => entry.split(':')[0])))
  const free = containers.filter(({ Labels }) => !needed.has(Labels[LABEL.service] ?? ''))
  return free.length > 0 ? free : containers
}

/** Sizes in bytes of the project's volumes; -1 where the engine doesn't know. The engine walks them: it can take seconds. */
export async function volumeSizes(docker: Client, project: string): Promise<{ name: string; bytes: number }[]> {
  try {
    const { Volumes: volumes } = await docker.df() as { Volumes?: { Name: string; Labels?: Record<string, string> | null; UsageData?: { Size: number } }[] | null }
    return (volumes ?? []).filter((volume) => volume.Labels?.[LABEL.project] === project)
      .map((volume) => ({ name: volume.Name, bytes: volume.UsageData?.Size ?? -1 }))
  } catch (error) {
    throw explainEngine(error, 'measure the volumes')
  }
}
