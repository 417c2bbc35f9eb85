// What must change so that the engine has what the file asks for. Pure; its text is `--dry-run`, the
// log, and what the tests compare (test/unit/plan).

import { StackError } from '../errors.ts'
import type { Desired, DesiredNetwork, DesiredService, Observed, ObservedContainer, ObservedNetwork, Step } from './types.ts'

/** Steps in the order of doing them; none when everything is as asked. Throws E_NAME_TAKEN. */
export function plan(want: Desired, have: Observed): Step[] {
  const pulls = want.images.filter((image) => have.images[image] === null)
    .map((image): Step => ({ do: 'pull', image, why: 'not on this engine' }))
  const networks = want.networks.flatMap((network) => networkStep(network, have))
  const volumes = want.volumes.filter((volume) => !have.volumes.some((other) => other.name === volume.name))
    .map((volume): Step => ({ do: 'create-volume', name: volume.name, why: 'missing', spec: volume }))
  const remade = networks.filter((step) => step.do === 'recreate-network').map((step) => step.name)
  const services = want.services.map((service) => containerSteps(service, want.dir, have, remade))
  const kept = services.flatMap((service) => service.kept?.id ?? [])
  const orphans = have.containers.filter((container) => !kept.includes(container.id))
    .map((container): Step => ({ do: 'remove', name: container.name, id: container.id, why: orphanCause(container, want) }))
  return [...pulls, ...orphans, ...networks, ...volumes, ...withDependents(services)]
}

function orphanCause(container: ObservedContainer, want: Desired): string {
  return want.services.some((service) => service.service === container.service) ? 'one container per service' : 'not in compose.yaml'
}

type NetworkStep = Extract<Step, { do: 'create-network' | 'recreate-network' }>

function networkStep(network: DesiredNetwork, have: Observed): NetworkStep[] {
  const found = have.networks.find((other) => other.name === network.name)
  if (!found) return [{ do: 'create-network', name: network.name, why: 'missing', spec: network }]
  if (found.project !== have.project) {
    throw new StackError('E_NAME_TAKEN', `A network named ${network.name} exists, and it isn't this project's${found.project && ` but ${found.project}'s`}.`, {
      hint: `Remove it with: docker network rm ${network.name}   or give this project another name in compose.yaml.`,
    })
  }
  const why = networkChange(network, found)
  return why ? [{ do: 'recreate-network', name: network.name, why, spec: network }] : []
}

/** Only what the file names is compared; the engine's own additions are its business. */
function networkChange({ spec }: DesiredNetwork, found: ObservedNetwork): string {
  const changed = (what: string, from: string, to: string): string => `${what} changed from ${from || 'none'} to ${to}`
  if (spec.driver && spec.driver !== found.driver) return changed('driver', found.driver, spec.driver)
  if ((spec.internal ?? false) !== found.internal) return changed('internal', String(found.internal), String(!found.internal))
  for (const { subnet } of spec.ipam?.config ?? []) {
    if (subnet && !found.subnets.includes(subnet)) return changed('subnet', found.subnets.join(', '), subnet)
  }
  for (const [key, value] of Object.entries(spec.driver_opts ?? {})) {
    if (found.options[key] !== value) return changed(key, found.options[key] ?? '', value)
  }
  return ''
}

interface ServicePlan {
  spec: DesiredService
  kept: ObservedContainer | undefined
  step: Step | undefined
}

function containerSteps(spec: DesiredService, dir: string, have: Observed, remade: string[]): ServicePlan {
  const all = have.containers.filter((container) => container.service === spec.service)
  // Of several (a scaled service), the one with our name stays, else one that still fits.
  const kept = all.find((container) => container.name === spec.container) ?? all.find((container) => container.hash === spec.hash) ?? all[0]
  if (!kept) return { spec, kept, step: { do: 'create', name: spec.container, why: 'no container yet', spec } }
  // A project that was moved: also what mounts nothing of it would go on pointing at the old place.
  const why = kept.dir !== '' && kept.dir !== dir ? `started from ${kept.dir}` : recreateCause(spec, kept, have, remade)
  if (why) return { spec, kept, step: { do: 'recreate', name: spec.container, id: kept.id, why, spec } }
  if (kept.state === 'running' || kept.state === 'restarting') return { spec, kept, step: undefined }
  return { spec, kept, step: { do: 'start', name: spec.container, id: kept.id, why: kept.state === 'created' ? 'not started yet' : kept.state, spec } }
}

function recreateCause(spec: DesiredService, container: ObservedContainer, have: Observed, remade: string[]): string {
  if (container.hash !== spec.hash) return container.hash === '' ? 'not made from compose.yaml' : 'compose.yaml changed'
  const image = have.images[spec.image]
  if (image && container.imageId !== image) return `another ${spec.image} is here now`
  const moved = spec.endpoints.find(([name]) => remade.includes(name))
  if (moved) return `network ${moved[0]} changes`
  // A stopped container may have lost its networks; the engine attaches it again on start.
  const ids = (name: string): string[] => have.networks.filter((network) => network.name === name).map((network) => network.id)
  const detached = container.state === 'running' && spec.endpoints.find(([name]) => !ids(name).some((id) => container.networks.includes(id)))
  if (detached) return `not attached to network ${detached[0]}`
  const unmounted = spec.volumes.find((name) => !container.volumes.includes(name))
  if (unmounted) return `volume ${unmounted} is not mounted`
  if (container.name !== spec.container) return `named ${container.name}`
  return container.state === 'dead' || container.state === 'removing' ? container.state : ''
}

/** `depends_on: {restart: true}`: whoever says so is started anew when what it depends on is recreated. */
function withDependents(services: ServicePlan[]): Step[] {
  const steps: Step[] = []
  for (const { spec, kept, step } of services) {
    const cause = spec.dependsOn.find((other) => other.restart && steps.some((done) => done.do === 'recreate' && done.spec.service === other.service))
    if (step) steps.push(step)
    else if (kept && cause) steps.push({ do: 'start', name: spec.container, id: kept.id, why: `${cause.service} is recreated`, spec })
  }
  return steps
}

const WORDS: Record<Step['do'], string> = {
  pull: 'pull image', 'create-network': 'create network', 'recreate-network': 'recreate network', 'create-volume': 'create volume',
  create: 'create container', recreate: 'recreate container', start: 'start container', remove: 'remove container',
}

/** One line per step, with its cause. */
export function printPlan(steps: Step[]): string[] {
  return steps.map((step) => `${WORDS[step.do]} ${step.do === 'pull' ? step.image : step.name} (${step.why})`)
}
