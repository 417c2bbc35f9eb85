// An engine of its own, to be stopped, killed and filled up: in a network of its own, because two engines in one
// take each other's firewall rules away, and with its data in memory. It needs root, as an engine does.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asRoot, docker, run } from './project.ts'

export interface SecondEngine {
  /** For a command line that is to use it. */
  env: { DOCKER_HOST: string }
  /** Where it keeps everything: 1 GB. */
  data: string
  /** The command line, in the engine's network: what it publishes on 127.0.0.1 is there. */
  inside(...command: string[]): [string, string[]]
  start(): Promise<void>
  /** Resolves when it has ended. */
  end(signal: 'TERM' | 'KILL'): Promise<void>
  remove(): Promise<void>
}

export async function rootOk(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...asRoot(...command))
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  return stdout
}

/** `dir` is new. */
export async function secondEngine(dir: string): Promise<SecondEngine> {
  const [data, pidFile, socket] = [join(dir, 'data'), join(dir, 'pid'), join(dir, 'engine.sock')]
  mkdirSync(data, { recursive: true })
  await rootOk('mount', '-t', 'tmpfs', '-o', 'size=1g', 'none', data)
  const holder = spawn(...asRoot('unshare', '--net', 'sh', '-c', 'ip link set lo up; echo $$; exec sleep 600'), { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(holder.stdout, 'data')) as [Buffer]
  const network = said.toString().trim()
  const inside: SecondEngine['inside'] = (...command) => asRoot('nsenter', `--net=/proc/${network}/ns/net`, ...command)
  const env = { DOCKER_HOST: `unix://${socket}` }
  const group = process.getgid?.() ?? 0
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    // It ends with the tests, however those end.
    child = spawn(...inside('setpriv', '--pdeathsig', 'TERM', 'dockerd', '--data-root', data, '--exec-root', join(dir, 'exec'), '--pidfile', pidFile, '--host', env.DOCKER_HOST, '--group', String(group)), { stdio: 'ignore' })
    for (const end = Date.now() + 30_000; ; await sleep(100)) {
      if ((await docker('--host', env.DOCKER_HOST, 'version')).code === 0) return
      if (Date.now() > end) throw new Error(`a second dockerd didn't start in ${dir}`)
    }
  }
  const end: SecondEngine['end'] = async (signal) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const over = once(child, 'exit')
    await rootOk('kill', `-${signal}`, readFileSync(pidFile, 'utf8').trim())
    await over
    // Its containerd goes with it. Where nobody collects the dead, that one would be taken for alive.
    if (signal === 'KILL') await rootOk('rm', '-f', join(dir, 'exec', 'containerd', 'containerd.pid'))
  }
  return {
    env, data, inside, start, end,
    remove: async () => {
      await end('TERM')
      await rootOk('kill', network)
      await rootOk('sh', '-c', `grep -o ' ${dir}/[^ ]*' /proc/mounts | sort -r | xargs -r umount`)
      if (existsSync(dir)) await rootOk('rm', '-rf', dir)
    },
  }
}
