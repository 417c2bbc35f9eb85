// The Ollama behind the stack where it isn't the stack's own: how the stack gets there, whether it
// answers, and what else about it matters. Its address is in ollama-url.ts, the way in stacks/forward.

import { hostname as ownName } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Elsewhere, StackConfig } from '../stacks/stack.ts'
import { bytes } from './bytes.ts'
import type { Engine } from './engine.ts'
import { StackError, UsageError } from './errors.ts'
import type { Answers } from './fields.ts'
import { chooseGpu, unseenGpu } from './gpu.ts'
import { foreignHost } from './host-network.ts'
import { ask } from './http.ts'
import type { Machine } from './machine.ts'
import { HOST, placeOf } from './ollama-url.ts'
import type { Project } from './project.ts'

type Place = Pick<Elsewhere, 'host' | 'port'>
export type Backend = Required<Pick<StackConfig, 'elsewhere' | 'gpu'>> & {
  /** What was chosen and why; what its owner should know. A sentence each. */
  notes: string[]
  warnings: string[]
}

/** How long somebody else's server may take to say its version, in milliseconds. */
const PATIENCE = 3000
/** How long the stack's own forwarder may take to get there after its start. */
const FIRST_ANSWER = 10_000

/**
 * What `create` makes of --ollama and --gpu. Without an engine (--no-start) nothing is looked at.
 * Throws UsageError E_OLLAMA_HOST and E_GPU, and E_OLLAMA_DOWN where nothing answers.
 */
export async function backendFor({ ollama, gpu }: Pick<Answers, 'ollama' | 'gpu'>, engine: Engine | null, machine: Machine, signal: AbortSignal): Promise<Backend> {
  const place = placeOf(ollama)
  if (place === null) {
    const chosen = engine === null ? unseenGpu(gpu) : chooseGpu(gpu, engine)
    return { elsewhere: null, gpu: chosen.gpu, notes: chosen.note === null ? [] : [chosen.note], warnings: [] }
  }
  const way = wayTo(place, engine)
  const elsewhere = { ...place, way }
  if (engine === null) return { elsewhere, gpu: null, notes: [], warnings: [] }
  const version = await versionAt(near(place), place.port, signal)
  // Docker Desktop's host may be Windows, while this program runs in its Linux: the stack itself will see.
  if (version === null && !(way === 'gateway' && process.platform === 'linux')) throw down(place, `${seen(place)}. Nothing was written`, 'Or only write the files for now: add --no-start')
  return { elsewhere, gpu: null, notes: [`Ollama: ${version === null ? '' : `${version} `}${WAYS[way](place)}`], warnings: version === null ? [] : await warnings(place, machine, signal) }
}

const WAYS: Record<Elsewhere['way'], (place: Place) => string> = {
  socket: ({ port }) => `on this machine, 127.0.0.1:${port}, by way of a socket file: the stack opens no port to it.`,
  gateway: ({ port }) => `on this machine, host.docker.internal:${port}, which is Docker's own way to 127.0.0.1 here.`,
  network: ({ host, port }) => `at ${host}:${port}.`,
}

/** Throws UsageError E_OLLAMA_HOST where nothing leads to this machine's 127.0.0.1. */
export function wayTo({ host }: Pick<Place, 'host'>, engine: Pick<Engine, 'address' | 'local' | 'rootless' | 'hostname' | 'operatingSystem'> | null, platform: NodeJS.Platform = process.platform, here = ownName()): Elsewhere['way'] {
  if (host !== HOST) return 'network'
  if (platform !== 'linux' || engine?.operatingSystem === 'Docker Desktop') return 'gateway'
  const where = engine === null ? null : foreignHost(engine, here)
  if (where === null) return 'socket'
  throw new UsageError('E_OLLAMA_HOST', `--ollama http://host can't work here: ${where}.`, `Use the machine's own Docker Engine (docker context use default), or have Ollama in the stack: --ollama container${engine?.rootless
    ? '\nRootless Docker leads to 127.0.0.1 only where DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false is set for it; then: --ollama http://10.0.2.2:11434' : ''}`)
}

/** Of an Ollama that answers; null for silence and for anything else. */
export async function versionAt(host: string, port: number, signal: AbortSignal): Promise<string | null> {
  const answer = await said(host, port, '/api/version', signal)
  return typeof answer?.['version'] === 'string' && /^[\w.+-]{1,40}$/.test(answer['version']) ? answer['version'] : null
}

async function said(host: string, port: number, path: string, signal: AbortSignal): Promise<Record<string, unknown> | null> {
  try {
    // Ollama lets everybody ask who names it localhost.
    const { status, body } = await ask({ url: `http://localhost:${port}`, connect: { host, port }, ca: null }, { path, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) })
    const answer: unknown = status === 200 ? JSON.parse(body) : null
    return typeof answer === 'object' && answer !== null ? { ...answer } : null
  } catch {
    signal.throwIfAborted()
    return null
  }
}

