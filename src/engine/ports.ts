// Why a container didn't start: somebody else's port, an address that isn't here; and who that somebody is.

import { readdir, readFile, readlink } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { LABEL } from '../compose/desired.ts'
import type { DesiredService } from '../compose/types.ts'
import { StackError } from '../errors.ts'
import { freePort } from '../net/port-free.ts'
import type { Client } from './client.ts'
import { explainEngine, sentence } from './explain.ts'
import type { Run } from './run.ts'
import type { PortOwner } from './types.ts'

const wildcard = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::'
const meet = (a: string, b: string): boolean => wildcard(a) || wildcard(b) || a === b

/** Who listens on a TCP port: a container that publishes it, else, where the engine is this very Linux machine, a process. */
export async function portOwner(docker: Client, bind: string, port: number, local: boolean): Promise<PortOwner | null> {
  const running = await docker.listContainers()
  const container = running.find(({ Ports }) => Ports.some((other) => other.PublicPort === port && other.Type === 'tcp' && meet(other.IP ?? '', bind)))
  if (container) {
    return { kind: 'container', name: container.Names[0]?.replace(/^\//, '') ?? container.Id.slice(0, 12), project: container.Labels[LABEL.project] ?? '', pid: 0 }
  }
  return local && process.platform === 'linux' ? processOn(bind, port) : null
}

/** Linux only. An empty name: somebody else's process. */
export async function processOn(bind: string, port: number): Promise<PortOwner | null> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => '')))
  const inodes = new Set(tables.flatMap((table) => table.split('\n').slice(1).flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    const [address = '', hexPort = ''] = local.split(':')
    return state === LISTEN && Number.parseInt(hexPort, 16) === port && meet(unhex(address), bind) ? [`socket:[${inode}]`] : []
  })))
  if (inodes.size === 0) return null
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // Other people's processes can't be looked into; processes end while one looks.
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of fds) {
      if (!inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) continue
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
      return { kind: 'process', name: name.trim() || 'unknown', project: '', pid: Number(pid) }
    }
  }
  return { kind: 'process', name: '', project: '', pid: 0 }
}

const LISTEN = '0A'

/** The kernel prints addresses as 32-bit words in its own byte order (little endian on all we run on). */
function unhex(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)))
  const bytes = words.flat()
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.every((byte) => byte === 0)) return '::'
  // An IPv4 address in IPv6 clothes.
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) return bytes.slice(12).join('.')
  return bytes.every((byte, i) => byte === (i === 15 ? 1 : 0)) ? '::1' : hex
}

const TAKEN = /port is already allocated|address already in use|ports are not available/i
const NOT_HERE = /cannot assign requested address/i

/** A failed start, with its cause looked up. */
export async function explainStart({ docker, local, desired: { file } }: Run, error: unknown, service: DesiredService): Promise<StackError> {
  const text = sentence(error)
  const port = service.ports.find((one) => text.includes(`:${one.port}`)) ?? service.ports[0]
  if (port && NOT_HERE.test(text)) {
    return new StackError('E_BIND_ADDRESS', `The address ${port.bind} isn't one of this machine's, so nothing can be published on it.`, {
      hint: `See the addresses: ${process.platform === 'linux' ? 'ip -brief address' : 'ipconfig'}   then change host_ip in ${file}.`, cause: error,
    })
  }
  // A fixed address inside the network has the same words in some engines, but no published port.
  if (port && TAKEN.test(text) && !/^address already in use$/i.test(text)) {
    const free = await freePort(port.bind || '0.0.0.0', port.port < 65_535 ? port.port + 1 : port.port - 1)
    return portTaken(error, port, free, file, await portOwner(docker, port.bind, port.port, local))
  }
  return explainEngine(error, `start ${service.container}`)
}

function portTaken(cause: unknown, { bind, port }: { bind: string; port: number }, free: number, file: string, owner: PortOwner | null): StackError {
  const where = `Port ${port} on ${bind === '' ? 'all addresses' : isIPv4(bind) ? bind : `[${bind}]`}`
  const edit = `sed -i.bak 's/published: "${port}"/published: "${free}"/' '${file}'`
  const { who, fix } = portHolder(owner, port)
  return new StackError('E_PORT_TAKEN', `${where} is taken by ${who}.`, { hint: `${fix}\nOr take another port: ${edit} && ollama-stack up`, cause })
}

/** Words for whoever holds a port, and what to type about it. Somebody else's process can't be named without root's rights. */
export function portHolder(owner: PortOwner | null, port: number): { who: string; fix: string } {
  if (owner?.kind === 'container') {
    return { who: `container ${owner.name}${owner.project && ` (project ${owner.project})`}`, fix: `Stop it: docker stop ${owner.name}` }
  }
  if (owner?.pid) return { who: `process ${owner.name} (pid ${owner.pid})`, fix: `Stop it: kill ${owner.pid}` }
  const look = process.platform === 'win32' ? `netstat -ano | findstr :${port}` : process.platform === 'linux' ? `sudo ss -ltnp 'sport = :${port}'` : `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN`
  return { who: 'another program', fix: `See which: ${look}` }
}
