// One normalised service -> the bodies of the Engine calls that make its container. The very object
// that was hashed is the only input, so the hash can't describe something else than what runs.
// Field by field this follows what Compose 2.40 sends; test/engine/compose-interchange.test.ts
// compares the two containers as the engine shows them.

import { parseDuration } from './units.ts'
import type { DesiredService, DeviceRequest, Endpoint, Healthcheck, Mount, Service } from './types.ts'

const nanoseconds = (duration: string | undefined): number => (duration === undefined ? 0 : (parseDuration(duration) ?? 0))

/** Drop undefined members: the Engine takes a missing field, not null, for "unset". */
function set(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function createBody(service: Service, volumeName: (key: string) => string): Pick<DesiredService['create'], 'HostConfig'> & Record<string, unknown> {
  const exposed = [...(service.ports ?? []).map((port) => `${port.target}/${port.protocol}`), ...(service.expose ?? []).map((port) => (port.includes('/') ? port : `${port}/tcp`))]
  return {
    AttachStdout: true,
    AttachStderr: true,
    ...set({
      Image: service.image,
      Hostname: service.hostname,
      User: service.user,
      WorkingDir: service.working_dir,
      StopSignal: service.stop_signal,
      StopTimeout: service.stop_grace_period === undefined ? undefined : Math.trunc(nanoseconds(service.stop_grace_period) / 1e9),
      Cmd: service.command ?? undefined,
      Entrypoint: service.entrypoint ?? undefined,
      Env: service.environment && Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
      ExposedPorts: exposed.length > 0 ? Object.fromEntries(exposed.map((port) => [port, {}])) : undefined,
      Healthcheck: service.healthcheck && healthcheck(service.healthcheck),
    }),
    HostConfig: { ...hostConfig(service), ...resources(service), ...mounts(service, volumeName) },
  }
}

function healthcheck(check: Healthcheck): Record<string, unknown> {
  return set({
    Test: check.disable ? ['NONE'] : check.test,
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.start_period),
    StartInterval: check.start_interval === undefined ? undefined : nanoseconds(check.start_interval),
    Retries: check.retries ?? 0,
  })
}

function hostConfig(service: Service): Record<string, unknown> {
  const [policy = '', attempts = '0'] = (service.restart ?? '').split(':')
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const port of service.ports ?? []) {
    const key = `${port.target}/${port.protocol}`
    bindings[key] = [...(bindings[key] ?? []), { HostIp: port.host_ip ?? '', HostPort: port.published ?? '' }]
  }
  return set({
    NetworkMode: service.network_mode,
    PortBindings: service.ports && bindings,
    RestartPolicy: service.restart ? { Name: policy === 'none' ? 'no' : policy, MaximumRetryCount: Number(attempts) } : undefined,
    ReadonlyRootfs: service.read_only,
    Init: service.init,
    IpcMode: service.ipc,
    CapAdd: capabilities(service.cap_add),
    CapDrop: capabilities(service.cap_drop),
    SecurityOpt: service.security_opt,
    GroupAdd: service.group_add,
    Dns: service.dns,
    ExtraHosts: service.extra_hosts?.map((entry) => entry.replace('=', ':')),
    Sysctls: service.sysctls,
    Runtime: service.runtime,
    LogConfig: service.logging && { Type: service.logging.driver ?? '', Config: service.logging.options ?? {} },
    Tmpfs: service.tmpfs && Object.fromEntries(service.tmpfs.map((entry) => [entry.split(':')[0], entry.split(':').slice(1).join(':')])),
  })
}

