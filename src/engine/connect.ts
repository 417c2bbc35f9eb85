// Find the engine that answers.

import { homedir } from 'node:os'
import { CancelError, StackError } from '../errors.ts'
import { places, proxyEnv, type Place, type Surroundings } from './find.ts'
import { limit } from './limit.ts'
import { machineOf } from './machine.ts'
import type { ConnectOptions, Engine } from './types.ts'
import { older, OLDEST_API, warningFor } from './version.ts'

interface Attempt {
  place: Place
  error: Error & { code?: string }
}

/**
 * The engine that `docker` would use, or, where the user chose none, the first that answers.
 * Throws E_ENGINE_NOT_FOUND (with everything tried), E_ENGINE_DENIED, E_ENGINE_OLD.
 */
export async function connect(options: ConnectOptions = {}): Promise<Engine> {
  const around: Surroundings = {
    env: options.env ?? process.env,
    platform: options.platform ?? process.platform,
    home: options.home ?? homedir(),
    uid: options.uid ?? process.getuid?.() ?? -1,
    ...(options.root !== undefined && { root: options.root }),
  }
  const { client, introduce } = await import('./client.ts')
  const failed: Attempt[] = []
  for (const place of await places(around)) {
    const ssh = place.address.startsWith('ssh:')
    const { stop, release } = limit(options.timeoutMs ?? (ssh ? 40_000 : 10_000), options.signal)
    try {
      const docker = client(place)
      const asked = Date.now()
      // Loaded while the engine answers.
      const [{ version, info }, { engine }] = await Promise.all([introduce(docker, stop), import('./engine.ts')])
      const machine = machineOf(info, (asked + Date.now()) / 2)
      if (older(version.ApiVersion, OLDEST_API)) throw tooOld(place, version.Version, version.ApiVersion)
      return engine(docker, await proxyEnv(around, place.address), {
        address: place.address,
        source: place.source,
        version: version.Version,
        apiVersion: version.ApiVersion,
        os: version.Os,
        arch: version.Arch,
        hostname: machine.name,
        runtimes: machine.runtimes,
        cdi: machine.devices,
        operatingSystem: machine.system,
        rootless: (info.SecurityOptions ?? []).some((option) => option.includes('name=rootless')),
        ahead: machine.ahead,
        warning: warningFor(version.Version),
      })
    } catch (error) {
      if (options.signal?.aborted) throw new CancelError('The engine is left as it is.')
      if (error instanceof StackError) throw error
      failed.push({ place, error: (stop.aborted ? stop.reason : error) as Attempt['error'] })
    } finally {
      release()
    }
  }
  throw notFound(failed, around)
}

function tooOld(place: Place, version: string, api: string): StackError {
  return new StackError('E_ENGINE_OLD', `The Docker Engine at ${place.address} is version ${version} (API ${api}); API ${OLDEST_API} is the oldest that works.`, {
    hint: 'Update it to Engine 28 or later: https://docs.docker.com/engine/install/',
  })
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such socket', ECONNREFUSED: 'nothing listens there', EACCES: 'access denied', EPERM: 'access denied',
  ENOTFOUND: 'no such host', EHOSTUNREACH: 'no route to that host', ETIMEDOUT: 'no answer', ENOTSOCK: 'it is no socket',
}

function notFound(failed: Attempt[], { platform }: Surroundings): StackError {
  const denied = failed.find(({ error }) => error.code === 'EACCES' || error.code === 'EPERM')
  if (denied) {
    return new StackError('E_ENGINE_DENIED', `A Docker Engine is at ${denied.place.address} (${denied.place.source}), but this user may not use it.`, {
      hint: platform === 'linux'
        ? 'Join its group: sudo usermod -aG docker "$USER"   then log out and in. Members of that group can become root on this machine. ' +
          'Without that power: rootless Docker, https://docs.docker.com/engine/security/rootless/. For once: run this command with sudo.'
        : 'Start Docker Desktop as this user, or choose another engine: docker context ls',
      cause: denied.error,
    })
  }
  const tried = failed.map(({ place, error }) => `  ${place.address} (${place.source}): ${(error.code && REASONS[error.code]) ?? error.message}`)
  return new StackError('E_ENGINE_NOT_FOUND', `No Docker Engine answers. Tried:\n${tried.join('\n')}`, { hint: fix(failed, platform), cause: failed[0]?.error })
}

function fix(failed: Attempt[], platform: NodeJS.Platform): string {
  const [chosen] = failed
  if (failed.length === 1 && chosen?.place.source === 'DOCKER_HOST') return 'DOCKER_HOST names this engine. Start it, or unset DOCKER_HOST to use the one on this machine.'
  if (failed.length === 1 && chosen?.place.source.startsWith('context ')) return 'Start it, or choose another: docker context ls   then: docker context use NAME'
  if (platform === 'linux') return 'Start it: sudo systemctl start docker   or install it: https://docs.docker.com/engine/install/'
  return 'Start Docker Desktop (or Colima, OrbStack, Rancher Desktop), or install it: https://docs.docker.com/desktop/'
}
