// The table of supported keys, per level. Its order is the order of Compose's own data model
// (compose-go types/types.go), because the config hash is taken over JSON in that order.

import { isIP } from 'node:net'
import { posix } from 'node:path'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Attachment, Dependency, Mount, Port } from './types.ts'
import { entries, invalid, isNull, items, unsupported, type At } from './read.ts'
import { shortDevice, shortMount, shortPort } from './short.ts'
import {
  anyText, bytes, command, cpus, duration, flag, integer, list, object, oneOf, options, pairs, sorted, text, texts, words, type Reader, type Table,
} from './values.ts'

const needsValue = (at: At): string => {
  throw invalid(at, 'has no value; Compose would take one from the shell of whoever runs it. Write the value here')
}

const labels = pairs(() => '')
const ip: Reader<string> = (at) => {
  const value = text(at)
  if (!isIP(value)) throw invalid(at, `must be an IP address, not ${JSON.stringify(value)}`)
  return value
}

const longPort = object({
  name: text, mode: oneOf('ingress', 'host'), host_ip: ip, target: integer, published: anyText, protocol: oneOf('tcp', 'udp', 'sctp'), app_protocol: text,
})

const port: Reader<Port> = (at) => {
  if (isScalar(at.node)) return shortPort(at)
  const { name, mode = 'ingress', host_ip, target, published, protocol = 'tcp', app_protocol } = longPort(at) as Partial<Port>
  if (!target || target > 65_535) throw invalid(at, 'needs a target port from 1 to 65535')
  if (published !== undefined && /^\d+$/.test(published) && Number(published) > 65_535) throw invalid(at, `can't be published on ${published}: ports go up to 65535`)
  if (published !== undefined && !/^\d{1,5}$/.test(published)) throw unsupported(at, `${at.key}.published (anything but one port)`)
  return {
    ...(name && { name }), mode, ...(host_ip && { host_ip }), target, ...(published && { published }), protocol, ...(app_protocol && { app_protocol }),
  }
}

const longMount = object({
  type: oneOf('bind', 'volume', 'tmpfs'),
  source: text,
  target: text,
  read_only: flag,
  bind: { read: object({ selinux: oneOf('z', 'Z'), propagation: text, create_host_path: flag }), keepEmpty: true },
  volume: { read: object({ nocopy: flag, subpath: text }), keepEmpty: true },
  tmpfs: { read: object({ size: bytes, mode: integer }), keepEmpty: true },
})

const mount: Reader<Mount> = (at) => {
  const value = isScalar(at.node) ? shortMount(at) : (longMount(at) as unknown as Mount)
  if (!value.type) throw invalid(at, 'needs a type: bind, volume or tmpfs')
  if (!value.target?.startsWith('/')) throw invalid(at, 'needs a target, an absolute path in the container')
  if (value.type === 'bind' && !value.source) throw invalid(at, 'needs a source, a path of this machine')
  if (value.source?.startsWith('~')) throw unsupported(at, `${at.key} (a source with ~)`)
  return { ...value, target: posix.normalize(value.target).replace(/(.)\/$/, '$1') }
}

const deviceRequest: Reader = (at) => {
  const request = object({ capabilities: list(text), driver: text, count: (place) => count(place), device_ids: list(text), options })(at)
  if ('count' in request && 'device_ids' in request) throw invalid(at, 'can have count or device_ids, not both')
  const { capabilities, driver, count: number = 'device_ids' in request ? undefined : -1, device_ids, options: rest } = request
  return {
    ...(capabilities !== undefined && { capabilities }), ...(driver !== undefined && { driver }), ...(number !== undefined && { count: number }),
    ...(device_ids !== undefined && { device_ids }), ...(rest !== undefined && { options: rest }),
  }
}
const count: Reader<number> = (at) => (anyText(at).toLowerCase() === 'all' ? -1 : integer(at))

const gpus: Reader = (at) => {
  if (!isScalar(at.node)) return items(at).map(deviceRequest)
  if (text(at) !== 'all') throw invalid(at, 'must be all, or a list')
  return [{ count: -1 }]
}

const device: Reader = (at) =>
  isScalar(at.node) ? shortDevice(at) : object({ source: text, target: text, permissions: text })(at)

