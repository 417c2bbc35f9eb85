// The only importer of dockerode. What it exports is a client for one place, and the types of what
// the Engine returns, so that the other files here don't depend on the library's shape.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { Duplex } from 'node:stream'
import Docker from 'dockerode'
import { StackError } from '../errors.ts'
import type { Place } from './find.ts'
import { watch } from './pulse.ts'

export type Client = Docker
export type ContainerSummary = Docker.ContainerInfo
export type ContainerDetails = Docker.ContainerInspectInfo
export type NetworkDetails = Docker.NetworkInspectInfo

/** Options that dockerode takes but its types don't name, or name too narrowly. */
interface Options {
  host: string | undefined
  port: number | undefined
  protocol: 'http' | 'https'
  socketPath: string | undefined
  agent: Agent | undefined
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
  headers: Record<string, string>
}

/**
 * A client for one place. Nothing is sent yet. Every option is given, even as undefined: otherwise the
 * library would fill it in from DOCKER_HOST and DOCKER_CERT_PATH. Throws E_ENGINE_NOT_FOUND.
 */
export function client(place: Place): Client {
  const options: Options = {
    host: undefined, port: undefined, protocol: 'http', socketPath: undefined, agent: undefined, ca: undefined, cert: undefined, key: undefined, headers: {},
  }
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(place.address) ?? []
  if (scheme === 'unix' || scheme === 'npipe') options.socketPath = rest
  else if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') Object.assign(options, overTcp(place, new URL(place.address)))
  // Any name does: the agent brings the connection.
  else if (scheme === 'ssh') Object.assign(options, { host: 'docker', port: 80, agent: sshAgent(new URL(place.address)) })
  else throw new StackError('E_ENGINE_NOT_FOUND', `${place.source} names ${place.address}, which is no address of a Docker Engine.`, {
    hint: 'Addresses look like unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST.',
  })
  const docker = new Docker(options)
  watch(docker.modem)
  return docker
}

export interface Introduction {
  version: Docker.DockerVersion
  info: {
    Name?: string
    SecurityOptions?: string[]
    Runtimes?: Record<string, unknown>
    OperatingSystem?: string
    DockerRootDir?: string
    /** Bytes. */
    MemTotal?: number
    SystemTime?: string
    CDISpecDirs?: string[] | null
    DiscoveredDevices?: { Source: string; ID: string }[] | null
  }
}

/** Who the engine is. Both calls take options, which the library's types don't say. */
export async function introduce(docker: Client, abortSignal: AbortSignal): Promise<Introduction> {
  const { version, info } = docker as unknown as Record<'version' | 'info', (options: { abortSignal: AbortSignal }) => Promise<never>>
  const [who, what] = await Promise.all([version.call(docker, { abortSignal }), info.call(docker, { abortSignal })])
  return { version: who, info: what }
}

function overTcp(place: Place, url: URL): Partial<Options> {
  const secure = place.tls !== undefined || url.protocol === 'https:'
  return {
    host: url.hostname,
    port: Number(url.port || (secure ? 2376 : 2375)),
    protocol: secure ? 'https' : 'http',
    ca: place.tls?.ca, cert: place.tls?.cert, key: place.tls?.key,
    // A context made with --skip-tls-verify, or DOCKER_TLS without DOCKER_TLS_VERIFY: its owner's choice.
    ...(place.tls?.skipVerify && { agent: new SecureAgent({ rejectUnauthorized: false }) }),
  }
}

/**
 * The Docker CLI's way to an engine behind SSH: run `docker system dial-stdio` there and talk HTTP through
 * it. The system's own ssh does it, so that ~/.ssh/config, agents and known hosts count.
 */
function sshAgent(url: URL): Agent {
  const target = [...(url.username ? ['-l', decodeURIComponent(url.username)] : []), ...(url.port ? ['-p', url.port] : [])]
  const command = url.pathname.length > 1 ? ['docker', '--host', `unix://${url.pathname}`] : ['docker']
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  Object.assign(agent, {
    createConnection: () => {
      const child = spawn('ssh', ['-o', 'ConnectTimeout=30', '-T', ...target, '--', url.hostname, ...command, 'system', 'dial-stdio'])
      return overPipes(child)
    },
  })
  return agent
}

/** The standard input and output of a process, as http wants a socket. Its error output explains its end. */
function overPipes(child: ChildProcessWithoutNullStreams): Duplex {
  const socket = new Duplex({
    read: () => void child.stdout.resume(),
    // A failed write has the reason in the error output, which `close` reports.
    write: (chunk, _, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  let complaint = ''
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (chunk: Buffer) => void (socket.push(chunk) || child.stdout.pause()))
  child.stderr.on('data', (chunk: Buffer) => void (complaint += chunk.toString()))
  child.on('error', (error) => socket.destroy(error))
  child.on('close', (code) => {
    if (code) socket.destroy(new Error(`ssh ended with ${code}: ${complaint.trim()}`))
    else socket.push(null)
  })
  // An idle connection mustn't keep the program from ending, as http's agent sees to with these.
  const held = (how: 'ref' | 'unref') => (): Duplex => {
    for (const one of [child, child.stdin, child.stdout, child.stderr] as { ref(): void; unref(): void }[]) one[how]()
    return socket
  }
  const same = (): Duplex => socket
  // A pipe has no such settings.
  return Object.assign(socket, { setKeepAlive: same, setNoDelay: same, setTimeout: same, ref: held('ref'), unref: held('unref') })
}
