// Which GPU the stack's own Ollama gets: what is asked for, or what is really there.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Gpu } from '../../stacks/stack.ts'
import type { Service } from '../compose.ts'
import type { Engine } from '../engine.ts'
import { UsageError } from '../errors.ts'
import type { Answers } from './fields.ts'

export const GPUS = ['auto', 'none', 'nvidia', 'amd'] as const
export type GpuChoice = (typeof GPUS)[number]

/** What this machine itself shows. */
export interface Hardware {
  platform: NodeJS.Platform
  /** Whether a driver of NVIDIA's is loaded. */
  nvidia: boolean
  /** Groups that AMD's device files belong to, besides root's; null where there are none. */
  amd: number[] | null
}

export interface Chosen {
  gpu: Gpu | null
  /** What was chosen and why, in a sentence; null when there is nothing to say. */
  note: string | null
}

const CPU = 'so models run on the CPU'
const MAC = "On a Mac Docker has no GPU. Ollama's own app has: install it from https://ollama.com/download, and take --ollama http://host:11434"
/** What to type where the engine can't hand a GPU of NVIDIA's to a container. */
export const TOOLKIT = 'Install the NVIDIA Container Toolkit (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html), then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker'

export function gpuConflicts({ ollama, gpu }: Partial<Answers>, platform: NodeJS.Platform = process.platform): UsageError[] {
  if (gpu !== 'nvidia' && gpu !== 'amd') return []
  if (ollama !== undefined && ollama !== 'container') return [new UsageError('E_GPU', `--gpu ${gpu} doesn't go with --ollama ${ollama}: that Ollama uses what it has.`, 'Leave --gpu out.')]
  return platform === 'darwin' ? [new UsageError('E_GPU', `--gpu ${gpu} can't work on a Mac: its Docker has no GPU.`, 'Use Ollama\'s own app (https://ollama.com/download), which has it: --ollama http://host:11434. Or take the CPU: --gpu none')] : []
}

/**
 * With an engine that answered. Throws UsageError E_GPU where what was asked for can't be had. `here` counts
 * only where the engine is this machine's: with Docker Desktop for Windows too, whose driver is Windows's.
 */
export function chooseGpu(asked: GpuChoice, { runtimes, cdi, local }: Pick<Engine, 'runtimes' | 'cdi' | 'local'>, here: Hardware = hardware()): Chosen {
  const by = runtimes.includes('nvidia') ? 'runtime' : cdi.includes('nvidia.com/gpu=all') ? 'cdi' : null
  const amd = local && here.platform === 'linux' ? here.amd : null
  if (asked === 'none') return { gpu: null, note: null }
  if (asked === 'nvidia') {
    if (by === null) throw new UsageError('E_GPU', '--gpu nvidia needs an engine that can hand the GPU to a container, and this one has neither the runtime "nvidia" nor a CDI device nvidia.com/gpu=all.', `${TOOLKIT}\nOr take the CPU: --gpu none`)
    return { gpu: { maker: 'nvidia', by }, note: null }
  }
  if (asked === 'amd') {
    return { gpu: { maker: 'amd', groups: amd ?? noAmd(local ? "this machine doesn't have both" : "the engine's machine is another one, where they can't be looked at") }, note: null }
  }
  if (here.platform === 'darwin') return { gpu: null, note: `GPU: none, ${CPU}. ${MAC}` }
  if (by !== null && (here.nvidia || !local)) return { gpu: { maker: 'nvidia', by }, note: `GPU: NVIDIA, since the engine can hand it over (${by === 'cdi' ? 'CDI device nvidia.com/gpu=all' : 'runtime nvidia'}).` }
  if (amd !== null) return { gpu: { maker: 'amd', groups: amd }, note: 'GPU: AMD, since this machine has /dev/kfd and /dev/dri.' }
  if (by !== null) return { gpu: null, note: `GPU: none. The engine could hand one of NVIDIA's over, but no driver for it is loaded here, ${CPU}.` }
  if (local && here.nvidia) return { gpu: null, note: `GPU: none. This machine has one of NVIDIA's, but its engine can't hand it over, ${CPU}. ${TOOLKIT}` }
  return { gpu: null, note: `GPU: none that Docker could hand over, ${CPU}.` }
}

/** The groups are those of one machine's files, so they can't be guessed. */
function noAmd(why: string): never {
  throw new UsageError('E_GPU', `--gpu amd needs /dev/kfd and /dev/dri, and ${why}.`, "Install AMD's driver (https://rocm.docs.amd.com/projects/install-on-linux), see it with: ls -l /dev/kfd /dev/dri\nOr take the CPU: --gpu none")
}

/** Nobody was asked, for example with --no-start: only what was named is taken, as it was said. */
export function unseenGpu(asked: GpuChoice, here: Hardware = hardware()): Chosen {
  if (asked === 'nvidia') return { gpu: { maker: 'nvidia', by: 'runtime' }, note: null }
  if (asked === 'amd') return { gpu: { maker: 'amd', groups: here.amd ?? noAmd("this machine doesn't have both") }, note: null }
  return { gpu: null, note: asked === 'none' ? null : `GPU: none, since no engine was asked what it has. If there is one: --gpu nvidia or --gpu amd` }
}

/** What compose.yaml says today; null: the CPU. */
export function gpuOf(service: Service | undefined): Gpu | null {
  const requests = [...(service?.deploy?.resources.reservations?.devices ?? []), ...(service?.gpus ?? [])]
  if (requests.length > 0 || service?.runtime === 'nvidia') return { maker: 'nvidia', by: requests.some(({ driver }) => driver === 'cdi') ? 'cdi' : 'runtime' }
  return service?.devices?.some(({ source }) => source === '/dev/kfd') ? { maker: 'amd', groups: (service.group_add ?? []).map(Number) } : null
}

/** `root` is there for tests. WSL shows Windows's driver below /usr/lib/wsl (learn.microsoft.com/windows/ai/directml/gpu-cuda-in-wsl). */
export function hardware(platform: NodeJS.Platform = process.platform, root = '/', windows = process.env['SystemRoot'] ?? 'C:\\Windows'): Hardware {
  const nvidia = platform === 'win32' ? existsSync(join(windows, 'System32', 'nvcuda.dll'))
    : ['dev/nvidiactl', 'proc/driver/nvidia/version', 'usr/lib/wsl/lib/libcuda.so.1'].some((path) => existsSync(join(root, path)))
  return { platform, nvidia, amd: platform === 'linux' ? amdGroups(root) : null }
}

/** By the numbers that the files have: a name such as `render` has another one in the image. */
function amdGroups(root: string): number[] | null {
  const dri = join(root, 'dev/dri')
  const nodes = existsSync(dri) ? readdirSync(dri).filter((name) => name.startsWith('renderD')) : []
  const kfd = join(root, 'dev/kfd')
  if (!existsSync(kfd) || nodes.length === 0) return null
  const groups = [kfd, ...nodes.map((name) => join(dri, name))].map((path) => statSync(path).gid)
  return [...new Set(groups)].filter((gid) => gid !== 0).toSorted((a, b) => a - b)
}