const hosts: Reader<string[]> = (at) => {
  const found = isMap(at.node)
    ? entries(at).flatMap(([host, value]) => (isSeq(value.node) ? items(value).map(text) : [text(value)]).map((address) => `${host}=${address}`))
    : list(text)(at)
  return found.map((entry) => {
    const match = /^([^:=]+)[:=](.+)$/.exec(entry)
    if (!match) throw invalid(at, `must name a host and an address, such as "name=10.0.0.1": ${JSON.stringify(entry)}`)
    return `${match[1]}=${match[2]?.replace(/^\[(.*)\]$/, '$1')}`
  }).toSorted((a, b) => (a < b ? -1 : 1))
}

const test: Reader<string[]> = (at) => {
  const value = isScalar(at.node) ? ['CMD-SHELL', text(at)] : words(at)
  if (value.length > 0 && !['CMD', 'CMD-SHELL', 'NONE'].includes(value[0] ?? '')) throw invalid(at, 'must start with CMD, CMD-SHELL or NONE')
  return value
}

const securityOption: Reader<string> = (at) => {
  const value = text(at)
  if (/^(?:seccomp[=:](?!unconfined$|builtin$)|systempaths[=:])/.test(value)) throw unsupported(at, `${at.key} (${value})`)
  if (value !== 'no-new-privileges' && !/[=:]/.test(value)) throw invalid(at, `is not a security option: ${JSON.stringify(value)}`)
  return value
}

const ulimit: Reader = (at) => (isScalar(at.node) ? integer(at) : object({ soft: integer, hard: integer })(at))

const attachment = object({ aliases: list(text), ipv4_address: ip, ipv6_address: ip, priority: integer })
const networks: Reader<Record<string, Attachment | null>> = (at) => {
  if (isSeq(at.node)) return sorted(list(text)(at).map((name) => [name, null]))
  return sorted(entries(at).map(([name, value]) => [name, isNull(value) ? null : attachment(value)]))
}

const networkMode: Reader<'host'> = (at) => {
  const value = text(at)
  if (value !== 'host') throw unsupported(at, `${at.key} (${value})`)
  return value
}

export const SERVICE: Table = {
  cap_add: list(text), cap_drop: list(text),
  cpus, cpuset: text,
  command: { read: command, keepEmpty: true },
  deploy: (at) => ({
    resources: {},
    ...object({ resources: { read: object({ reservations: object({ devices: (place) => items(place).map(deviceRequest) }) }), keepEmpty: true } })(at),
    placement: {},
  }),
  devices: (at) => items(at).map(device),
  dns: texts,
  entrypoint: { read: command, keepEmpty: true },
  environment: pairs(needsValue),
  expose: list(anyText), extra_hosts: hosts, group_add: list(anyText),
  gpus,
  hostname: text,
  healthcheck: {
    read: object({ test, timeout: duration, interval: duration, retries: { read: integer, keepEmpty: true }, start_period: duration, start_interval: duration, disable: flag }),
    keepEmpty: true,
  },
  image: text,
  init: { read: flag, keepEmpty: true },
  ipc: oneOf('host', 'private', 'shareable', 'none'),
  labels,
  logging: { read: object({ driver: text, options }), keepEmpty: true },
  mem_limit: bytes, mem_reservation: bytes, memswap_limit: bytes,
  network_mode: networkMode, networks,
  pids_limit: integer,
  ports: list(port, (value) => `${value.host_ip ?? ''}:${value.published ?? ''}:${value.target}/${value.protocol}`),
  read_only: flag,
  restart: text,
  runtime: text,
  security_opt: list(securityOption),
  shm_size: bytes,
  stop_grace_period: duration, stop_signal: text,
  sysctls: pairs(needsValue),
  tmpfs: texts,
  ulimits: (at) => sorted(entries(at).map(([name, value]) => [name, ulimit(value)])),
  user: text,
  volumes: list(mount, (value) => value.target),
  working_dir: text,
}

const dependency = object({ condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully'), restart: flag, required: { read: flag, keepEmpty: true } })

/** Not part of the config hash, so it has a reader of its own. */
export const dependsOn: Reader<Record<string, Dependency>> = (at) => {
  const pairsOf = isSeq(at.node) ? list(text)(at).map((name) => [name, {}] as const) : entries(at).map(([name, value]) => [name, dependency(value)] as const)
  return sorted(pairsOf.map(([name, given]) => [name, { condition: 'service_started', restart: false, required: true, ...given }]))
}

export const NETWORK: Table = {
  driver: text, driver_opts: options,
  ipam: object({ driver: text, config: (at) => items(at).map(object({ subnet: text, gateway: ip, ip_range: text })) }),
  internal: flag, attachable: flag, labels, enable_ipv6: flag,
}

export const VOLUME: Table = { driver: text, driver_opts: options, labels }
