// Where a Docker Engine may answer, in the order of the Docker CLI: DOCKER_HOST, DOCKER_CONTEXT, the
// current context of config.json; and only when none of these says anything, the usual sockets.
// dockerode itself reads only DOCKER_HOST, so it could end up on another engine than `docker` does.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, StackError } from '../errors.ts'

export interface Tls {
  ca?: string
  cert?: string
  key?: string
  skipVerify?: boolean
}

export interface Place {
  /** `unix:///...`, `npipe:////./pipe/...`, `tcp://host:port`, `ssh://user@host`. */
  address: string
  /** Who named it, for messages. */
  source: string
  tls?: Tls
}

export interface Surroundings {
  env: Record<string, string | undefined>
  platform: NodeJS.Platform
  home: string
  /** Numeric user ID; -1 where there is none. */
  uid: number
  /** In front of the paths that belong to no user; nothing, but for a test. */
  root?: string
}

/** The places to try. One when the user chose it: then no other engine will do. */
export async function places(around: Surroundings): Promise<Place[]> {
  const { env, home } = around
  const config = env['DOCKER_CONFIG'] || join(home, '.docker')
  // DOCKER_HOST wins over DOCKER_CONTEXT, as in the CLI.
  if (env['DOCKER_HOST']) {
    const address = env['DOCKER_HOST'].includes('://') ? env['DOCKER_HOST'] : `tcp://${env['DOCKER_HOST']}`
    const tls = address.startsWith('tcp:') ? await envTls(env, config) : undefined
    return [{ address, source: 'DOCKER_HOST', ...(tls && { tls }) }]
  }
  const chosen = await contextPlace(around)
  return chosen === null ? sockets(around) : [chosen]
}

/** Where the Docker context leads that is selected by DOCKER_CONTEXT or in config.json, DOCKER_HOST left aside; null: the default one. */
export async function contextPlace({ env, home }: Pick<Surroundings, 'env' | 'home'>): Promise<Place | null> {
  const config = env['DOCKER_CONFIG'] || join(home, '.docker')
  const fromEnv = env['DOCKER_CONTEXT']
  const name = fromEnv || (await currentContext(config))
  return name && name !== 'default' ? context(config, name, fromEnv ? 'DOCKER_CONTEXT' : join(config, 'config.json')) : null
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return undefined
    throw new StackError('E_ENGINE_NOT_FOUND', `${path} can't be read: ${(cause as Error).message}`, {
      hint: `It says which Docker Engine to use. Make it readable, or set DOCKER_HOST.`, cause,
    })
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    throw new SyntaxError('it holds no object')
  } catch (cause) {
    throw new StackError('E_ENGINE_NOT_FOUND', `${path} is not valid JSON: ${(cause as Error).message}`, {
      hint: 'The Docker CLI fails on it too. Repair it, or set DOCKER_HOST.', cause,
    })
  }
}

const PROXIES: Record<string, string> = { httpProxy: 'HTTP_PROXY', httpsProxy: 'HTTPS_PROXY', noProxy: 'NO_PROXY', ftpProxy: 'FTP_PROXY', allProxy: 'ALL_PROXY' }

/**
 * What `proxies` of config.json puts into every container that the CLI and Compose make: without it, an
 * Ollama that we start behind a company's proxy could pull no model, while Compose's could.
 */
export async function proxyEnv({ env, home }: Surroundings, address: string): Promise<Record<string, string>> {
  const path = join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json')
  const text = await readIfThere(path)
  const proxies = (text === undefined ? {} : parse(path, text)['proxies'] ?? {}) as Record<string, Record<string, string>>
  const chosen = proxies[address] ?? proxies['default'] ?? {}
  return Object.fromEntries(Object.entries(PROXIES).flatMap(([key, name]) => (chosen[key] ? [[name, chosen[key]], [name.toLowerCase(), chosen[key]]] : [])))
}

