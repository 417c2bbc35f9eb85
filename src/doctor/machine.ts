// Disk and memory of the engine's machine, against what models need.

import { bytes } from '../ui/bytes.ts'
import { full } from '../checks/stream.ts'
import type { EngineMachine } from '../engine/machine.ts'
import { shellWord } from '../ui/shell-word.ts'
import { fail, ofEngine, ofProject, ok, warn, type Check } from './check.ts'
import { isHere, type Facts } from './facts.ts'
import { gpuOf } from '../questions/gpu.ts'
import { expectedBytes, inMemory, modelsHere, ownOllama } from './models.ts'

/** Logs and credentials can't be written much longer. */
const LEAST_BYTES = 1e9
/** The next model won't fit. */
const LOW_BYTES = 10e9
/** Far more than credentials and certificates take. */
const LEAST_PROJECT_BYTES = 50e6
/** The smallest models need about that, and the rest of the machine something too. */
const LEAST_MEMORY = 2e9

export const diskCheck: Check = ofEngine({
  id: 'disk',
  title: 'Disk where Docker keeps its data',
  async run(facts) {
    const { where, free } = await room(facts, await facts.engineMachine())
    if (free === null) return warn(`The engine is on another machine (${where}), whose disk can't be seen from here while Ollama doesn't run.`, 'Look there: df -h /var/lib/docker')
    const left = `${bytes(free)} free (${where})`
    const fix = 'See what takes it: docker system df   Remove a model: docker compose exec ollama ollama rm MODEL   Remove unused images: docker image prune -a'
    const missing = await missingModel(facts)
    if (free < LEAST_BYTES) return fail(left, fix)
    if (missing && missing.bytes > free) return fail(`${left}, and ${missing.name}, which isn't here yet, takes about ${bytes(missing.bytes)}`, fix)
    return free < LOW_BYTES ? warn(`${left}: little for models`, fix) : ok(left)
  },
})

export const projectDiskCheck: Check = ofProject({
  id: 'disk-project',
  title: 'Disk of the project',
  async run({ project, free }) {
    const left = await free(project.dir)
    if (left === null) return null
    const evidence = `${bytes(left)} free (${project.dir})`
    return left < LEAST_PROJECT_BYTES ? fail(`${evidence}: soon nobody can be added or removed`, `See what takes it: df -h ${shellWord(project.dir)}`) : ok(evidence)
  },
})

/** Docker Desktop and others run the engine in a virtual machine: there, a container sees the disk. */
async function room({ engine, hostname, free, inside }: Facts, machine: EngineMachine | null): Promise<{ where: string; free: number | null }> {
  const where = machine?.dataDir ?? ''
  if (isHere({ engine, hostname }, machine)) return { where, free: await free(where) }
  const [, line = ''] = (await inside('ollama', ['df', '-Pk', '/']))?.split('\n') ?? []
  const kilobytes = Number(line.split(/\s+/)[3])
  return { where: machine?.name ?? '', free: Number.isNaN(kilobytes) ? null : kilobytes * 1024 }
}

/** The project's test model, while it isn't here. */
async function missingModel(facts: Facts): Promise<{ name: string; bytes: number } | null> {
  const name = facts.project?.model ?? null
  const size = name === null ? null : expectedBytes(name)
  if (name === null || size === null) return null
  const here = await modelsHere(facts)
  return here === null || here.some((one) => one.name === full(name)) ? null : { name, bytes: size }
}

export const memoryCheck: Check = ofEngine({
  id: 'memory',
  title: 'Memory for the models',
  async run(facts) {
    const machine = await facts.engineMachine()
    const ollama = ownOllama(facts.project)
    if (facts.project && !ollama) return null
    const limit = Number(ollama?.mem_limit ?? Infinity)
    const memory = Math.min(machine?.memory || Infinity, limit)
    if (memory === Infinity) return null
    const whose = memory === limit ? 'mem_limit of the service ollama' : machine?.system === 'Docker Desktop' ? "Docker Desktop's virtual machine" : `the engine's machine`
    const has = `${bytes(memory)} (${whose})`
    // What doesn't fit beside it, Ollama puts into the GPU's memory, which isn't known here.
    if (gpuOf(ollama) !== null) return ok(`${has}, and a GPU's own`)
    const { model = null } = facts.project ?? {}
    const here = (await modelsHere(facts)) ?? []
    const absent = model === null || here.some(({ name }) => name === full(model)) ? [] : [{ name: model, bytes: expectedBytes(model) ?? 0 }]
    const [largest] = [...here, ...absent].sort((a, b) => b.bytes - a.bytes)
    const more = memory === limit ? 'Raise services.ollama.mem_limit in compose.yaml, then: ollama-stack up' : machine?.system === 'Docker Desktop' ? 'Give it more: Docker Desktop, Settings, Resources.' : 'Use a smaller model (ollama.com/library tells sizes).'
    if (largest && inMemory(largest.bytes) > memory) {
      const needs = `${has}, and ${largest.name} needs about ${bytes(inMemory(largest.bytes))}: it won't load, or is ended in the middle of an answer`
      return full(largest.name) === full(model ?? '') ? fail(needs, more) : warn(needs, more)
    }
    if (memory < LEAST_MEMORY) return warn(`${has}: too little even for small models`, more)
    return ok(largest ? `${has}; ${largest.name}, the largest model, needs about ${bytes(inMemory(largest.bytes))}` : has)
  },
})
