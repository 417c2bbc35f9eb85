// What checks look at: this machine, the engine, the project. Whatever costs time is a function, and
// asked once however many checks want to know. Tests give their own.

import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import type { Context } from '../cli/command.ts'
import { isOllama } from '../ollama/bare-ollama.ts'
import { doorOf } from '../running/door.ts'
import type { Engine } from '../engine.ts'
import type { ExaminedContainer } from '../engine/examine.ts'
import type { EngineMachine } from '../engine/machine.ts'
import { StackError } from '../errors.ts'
import { ask, type Reply } from '../net/http.ts'
import { thisMachine, type Machine } from '../questions/machine.ts'
import { peerCert } from '../certs/peer-cert.ts'
import type { Project } from '../project/project.ts'

export interface Facts {
  now: Date
  env: Record<string, string | undefined>
  platform: NodeJS.Platform
  home: string
  hostname: string
  /** Names and addresses of this machine. */
  machine: Machine
  /** Text of a file of this machine; null when it isn't there or may not be read. */
  text(path: string): string | null
  /** Names in a directory of this machine; none when it isn't there. */
  names(path: string): string[]
  /** Bytes that may still be written there; null: no such place. */
  free(path: string): Promise<number | null>
  /** A program's outcome; null when there is no such program. */
  run(program: string, args: readonly string[], cwd?: string): Promise<{ code: number; stdout: string } | null>
  /** Addresses of a name, none when nobody knows it. */
  resolve(name: string): Promise<string[]>
  /** Whether an Ollama answers on port 11434 of an address, without a login. */
  ollamaAt(address: string): Promise<boolean>
  engine: Engine | null
  /** Why there is no engine. */
  engineError: StackError | null
  engineMachine(): Promise<EngineMachine | null>
  project: Project | null
  /** Why there is no project, though there should be. */
  projectError: StackError | null
  containers(): Promise<ExaminedContainer[]>
  /** Output of a command in the running container of a service; null when it doesn't run, or the command fails. */
  inside(service: string, command: readonly string[]): Promise<string | null>
  /** What a stranger gets who asks the proxy for /, and when (milliseconds); or why nothing usable answers. */
  answer(): Promise<{ reply: Reply; at: number } | { reply: null; error: StackError }>
  /** GET / in plain HTTP, by an address; null: nothing answers there. */
  get(url: string, at: { host: string; port: number }): Promise<Reply | null>
  /** PEM of the certificate that is shown there for a name; null: none. */
  peer(name: string, at: { host: string; port: number }): Promise<string | null>
  signal: AbortSignal
}

/** How long the programs that checks run may take. */
const PROGRAM_MS = 5000
const IDLE_MS = 3000

type Given = Pick<Facts, 'engine' | 'engineError' | 'project' | 'projectError'> & Pick<Context, 'env' | 'signal'>

export function gather({ env, signal, engine, engineError, project, projectError }: Given): Facts {
  const containers = once(async () => (engine && project ? engine.examine(project.name, signal) : []))
  return {
    now: new Date(),
    env,
    platform: process.platform,
    home: os.homedir(),
    hostname: os.hostname(),
    machine: thisMachine(),
    text: (path) => otherwise(null, () => readFileSync(path, 'utf8')),
    names: (path) => otherwise([], () => readdirSync(path)),
    free: (path) => statfs(path).then(({ bavail, bsize }) => bavail * bsize, () => null),
    run: (program, args, cwd) => output(program, args, cwd, env, signal),
    resolve: (name) => lookup(name, { all: true }).then((all) => all.map(({ address }) => address), (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTFOUND') return []
      throw new StackError('E_DNS', `${name} can't be looked up: ${error.code ?? error.message}.`, { hint: 'Is this machine online? Which name servers it asks: resolvectl status' })
    }),
    ollamaAt: (address) => isOllama(address, signal),
    engine,
    engineError,
    engineMachine: once(async () => (engine ? engine.machine(signal) : null)),
    project,
    projectError,
    containers,
    async inside(service, command) {
      const container = (await containers()).find((one) => one.service === service && one.state === 'running')
      if (!engine || !container) return null
      const { code, stdout, stderr } = await engine.exec(container.id, [...command], { signal })
      return code === 0 ? stdout + stderr : null
    },
    answer: once(async () => {
      if (!project) return { reply: null, error: new StackError('E_NO_PROJECT', 'There is no project.') }
      try {
        return { reply: await ask(doorOf(project), { path: '/', idle: IDLE_MS, signal }), at: Date.now() }
      } catch (error) {
        signal.throwIfAborted()
        return { reply: null, error: error instanceof StackError ? error : new StackError('E_NO_ANSWER', `No TLS connection comes about: ${(error as Error).message}`, { cause: error }) }
      }
    }),
    get: (url, connect) => ask({ url, connect, ca: null }, { path: '/', idle: IDLE_MS, signal }).catch(() => null),
    peer: (name, at) => peerCert(at, name, null).then(String, () => null),
    signal,
  }
}

/** Whether the engine's machine is this very one, not a virtual one on it. */
export const isHere = ({ engine, hostname }: Pick<Facts, 'engine' | 'hostname'>, machine: EngineMachine | null): boolean => engine?.local === true && machine?.name === hostname

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined
  return () => (started ??= work())
}

/** Files of a machine that isn't ours to judge: there or not. */
function otherwise<T>(absent: T, read: () => T): T {
  try {
    return read()
  } catch {
    return absent
  }
}

function output(program: string, args: readonly string[], cwd: string | undefined, env: Facts['env'], signal: AbortSignal): ReturnType<Facts['run']> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, cwd, signal, timeout: PROGRAM_MS }, (error, stdout) => {
      if (error?.code === 'ENOENT' || error?.code === 'EACCES') resolve(null)
      else if (error && typeof error.code !== 'number') reject(new StackError('E_PROGRAM', `${program} ${args.join(' ')} gave no answer: ${error.message}`))
      else resolve({ code: Number(error?.code ?? 0), stdout })
    })
  })
}
