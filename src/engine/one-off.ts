// One command in a container of its own, which is gone afterwards.

import type { Duplex } from 'node:stream'
import { LABEL } from '../compose/desired.ts'
import type { Client } from './client.ts'
import { explainEngine } from './explain.ts'
import { remove } from './run.ts'
import { collect } from './stream.ts'
import type { OneOff } from './types.ts'

/**
 * The engine removes it when it ends, also when nobody is left to wait for it; with the project's
 * label `down` knows it too. It may do nothing but speak over its networks.
 */
export async function oneOff(docker: Client, { project, image, cmd, networks: [first = 'none', ...others], signal }: OneOff): Promise<{ stdout: string; stderr: string }> {
  try {
    signal?.throwIfAborted()
    // No signal goes along: an aborted call could leave a container that nobody knows of.
    const container = await docker.createContainer({
      Image: image,
      Entrypoint: [],
      Cmd: [...cmd],
      User: '65534:65534',
      Labels: { [LABEL.project]: project, [LABEL.oneoff]: 'True' },
      HostConfig: { NetworkMode: first, AutoRemove: true, CapDrop: ['ALL'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges:true'], PidsLimit: 64, Memory: 64 << 20 },
    })
    let stream: Duplex | undefined
    const stop = (): void => void stream?.destroy(signal?.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for (const network of others) await docker.getNetwork(network).connect({ Container: container.id })
      // Before the start, or its first words would be missed.
      stream = await container.attach({ stream: true, stdout: true, stderr: true }) as Duplex
      signal?.throwIfAborted()
      await container.start()
      return await collect(stream)
    } finally {
      signal?.removeEventListener('abort', stop)
      stream?.destroy()
      await remove(docker, container.id, true)
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw explainEngine(error, `run ${cmd[0]} in a container of its own`)
  }
}