/** The engine takes both spellings; Compose's client sends the long one, sorted. */
function capabilities(names: string[] | undefined): string[] | undefined {
  return names?.map((name) => name.toUpperCase()).map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`)).toSorted()
}

function resources(service: Service): Record<string, unknown> {
  const requests = [
    ...(service.deploy?.resources.reservations?.devices ?? []).map((device) => request(device, device.capabilities ?? [])),
    ...(service.gpus ?? []).map((gpu) => request(gpu, [...(gpu.capabilities ?? []), 'gpu'])),
  ]
  return set({
    Memory: service.mem_limit && Number(service.mem_limit),
    MemoryReservation: service.mem_reservation && Number(service.mem_reservation),
    MemorySwap: service.memswap_limit && Number(service.memswap_limit),
    // Compose multiplies 32-bit floats, so 0.3 CPUs are 300000000 rounded to what those can hold.
    NanoCpus: service.cpus && Math.trunc(Math.fround(Math.fround(service.cpus) * 1e9)),
    CpusetCpus: service.cpuset,
    PidsLimit: service.pids_limit,
    ShmSize: service.shm_size && Number(service.shm_size),
    OomKillDisable: false,
    Devices: service.devices?.map((device) => ({ PathOnHost: device.source, PathInContainer: device.target, CgroupPermissions: device.permissions })),
    DeviceRequests: requests.length > 0 ? requests : undefined,
    Ulimits: service.ulimits && Object.entries(service.ulimits).map(([Name, limit]) =>
      typeof limit === 'number' ? { Name, Soft: limit, Hard: limit } : { Name, Soft: limit.soft ?? 0, Hard: limit.hard ?? 0 }),
  })
}

function request(device: DeviceRequest, capabilities: string[]): Record<string, unknown> {
  return set({ Driver: device.driver ?? '', Count: device.count ?? 0, DeviceIDs: device.device_ids, Capabilities: [capabilities], Options: device.options })
}

/** `Binds` where they can say it, as Compose does; `Mounts` where a missing path must be an error. */
function mounts(service: Service, volumeName: (key: string) => string): Record<string, unknown> {
  const binds: string[] = []
  const others: Record<string, unknown>[] = []
  for (const mount of service.volumes ?? []) {
    const source = mount.type === 'volume' && mount.source ? volumeName(mount.source) : (mount.source ?? '')
    const mode = [mount.read_only ? 'ro' : 'rw', mount.bind?.selinux].filter(Boolean).join(',')
    const simpleBind = mount.type === 'bind' && (!mount.bind || (mount.bind.create_host_path === true && !mount.bind.propagation))
    const simpleVolume = mount.type === 'volume' && mount.source && !mount.volume?.nocopy && !mount.volume?.subpath
    if (simpleBind || simpleVolume) binds.push(`${source}:${mount.target}:${mode}`)
    else others.push(longMount(mount, source))
  }
  return { ...(binds.length > 0 && { Binds: binds }), ...(others.length > 0 && { Mounts: others }) }
}

function longMount(mount: Mount, source: string): Record<string, unknown> {
  return set({
    Type: mount.type, Source: source || undefined, Target: mount.target, ReadOnly: mount.read_only ?? false,
    BindOptions: mount.bind && { Propagation: mount.bind.propagation ?? '' },
    VolumeOptions: mount.volume && set({ NoCopy: mount.volume.nocopy ?? false, Subpath: mount.volume.subpath }),
    TmpfsOptions: mount.tmpfs && { SizeBytes: Number(mount.tmpfs.size ?? 0), Mode: mount.tmpfs.mode ?? 0 },
  })
}

/** Networks in Compose's order: the highest priority first, then by name. */
export function endpoints(service: Service, serviceName: string, container: string, networkName: (key: string) => string): [string, Endpoint][] {
  return Object.entries(service.networks ?? {})
    .toSorted(([a, left], [b, right]) => (right?.priority ?? 0) - (left?.priority ?? 0) || (a < b ? -1 : 1))
    .map(([key, given]) => [networkName(key), {
      Aliases: [container, serviceName, ...(given?.aliases ?? [])],
      IPAMConfig: {
        ...(given?.ipv4_address && { IPv4Address: given.ipv4_address }),
        ...(given?.ipv6_address && { IPv6Address: given.ipv6_address }),
      },
    }])
}
