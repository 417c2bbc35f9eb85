// A project on disk: written once by `create`, read back by every other command.

import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isIP } from 'node:net'
import type { Stack, Tls } from '../../stacks/stack.ts'
import { stacks } from '../../stacks/index.ts'
import { parseCompose, type ComposeFile, type Service } from '../compose.ts'
import { shellWord } from '../ui/shell-word.ts'
import { gpuOf } from '../questions/gpu.ts'
import { ollamaOf } from '../questions/ollama-url.ts'
import { codeOf, StackError, UsageError } from '../errors.ts'
import { finishApply } from './journal.ts'
import { ownFacts } from './own-facts.ts'
import { shownPath } from '../ui/quoted.ts'

export interface Project {
  /** Absolute. */
  dir: string
  name: string
  stack: Stack
  file: ComposeFile
  tls: Tls
  /** Plain HTTP was asked for on an address where others can listen. */
  insecureHttp: boolean
  bind: string
  port: number
  /** Names and addresses it answers to; the first one is what clients are told. */
  hosts: string[]
  /** With `tls: acme`, the names and addresses that each have a certificate. */
  certified: string[]
  /** Web pages and apps that may call from a browser. */
  origins: string[]
  /** Addresses and CIDRs that may connect; none: everybody. */
  allow: string[]
  /** A service of its own listens in this machine's network. */
  hostNetwork: boolean
  /** Requests per person, such as `60/m`, or null. */
  rate: string | null
  /** `container`, or the URL of an Ollama elsewhere, as --ollama says it. */
  ollama: string
  /** What compose.yaml gives the stack's own Ollama. */
  gpu: 'none' | 'nvidia' | 'amd'
  url: string
  /** Absolute path of the CA certificate that clients need; null where they trust it already, or need none. */
  ca: string | null
  model: string | null
}

/** The directory that holds the stack: `asked`, or the nearest one upwards from `cwd`. Throws E_NO_PROJECT. */
export function findProject(cwd: string, asked: string | undefined): string {
  if (asked !== undefined) {
    const dir = resolve(cwd, asked)
    if (holdsStack(dir)) return dir
    if (existsSync(join(dir, '.ollama-stack'))) {
      throw new UsageError('E_NO_PROJECT', `${join(dir, 'compose.yaml')} is gone, or its x-ollama-stack block is.`, 'Put it back from your backup. What runs can be seen and stopped meanwhile: docker ps, docker compose -p NAME down')
    }
    const shown = shownPath(dir)
    throw new UsageError('E_NO_PROJECT', `${shown} holds no stack (no compose.yaml with an x-ollama-stack block).`,
      shown === dir ? `Make one there: npx create-ollama-stack@latest ${shellWord(asked)}` : 'Name your project with -C DIR.')
  }
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    if (holdsStack(dir)) return dir
    if (dir === dirname(dir)) {
      throw new UsageError(
        'E_NO_PROJECT',
        `No stack in ${resolve(cwd)} or any directory above it.`,
        'Go to your project or name it with -C DIR. To make one: npx create-ollama-stack@latest',
      )
    }
  }
}

/** What the system says of a path that can't be a directory's: a file, links in a circle, too long. */
const NO_DIRECTORY = ['ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']

/** A directory counts even when its compose.yaml is broken: the error about that is the useful one. */
function holdsStack(dir: string): boolean {
  const file = join(dir, 'compose.yaml')
  try {
    if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return false
    return /^x-ollama-stack:/m.test(readFileSync(file, 'utf8'))
  } catch (cause) {
    const code = codeOf(cause)
    if (NO_DIRECTORY.includes(code)) return false
    if (code !== 'EACCES') throw cause
    throw new StackError('E_NOT_YOURS', `${file} can't be read: permission denied.`, { hint: `Run the command as the owner of ${dir}, or with sudo.`, cause })
  }
}

/** Reads what compose.yaml says today; hand edits count. Throws E_COMPOSE_* naming the line. */
export function loadProject(dir: string): Project {
  finishApply(dir)
  return projectOf(dir, readFileSync(join(dir, 'compose.yaml'), 'utf8'), (path) => existsSync(join(dir, path)))
}

