// The Engine object: one client, and every call explained when it fails.

import { apply } from './apply.ts'
import type { Client } from './client.ts'
import { down, volumeSizes } from './down.ts'
import { events } from './events.ts'
import { examineContainers, examineMachine } from './examine.ts'
import { explainEngine } from './explain.ts'
import { imageId, networks, observe, orNull } from './observe.ts'
import { oneOff } from './one-off.ts'
import { portOwner } from './ports.ts'
import { pull, registryDigest, tag, withTag } from './pull.ts'
import { exec, logs } from './stream.ts'
import { trouble } from './trouble.ts'
import type { Engine } from './types.ts'
import { waitHealthy } from './wait.ts'

type Facts = Pick<Engine, 'address' | 'source' | 'version' | 'apiVersion' | 'os' | 'arch' | 'hostname' | 'runtimes' | 'cdi' | 'operatingSystem' | 'rootless' | 'ahead' | 'warning'>

async function explained<T>(doing: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw explainEngine(error, doing)
  }
}

/** `environment` goes into every container that is made, under what the file says itself. */
export function engine(docker: Client, environment: Record<string, string>, facts: Facts): Engine {
  const local = /^(?:unix|npipe):/.test(facts.address)
  const imageDigest = async (image: string): Promise<string | null> => {
    const digests = (await explained('look up an image', orNull(docker.getImage(withTag(image)).inspect())))?.RepoDigests ?? []
    // An image may be known by several repositories; the one in the reference counts.
    const repository = image.replace(/@.*$/, '').replace(/:[^/]*$/, '')
    return (digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0])?.split('@')[1] ?? null
  }
  return {
    ...facts,
    local,
    signal: (container, name) => explained(`send ${name}`, docker.getContainer(container).kill({ signal: name })).then(() => undefined),
    observe: (project, images, signal) => explained(`look at the project ${project}`, observe(docker, project, images, signal)),
    imagePresent: async (image) => (await explained('look up an image', imageId(docker, image))) !== null,
    imageDigest,
    registryDigest: (image, signal) => registryDigest(docker, image, signal),
    tag: (id, image) => explained(`name an image ${image}`, tag(docker, id, image)),
    pull: (image, onProgress, signal) => pull(docker, image, onProgress, signal),
    apply: (steps, desired, hooks, signal) => apply({ docker, environment, local, apiVersion: facts.apiVersion, desired, hooks: hooks ?? {}, signal }, steps),
    waitHealthy: (project, services, timeoutMs, signal) => explained('wait for the containers', waitHealthy(docker, project, services, timeoutMs, signal)),
    trouble: (container) => explained('look at a container', trouble(docker, container)),
    volumeSizes: (project) => volumeSizes(docker, project),
    down: (project, options) => down(docker, project, options),
    exec: (container, cmd, options) => exec(docker, container, cmd, options),
    oneOff: (options) => oneOff(docker, options),
    logs: (container, options) => logs(docker, container, options),
    events: (project, signal) => events(docker, project, signal),
    portOwner: (bind, port) => explained('list containers', portOwner(docker, bind, port, local)),
    networks: () => explained('list networks', networks(docker)),
    machine: (signal) => explained('ask the engine about its machine', examineMachine(docker, signal)),
    examine: (project, signal) => explained(`look at the project ${project}`, examineContainers(docker, project, signal)),
  }
}
