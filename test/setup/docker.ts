// The engine: is one answering, and if not, can one be started here?

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { canInstall, install, onPath } from './apt.ts'
import { must, run, Stop, type Outcome } from './shell.ts'

/** A machine can have two clients, and a new one refuses to talk to an old engine. The first one that works is used. */
const CLIENTS = ['docker', '/usr/bin/docker', '/usr/local/bin/docker']
let client = 'docker'

export const docker = (...args: string[]): Promise<Outcome> => run(client, args)
/** For what is said while it runs. */
export const spawnDocker = (...args: string[]): ChildProcessByStdio<null, Readable, null> => spawn(client, args, { stdio: ['ignore', 'pipe', 'ignore'] })
/** The folder of the client in use, or nothing when it is the PATH's own. */
export const clientFolder = (): string | undefined => (client === 'docker' ? undefined : dirname(client))
export const dockerMust = (...args: string[]): Promise<string> => must(client, args)

/** The engine's version, or nothing when none answers. */
export async function engineVersion(): Promise<string | undefined> {
  for (const candidate of CLIENTS) {
    const { code, out } = await run(candidate, ['info', '--format', '{{.ServerVersion}}'], { seconds: 20 })
    if (code !== 0 || out.trim() === '') continue
    client = candidate
    return out.trim()
  }
  return undefined
}

/** Makes sure that an engine answers. Returns a line about it. */
export async function ensureEngine(): Promise<string> {
  const version = await engineVersion()
  if (version !== undefined) return `${version}, answering`
  if (process.platform === 'darwin' || process.platform === 'win32') {
    throw new Stop('No Docker engine answers. Start Docker Desktop and run this again; without it: https://docs.docker.com/get-started/get-docker/')
  }
  if (process.getuid?.() !== 0) {
    throw new Stop(
      (await onPath('dockerd'))
        ? 'No Docker engine answers. Start it:\n  sudo systemctl start docker\nIf it runs, you may lack the right to use it:\n  sudo usermod -aG docker "$USER"   (then log in again)'
        : 'Docker Engine is not installed. Install it, then run this again: https://docs.docker.com/engine/install/',
    )
  }
  let done = 'started'
  if (!(await onPath('dockerd'))) {
    if (!canInstall()) throw new Stop('Docker Engine is not installed, and this machine has no apt. Install it: https://docs.docker.com/engine/install/')
    await install('docker.io', 'iptables', 'ca-certificates')
    done = 'installed and started'
  }
  const log = await start()
  for (let waited = 0; waited < 60; waited++) {
    const version = await engineVersion()
    if (version !== undefined) return `${version}, ${done}`
    await sleep(500)
  }
  throw new Stop(`dockerd was started and doesn't answer. Its log: ${log}`)
}

/** Starts the engine, detached, so that it outlives this program. Returns where its log is. */
async function start(): Promise<string> {
  if (existsSync('/run/systemd/system')) {
    await must('systemctl', ['start', 'docker'])
    return 'journalctl -u docker'
  }
  const log = join(tmpdir(), 'create-ollama-stack-dockerd.log')
  const file = openSync(log, 'a')
  spawn('setsid', ['dockerd'], { detached: true, stdio: ['ignore', file, file] }).unref()
  return log
}