async function warnings(place: Place, { addresses }: Machine, signal: AbortSignal): Promise<string[]> {
  const { host, port } = place
  const found: string[] = []
  if (host === HOST) {
    const open = (await Promise.all(addresses.map(async ({ ip }) => ((await versionAt(ip, port, signal)) === null ? [] : [ip])))).flat()
    if (open.length > 0) found.push(`That Ollama also answers at ${open.join(', ')}, where nobody needs a login. Let it listen on 127.0.0.1 alone (OLLAMA_HOST=127.0.0.1:${port}), and start it anew: this stack needs no more.`)
  } else found.push(`Requests go to ${host} unencrypted, and that Ollama answers whoever reaches it: let its firewall admit this machine alone, or meet in a VPN.`)
  const { cloud } = await said(near(place), port, '/api/status', signal) ?? {}
  const off = typeof cloud === 'object' && cloud !== null && 'disabled' in cloud && cloud.disabled === true
  if (!off) found.push("Cloud models are that Ollama's own setting, and not off: whoever logs in here can use its owner's ollama.com account, and prompts may leave that machine. Set OLLAMA_NO_CLOUD=1 for it, and start it anew.")
  return found
}

const near = ({ host }: Place): string => (host === HOST ? '127.0.0.1' : host)
const seen = (place: Place): string => `No Ollama answers at http://${near(place)}:${place.port}${place.host === HOST ? ' on this machine' : ''}`

/** What to type, by who has it. */
function howToStart({ host }: Place, platform: NodeJS.Platform = process.platform): string {
  if (host !== HOST) return `On ${host}: systemctl status ollama   It has to listen on an address that this machine reaches (OLLAMA_HOST there), and its firewall has to let this one in.`
  return platform === 'linux' ? 'See why: systemctl status ollama   Start it: sudo systemctl start ollama   (or: ollama serve)' : 'Start the Ollama app (or: ollama serve).'
}

const down = (place: Place, message: string, more: string): StackError => new StackError('E_OLLAMA_DOWN', `${message}.`, { hint: `${howToStart(place)}\n${more}` })

/** Throws E_OLLAMA_HOST: the project was made for another engine. */
export function refuseForeignBackend({ file, ollama }: Pick<Project, 'file' | 'ollama'>, engine: Engine): void {
  const place = placeOf(ollama)
  if (place !== null && 'ollama-host' in file.services) wayTo(place, engine)
}

/** The way that requests go, from the forwarder on. null: no answer. */
async function fromStack({ name }: Pick<Project, 'name'>, engine: Engine, path: string, signal: AbortSignal): Promise<string | null> {
  const { code, stdout } = await engine.exec(`${name}-ollama-1`, ['sh', '-c', `curl -fsS -m 3 "http://$LISTEN${path}"`], { signal })
  return code === 0 ? stdout : null
}

/** After a start. The stack stays up whatever comes: an Ollama that starts later is found by itself. Throws E_OLLAMA_DOWN. */
export async function expectAnswer(project: Project, engine: Engine, signal: AbortSignal): Promise<void> {
  const place = placeOf(project.ollama)
  if (place === null) return
  const deadline = Date.now() + FIRST_ANSWER
  let fromHere: string | null = null
  do {
    if ((await fromStack(project, engine, '/api/version', signal))?.includes('"version"')) return
    // Nobody needs to wait for what doesn't run at all.
    fromHere = await versionAt(near(place), place.port, signal)
    if (fromHere === null) break
    await sleep(500, undefined, { signal })
  } while (Date.now() < deadline)
  const later = 'The stack needs nothing more: it takes that Ollama up as soon as it answers. Until then requests get 502.'
  if (fromHere === null) throw down(place, `The stack runs, but the Ollama behind it doesn't. ${seen(place)}`, later)
  throw new StackError('E_OLLAMA_DOWN', `The stack runs, and Ollama ${fromHere} answers this machine at ${near(place)}:${place.port}, but not the stack.`, {
    hint: `Something between Docker's networks and it refuses them, such as a firewall's rules: docker logs ${project.name}-ollama-1\n${later}`,
  })
}

/** For `status`: models in memory there, in the words of `ollama ps`, or what is wrong. */
export async function lookThere(project: Pick<Project, 'name' | 'ollama'>, engine: Engine, signal: AbortSignal): Promise<{ models: Loaded[]; problems: { code: string; message: string; hint: string }[] }> {
  const text = await fromStack(project, engine, '/api/ps', signal)
  const place = placeOf(project.ollama)
  if (text === null && place !== null) return { models: [], problems: [{ code: 'E_OLLAMA_DOWN', message: `The Ollama behind this stack, ${project.ollama}, doesn't answer it.`, hint: howToStart(place) }] }
  return { models: loadedIn(text ?? '{}'), problems: [] }
}

/** Whatever answers there may say anything: what isn't a model is passed over. */
function loadedIn(text: string): Loaded[] {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return []
  }
  const models: unknown[] = typeof answer === 'object' && answer !== null && 'models' in answer && Array.isArray(answer.models) ? answer.models : []
  return models.flatMap((model) => {
    if (typeof model !== 'object' || model === null || !('name' in model) || !('size' in model)) return []
    const { name, size } = model
    const onGpu = 'size_vram' in model ? model.size_vram : 0
    return typeof name === 'string' && typeof size === 'number' && typeof onGpu === 'number' ? [{ name, size: bytes(size), processor: processor(size, onGpu) }] : []
  })
}

interface Loaded {
  name: string
  size: string
  processor: string
}

/** How much of it is where, as `ollama ps` says it. */
export function processor(size: number, onGpu: number): string {
  if (onGpu <= 0) return '100% CPU'
  if (onGpu >= size) return '100% GPU'
  const cpu = Math.round(((size - onGpu) / size) * 100)
  return `${cpu}%/${100 - cpu}% CPU/GPU`
}