async function currentContext(config: string): Promise<string> {
  const path = join(config, 'config.json')
  const text = await readIfThere(path)
  const name = text === undefined ? '' : parse(path, text)['currentContext']
  return typeof name === 'string' ? name : ''
}

/** DOCKER_TLS_VERIFY or DOCKER_TLS, with the files of DOCKER_CERT_PATH or of the configuration directory. */
async function envTls(env: Surroundings['env'], config: string): Promise<Tls | undefined> {
  if (!env['DOCKER_TLS_VERIFY'] && !env['DOCKER_TLS']) return undefined
  return { ...(await tlsFiles(env['DOCKER_CERT_PATH'] || config)), skipVerify: !env['DOCKER_TLS_VERIFY'] }
}

async function tlsFiles(dir: string): Promise<Tls> {
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((file) => readIfThere(join(dir, file))))
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

/** A context lives in a directory named by the SHA-256 of its name. */
async function context(config: string, name: string, source: string): Promise<Place> {
  const id = createHash('sha256').update(name).digest('hex')
  const path = join(config, 'contexts', 'meta', id, 'meta.json')
  const text = await readIfThere(path)
  if (text === undefined) {
    throw new StackError('E_ENGINE_NOT_FOUND', `${source} selects the Docker context ${name}, which doesn't exist.`, {
      hint: 'See what there is: docker context ls   then: docker context use NAME',
    })
  }
  const meta = parse(path, text) as { Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } } }
  const { Host: address = '', SkipTLSVerify: skipVerify = false } = meta.Endpoints?.docker ?? {}
  if (!address) {
    throw new StackError('E_ENGINE_NOT_FOUND', `The Docker context ${name} (${path}) names no Docker Engine.`, { hint: 'docker context ls   shows what there is.' })
  }
  const tls = await tlsFiles(join(config, 'contexts', 'tls', id, 'docker'))
  const secure = Object.keys(tls).length > 0 || skipVerify
  return { address, source: `context ${name}`, ...(secure && address.startsWith('tcp:') && { tls: { ...tls, skipVerify } }) }
}

function sockets({ env, platform, home, uid, root = '' }: Surroundings): Place[] {
  if (platform === 'win32') {
    return [
      { address: 'npipe:////./pipe/docker_engine', source: 'Docker' },
      { address: 'npipe:////./pipe/dockerDesktopLinuxEngine', source: 'Docker Desktop' },
      { address: 'npipe:////./pipe/podman-machine-default', source: 'Podman' },
    ]
  }
  const runtime = env['XDG_RUNTIME_DIR'] || (uid > 0 ? `/run/user/${uid}` : '')
  const linux = platform === 'linux'
  const found: [source: string, path: string | false][] = [
    ['Docker', `${root}/var/run/docker.sock`],
    ['rootless Docker', linux && runtime !== '' && `${runtime}/docker.sock`],
    ['Docker Desktop', `${home}/.docker/run/docker.sock`],
    ['Docker Desktop', `${home}/.docker/desktop/docker.sock`],
    ['Colima', `${env['COLIMA_HOME'] || `${home}/.colima`}/default/docker.sock`],
    ['Colima', `${env['XDG_CONFIG_HOME'] || `${home}/.config`}/colima/default/docker.sock`],
    ['OrbStack', !linux && `${home}/.orbstack/run/docker.sock`],
    ['Rancher Desktop', `${home}/.rd/docker.sock`],
    ['Lima', `${env['LIMA_HOME'] || `${home}/.lima`}/docker/sock/docker.sock`],
    ['rootless Podman', linux && runtime !== '' && `${runtime}/podman/podman.sock`],
    ['Podman', linux ? `${root}/run/podman/podman.sock` : `${home}/.local/share/containers/podman/machine/podman.sock`],
    ['Podman', !linux && env['TMPDIR'] !== undefined && `${env['TMPDIR'].replace(/\/$/, '')}/podman/podman-machine-default-api.sock`],
  ]
  return found.flatMap(([source, path]) => (path ? [{ address: `unix://${path}`, source }] : []))
}