/** The project that a compose.yaml describes, beside files that may not be there yet. Throws as loadProject does. */
export function projectOf(dir: string, text: string, exists: (path: string) => boolean): Project {
  const path = join(dir, 'compose.yaml')
  const file = parseCompose(text, path)
  const { auth, ...own } = ownFacts(file.tool, text, path)
  const stack = stacks[auth]
  if (!stack) throw new Error(`no stack called ${auth}`)
  const { tls, hosts } = own
  const hostNetwork = frontOf(file) === 'front'
  const absent = Object.keys(stack.files({ tls, hostNetwork })).find((one) => !exists(one))
  if (absent !== undefined) {
    throw new StackError('E_COMPOSE_INVALID', `x-ollama-stack.auth says ${stack.id}, but ${absent} isn't there.`, { exit: 2, hint: 'Put back the login that this project was made with, or the file from your backup. To change the login: ollama-stack configure --auth LOGIN' })
  }
  const { bind, port } = published(file, path)
  return {
    ...own,
    dir,
    name: file.name,
    stack,
    file,
    bind,
    port,
    hostNetwork,
    ollama: ollamaOf(file),
    gpu: gpuOf(file.services['ollama'])?.maker ?? 'none',
    url: urlOf({ tls, host: hosts[0] ?? bind, port }),
    ca: caOf(dir, tls, exists),
  }
}

/** A port that browsers and libraries would leave out is left out. */
export function urlOf({ tls, host, port }: { tls: Tls; host: string; port: number }): string {
  const usual = port === (tls === 'off' ? 80 : 443)
  return `${tls === 'off' ? 'http' : 'https'}://${isIP(host) === 6 ? `[${host}]` : host}${usual ? '' : `:${port}`}`
}

/** Enough to take a project down: its compose.yaml may be broken otherwise. Throws what loadProject throws when not even the name is there. */
export function loadName(dir: string): Pick<Project, 'dir' | 'name'> {
  const name = /^name: *"?([a-z0-9][a-z0-9_-]*)"? *(?:#.*)?$/m.exec(readFileSync(join(dir, 'compose.yaml'), 'utf8'))?.[1]
  return name === undefined ? loadProject(dir) : { dir, name }
}

/** The service that clients connect to: the proxy, or what stands in front of it. */
export function frontOf({ services }: Pick<ComposeFile, 'services'>): 'front' | 'tls' | 'proxy' {
  return services['front'] ? 'front' : services['tls'] ? 'tls' : 'proxy'
}

/** Addresses of this machine that a service has: published by Docker (port 0: any that is free), or listened on in this machine's own network. */
export function publishedBy(service: Service | undefined): { bind: string; port: number }[] {
  const [, bind, port] = /^\[?([0-9a-f.:]+?)\]?:(\d{1,5})$/.exec(service?.network_mode === 'host' ? service.environment?.['LISTEN'] ?? '' : '') ?? []
  if (bind !== undefined && isIP(bind) !== 0) return [{ bind, port: Number(port) }]
  return (service?.ports ?? []).map(({ host_ip = '0.0.0.0', published = '0' }) => ({ bind: host_ip, port: Number(published) }))
}

function caOf(dir: string, tls: Tls, exists: (path: string) => boolean): string | null {
  if (tls === 'private') return join(dir, 'certs', 'ca.crt')
  const root = 'certs/acme/root.crt'
  return tls === 'acme' && exists(root) ? join(dir, root) : null
}

function published(file: ComposeFile, path: string): { bind: string; port: number } {
  const front = frontOf(file)
  const [first] = publishedBy(file.services[front])
  if (first?.port) return first
  throw new StackError('E_COMPOSE_INVALID', `${path}: services.${front} publishes no port, so nobody can reach this stack.`, {
    exit: 2,
    hint: front === 'front' ? 'Give it `network_mode: host` and, below `environment`, an address and a port, such as LISTEN: "0.0.0.0:8443".' : `Give services.${front}.ports one entry with host_ip, target and published.`,
  })
}
