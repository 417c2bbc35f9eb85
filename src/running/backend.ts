// The Ollama behind the stack where it isn't the stack's own: how the stack gets there, whether it
// answers, and what else about it matters. Its address is in ollama-url.ts, the way in stacks/forward.

import { hostname as ownName } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Elsewhere, StackConfig } from '../../stacks/stack.ts'
import { saidAt, versionAt } from '../ollama/bare-ollama.ts'
import type { Engine } from '../engine.ts'
import { StackError, UsageError } from '../errors.ts'
import type { Answers } from '../questions/fields.ts'
import { chooseGpu, unseenGpu } from '../questions/gpu.ts'
import { foreignHost } from '../questions/host-network.ts'
import type { Machine } from '../questions/machine.ts'
import { HOST, placeOf } from '../questions/ollama-url.ts'
import type { Project } from '../project/project.ts'

type Place = Pick<Elsewhere, 'host' | 'port'>
export type Backend = Required<Pick<StackConfig, 'elsewhere' | 'gpu'>> & {
  /** What was chosen and why; what its owner should know. A sentence each. */
  notes: string[]
  warnings: string[]
}

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

async function warnings(place: Place, { addresses }: Machine, signal: AbortSignal): Promise<string[]> {
  const { host, port } = place
  const found: string[] = []
  if (host === HOST) {
    const open = (await Promise.all(addresses.map(async ({ ip }) => ((await versionAt(ip, port, signal)) === null ? [] : [ip])))).flat()
    if (open.length > 0) found.push(`That Ollama also answers at ${open.join(', ')}, where nobody needs a login. Let it listen on 127.0.0.1 alone (OLLAMA_HOST=127.0.0.1:${port}), and start it anew: this stack needs no more.`)
  } else found.push(`Requests go to ${host} unencrypted, and that Ollama answers whoever reaches it: let its firewall admit this machine alone, or meet in a VPN.`)
  if (!cloudOff(await saidAt({ host: near(place), port }, '/api/status', signal) ?? {})) found.push("Cloud models are that Ollama's own setting, and not off: whoever logs in here can use its owner's ollama.com account, and prompts may leave that machine. Set OLLAMA_NO_CLOUD=1 for it, and start it anew.")
  return found
}

const near = ({ host }: Place): string => (host === HOST ? '127.0.0.1' : host)
const seen = (place: Place): string => `No Ollama answers at http://${near(place)}:${place.port}${place.host === HOST ? ' on this machine' : ''}`

/** What to type, by who has it. */
export function howToStart({ host }: Place, platform: NodeJS.Platform = process.platform): string {
  if (host !== HOST) return `On ${host}: systemctl status ollama   It has to listen on an address that this machine reaches (OLLAMA_HOST there), and its firewall has to let this one in.`
  return platform === 'linux' ? 'See why: systemctl status ollama   Start it: sudo systemctl start ollama   (or: ollama serve)' : 'Start the Ollama app (or: ollama serve).'
}

const down = (place: Place, message: string, more: string): StackError => new StackError('E_OLLAMA_DOWN', `${message}.`, { hint: `${howToStart(place)}\n${more}` })

/** Throws E_OLLAMA_HOST: the project was made for another engine. */
export function refuseForeignBackend({ file, ollama }: Pick<Project, 'file' | 'ollama'>, engine: Engine): void {
  const place = placeOf(ollama)
  if (place !== null && 'ollama-host' in file.services) wayTo(place, engine)
}

/** For the service `ollama`, where that is the forwarder: the way that requests go, from there on. */
export const throughForwarder = (path: string): string[] => ['sh', '-c', `curl -fsS -m 3 "http://$LISTEN${path}"`]

/** Whether a server's own `/api/status` says that cloud models are off. */
export const cloudOff = ({ cloud }: Record<string, unknown>): boolean => typeof cloud === 'object' && cloud !== null && 'disabled' in cloud && cloud.disabled === true

/** null: no answer. */
export async function askFromStack({ name }: Pick<Project, 'name'>, engine: Engine, path: string, signal: AbortSignal): Promise<string | null> {
  const { code, stdout } = await engine.exec(`${name}-ollama-1`, throughForwarder(path), { signal })
  return code === 0 ? stdout : null
}

/** After a start. The stack stays up whatever comes: an Ollama that starts later is found by itself. Throws E_OLLAMA_DOWN. */
export async function expectAnswer(project: Project, engine: Engine, signal: AbortSignal): Promise<void> {
  const place = placeOf(project.ollama)
  if (place === null) return
  const deadline = Date.now() + FIRST_ANSWER
  let fromHere: string | null = null
  do {
    if ((await askFromStack(project, engine, '/api/version', signal))?.includes('"version"')) return
    // Nobody needs to wait for what doesn't run at all.
    fromHere = await versionAt(near(place), place.port, signal)
    if (fromHere === null) break
    await sleep(500, undefined, { signal })
  } while (Date.now() < deadline)
  const later = 'The stack needs nothing more: it takes that Ollama up as soon as it answers. Until then requests get 502.'
  if (fromHere === null) throw down(place, `The stack runs, but the Ollama behind it doesn't. ${seen(place)}`, later)
  throw new StackError('E_OLLAMA_DOWN', `The stack runs, and Ollama ${fromHere} answers this machine at ${near(place)}:${place.port}, but not the stack.`, {
    hint: `Something between Docker's networks and it refuses them, such as a firewall's rules: ollama-stack logs ollama\n${later}`,
  })
}
