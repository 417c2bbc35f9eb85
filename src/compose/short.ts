// Short forms, spelled out as Compose spells them out.

import { isIP } from 'node:net'
import type { Mount, Port } from './types.ts'
import { invalid, unsupported, type At } from './read.ts'
import { anyText, text } from './values.ts'

function portNumber(at: At, digits: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  if (port < 1 || port > 65_535) throw invalid(at, `has no port from 1 to 65535: ${JSON.stringify(digits)}`)
  return port
}

const PORT = /^(?:(?:(\[[^\]]*\]|[^:\]]*):)?([^:]*):)?([^:/]*)(?:\/([a-z]+))?$/

/** `[IP:][PUBLISHED:]TARGET[/PROTOCOL]` */
export function shortPort(at: At): Port {
  const spec = anyText(at)
  const [all, ip = '', published = '', target = '', protocol = 'tcp'] = PORT.exec(spec) ?? []
  if (all === undefined) throw invalid(at, `is not a port such as "127.0.0.1:8880:8080": ${JSON.stringify(spec)}`)
  if (/-/.test(published + target)) throw unsupported(at, `${at.key} (a range of ports)`)
  const host = ip.replace(/^\[(.*)\]$/, '$1')
  if (host && !isIP(host)) throw invalid(at, `has no IP address before the ports: ${JSON.stringify(host)}`)
  return {
    mode: 'ingress',
    ...(host && { host_ip: host }),
    target: portNumber(at, target),
    ...(published && { published: String(portNumber(at, published)) }),
    protocol,
  }
}

const isPath = (source: string): boolean => /^(?:[./~\\]|[A-Za-z]:)/.test(source)

const PROPAGATIONS = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']

/** `[SOURCE:]TARGET[:OPTIONS]` */
export function shortMount(at: At): Mount {
  const spec = text(at)
  // A drive letter's colon is no separator.
  const parts = spec.split(/(?<!^[A-Za-z]|:[A-Za-z]):/)
  const [source, target, flags = ''] = parts.length === 1 ? ['', parts[0]] : parts
  if (parts.length > 3 || parts.some((part) => part === '') || !target) {
    throw invalid(at, `is not a mount such as "./proxy:/proxy:ro": ${JSON.stringify(spec)}`)
  }
  const mount: Mount = isPath(source ?? '')
    ? { type: 'bind', source: source ?? '', target: target, bind: {} }
    : { type: 'volume', ...(source && { source }), target: target, volume: {} }
  let selinux = ''
  let propagation = ''
  for (const option of flags.split(',')) {
    if (option === 'ro') mount.read_only = true
    else if (option === 'nocopy' && mount.volume) mount.volume.nocopy = true
    else if ((option === 'z' || option === 'Z') && mount.bind) selinux = option
    else if (PROPAGATIONS.includes(option) && mount.bind) propagation = option
    else if (option !== 'rw' && option !== '') throw invalid(at, `has an unknown option: ${JSON.stringify(option)}`)
  }
  const { type, read_only, volume } = mount
  return {
    type,
    ...(mount.source !== undefined && { source: mount.source }),
    target: mount.target,
    ...(read_only && { read_only }),
    // The short form makes a missing directory, as the very first versions did.
    ...(type === 'bind' && { bind: { ...(selinux && { selinux }), ...(propagation && { propagation }), create_host_path: true } }),
    ...(volume && { volume }),
  }
}

/** `SOURCE[:TARGET[:PERMISSIONS]]` */
export function shortDevice(at: At): { source: string; target: string; permissions: string } {
  const [source = '', target = '', permissions = 'rwm', ...rest] = text(at).split(':')
  if (!source || rest.length > 0) throw invalid(at, 'is not a device such as "/dev/dri:/dev/dri"')
  return { source, target: target || source, permissions }
}
