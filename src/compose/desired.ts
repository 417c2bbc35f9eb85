// ComposeFile + directory -> what the engine should have: names, labels, hashes, create bodies.

import { isAbsolute, join, resolve } from 'node:path'
import { createBody, endpoints } from './create.ts'
import { configHash } from './hash.ts'
import type { ComposeFile, Desired, DesiredService, Mount, Service } from './types.ts'

export const LABEL = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  hash: 'com.docker.compose.config-hash',
  number: 'com.docker.compose.container-number',
  oneoff: 'com.docker.compose.oneoff',
  image: 'com.docker.compose.image',
  dependsOn: 'com.docker.compose.depends_on',
  dir: 'com.docker.compose.project.working_dir',
  files: 'com.docker.compose.project.config_files',
  network: 'com.docker.compose.network',
  volume: 'com.docker.compose.volume',
} as const

/**
 * `dir` is the project directory; relative sources start there. Networks and volumes carry no hash label:
 * Compose takes those over untouched, while a hash that it doesn't share makes it offer to delete the volume.
 */
export function desired(file: ComposeFile, dir: string): Desired {
  const base = resolve(dir)
  const path = resolve(base, file.path)
  const named = (key: string): string => `${file.name}_${key}`
  const services = startOrder(file).map((name) => serviceOf(file, name, base, path, named))
  return {
    project: file.name,
    dir: base,
    file: path,
    services,
    // Compose leaves out networks that no service uses.
    networks: Object.entries(file.networks)
      .filter(([key]) => services.some((service) => service.endpoints.some(([name]) => name === named(key))))
      .map(([key, spec]) => ({ key, name: named(key), spec, labels: { ...spec.labels, [LABEL.project]: file.name, [LABEL.network]: key } })),
    volumes: Object.entries(file.volumes)
      .filter(([key]) => services.some((service) => service.volumes.includes(named(key))))
      .map(([key, spec]) => ({ key, name: named(key), spec, labels: { ...spec.labels, [LABEL.project]: file.name, [LABEL.volume]: key } })),
    images: [...new Set(services.map((service) => service.image))],
  }
}

function serviceOf(file: ComposeFile, name: string, base: string, path: string, named: (key: string) => string): DesiredService {
  const service = normalise(file.services[name] as Service, base)
  const container = `${file.name}-${name}-1`
  const hash = configHash(service)
  const dependsOn = Object.entries(file.dependsOn[name] ?? {}).map(([other, how]) => ({ service: other, ...how }))
  return {
    service: name,
    container,
    image: service.image,
    hash,
    dependsOn,
    create: {
      ...createBody(service, named),
      Labels: {
        ...service.labels,
        [LABEL.project]: file.name,
        [LABEL.service]: name,
        [LABEL.hash]: hash,
        [LABEL.number]: '1',
        [LABEL.oneoff]: 'False',
        [LABEL.dependsOn]: dependsOn.map((other) => `${other.service}:${other.condition}:${other.restart}`).join(','),
        [LABEL.dir]: base,
        [LABEL.files]: path,
      },
    },
    endpoints: endpoints(service, name, container, named),
    volumes: (service.volumes ?? []).flatMap((mount) => (mount.type === 'volume' && mount.source ? [named(mount.source)] : [])),
    ports: (service.ports ?? []).flatMap((port) => (port.published ? [{ bind: port.host_ip ?? '', port: Number(port.published), protocol: port.protocol }] : [])),
  }
}

/** The last step of normalising: sources of bind mounts become absolute. */
function normalise(service: Service, base: string): Service {
  if (!service.volumes) return service
  const volumes = service.volumes.map((mount): Mount =>
    mount.type === 'bind' && mount.source !== undefined && !isAbsolute(mount.source) ? { ...mount, source: join(base, mount.source) } : mount)
  return { ...service, volumes }
}

/** Services after those that they depend on, otherwise in the file's order. */
function startOrder(file: ComposeFile): string[] {
  const order: string[] = []
  const visit = (name: string): void => {
    if (order.includes(name)) return
    for (const other of Object.keys(file.dependsOn[name] ?? {})) visit(other)
    order.push(name)
  }
  for (const name of Object.keys(file.services)) visit(name)
  return order
}
