// The GPU: in the machine, known to the engine, given to Ollama, and really used.

import type { EngineMachine } from '../engine/machine.ts'
import { gpuOf, TOOLKIT } from '../questions/gpu.ts'
import { psRows } from '../ollama/ollama-tables.ts'
import type { Gpu } from '../../stacks/stack.ts'
import { fail, ofBoth, ok, warn, type Check, type Verdict } from './check.ts'
import { isHere, type Facts } from './facts.ts'
import { ownOllama } from './models.ts'

type Maker = Gpu['maker']

/** PCI vendors; class 03 is a display controller (pci-ids). */
const VENDORS: Record<string, Maker> = { '0x10de': 'nvidia', '0x1002': 'amd' }
const NAMES: Record<Maker, string> = { nvidia: 'NVIDIA', amd: 'AMD' }
const PCI = '/sys/bus/pci/devices'

/** In this machine, as its bus tells; AMD's only where the compute driver has taken it. */
function gpusIn({ text, names }: Pick<Facts, 'text' | 'names'>): Maker[] {
  const found = names(PCI).flatMap((device) => {
    const maker = VENDORS[text(`${PCI}/${device}/vendor`)?.trim() ?? '']
    return maker && text(`${PCI}/${device}/class`)?.startsWith('0x03') ? [maker] : []
  })
  return [...new Set(found)].filter((maker) => maker !== 'amd' || names('/dev').includes('kfd'))
}

/** Whether the engine can hand that GPU to a container: the runtime, or a device of the Container Device Interface. */
function known(maker: Maker, { names }: Facts, machine: EngineMachine | null): boolean {
  if (maker === 'amd') return names('/dev').includes('kfd') && names('/dev/dri').some((name) => name.startsWith('renderD'))
  return machine !== null && (machine.runtimes.includes('nvidia') || machine.devices.some((device) => device.startsWith('nvidia.com/')))
}

export const gpuChecks: Check[] = [
  {
    id: 'gpu',
    title: 'GPU',
    async run(facts) {
      const machine = await facts.engineMachine()
      const ollama = ownOllama(facts.project)
      const wanted = gpuOf(ollama)?.maker ?? null
      const here = isHere(facts, machine)
      if (wanted) return given(wanted, facts, machine, here)
      const [first] = here && facts.platform === 'linux' ? gpusIn(facts) : []
      if (first === undefined || (facts.project && !ollama)) return null
      const able = known(first, facts, machine)
      const use = `Use it: ollama-stack configure --gpu ${first}`
      const steps = able ? use : first === 'nvidia' ? `${TOOLKIT}${facts.project ? `\n${use}` : ''}` : 'Load its driver, so that /dev/dri has a renderD device.'
      if (facts.project) return warn(`This machine has a GPU of ${NAMES[first]}'s, and this stack doesn't use it: models run on the CPU.`, steps)
      return able ? ok(`one of ${NAMES[first]}'s, which the engine can hand to containers`) : warn(`This machine has a GPU of ${NAMES[first]}'s, which the engine can't hand to containers.`, steps)
    },
  },
  ofBoth({
    id: 'gpu-used',
    title: 'GPU in use',
    async run(facts) {
      const wanted = gpuOf(ownOllama(facts.project))?.maker ?? null
      const ps = wanted === null ? null : await facts.inside('ollama', ['ollama', 'ps'])
      return wanted === null || ps === null ? null : used(NAMES[wanted], ps, await started(facts))
    },
  }),
]

function given(maker: Maker, facts: Facts, machine: EngineMachine | null, here: boolean): Verdict | null {
  // Devices of another machine can't be seen, its runtimes can.
  if (machine === null || (maker === 'amd' && !here)) return null
  const asks = `compose.yaml gives Ollama a GPU of ${NAMES[maker]}'s`
  if (known(maker, facts, machine)) return ok(`${asks}, and the engine can hand it over`)
  return maker === 'nvidia'
    ? fail(`${asks}, but the engine has neither the runtime "nvidia" nor a CDI device nvidia.com/gpu${machine.cdi ? '' : ' (CDI is off)'}: the container won't start.`, `${TOOLKIT}\nOr do without: ollama-stack configure --gpu none`)
    : fail(`${asks}, but this machine has no ${facts.names('/dev').includes('kfd') ? '/dev/dri/renderD*' : '/dev/kfd'}: the container won't start.`, 'Load the driver: sudo modprobe amdgpu (https://rocm.docs.amd.com)\nOr do without: ollama-stack configure --gpu none')
}

/** What Ollama said at its start about where it can compute. */
async function started({ engine, containers, signal }: Facts): Promise<string[]> {
  const ollama = (await containers()).find(({ service }) => service === 'ollama')
  const found: string[] = []
  if (!engine || !ollama) return found
  for await (const { line } of engine.logs(ollama.id, { signal, ...(ollama.startedAt && { since: Math.floor(ollama.startedAt.getTime() / 1000) }) })) {
    if (line.includes('msg="inference compute"')) found.push(line)
  }
  return found
}

/** By `ollama ps`, whose column PROCESSOR says `100% GPU`, `100% CPU` or `40%/60% CPU/GPU`; with nothing loaded, by the log. */
export function used(name: string, ps: string, log: readonly string[]): Verdict {
  const fix = `See why: ollama-stack logs ollama   Most often the driver was updated under a running container: docker compose restart ollama   If that isn't it, look whether nvidia-smi or rocminfo works on the machine itself.`
  const rows = psRows(ps)
  const slow = rows.filter(({ processor }) => processor.includes('CPU') && !processor.includes('GPU'))
  if (slow.length > 0) return fail(`Ollama was given a GPU of ${name}'s, but computes on the CPU: ${slow.map(({ name: model, processor }) => `${model} (${processor})`).join(', ')}.`, fix)
  const partly = rows.filter(({ processor }) => processor.includes('CPU'))
  if (partly.length > 0) return warn(`The GPU's memory is too small for all of it: ${partly.map(({ name: model, processor }) => `${model} (${processor})`).join(', ')}.`, 'A smaller model or context is much faster: it fits.')
  if (rows.length > 0) return ok(rows.map(({ name: model, processor }) => `${model}: ${processor}`).join(', '))
  const libraries = log.flatMap((line) => /library=(\w+)/.exec(line)?.[1] ?? [])
  if (libraries.length === 0) return warn("No model is loaded, and Ollama's log doesn't say where it computes, so this can't be told.", 'Ask it something, then run this again.')
  const gpu = libraries.find((library) => library.toLowerCase() !== 'cpu')
  return gpu === undefined ? fail(`Ollama was given a GPU of ${name}'s and found none at its start: its log says library=cpu.`, fix) : ok(`Ollama found it at its start (library=${gpu})`)
}
