// An npm registry on loopback that has what is published to it, and nothing else.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../engine/project.ts'
import { registryTool } from '../setup/packages.ts'
import { must } from '../setup/shell.ts'
import { bare } from './stranger.ts'

const CONFIG = `storage: ./storage
auth: { htpasswd: { file: ./htpasswd, max_users: -1 } }
web: { enable: false }
packages: { '**': { access: $all, publish: $all } }
max_body_size: 50mb
log: { type: stdout, format: json, level: warn }
`

export interface Registry {
  url: string
  /** A folder, packed as it is without running any of its scripts, or the tarball of a `name@version` from where this machine's npm finds it. */
  publish(what: string): Promise<void>
  close(): Promise<void>
}

export async function openRegistry(): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'registry-'))
  await writeFile(join(dir, 'config.yaml'), CONFIG)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const child = spawn(process.execPath, [registryTool('verdaccio/bin/verdaccio'), '-c', join(dir, 'config.yaml'), '-l', `127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  const close = async (): Promise<void> => {
    child.kill()
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  for (const end = Date.now() + 60_000; !(await answers(url)); await sleep(50)) {
    if (child.exitCode === null && Date.now() < end) continue
    await close()
    throw new Error(`the registry doesn't answer:\n${said}`)
  }
  // npm publishes nothing without a login, which this registry doesn't look at.
  await writeFile(join(dir, '.npmrc'), `registry=${url}\n${url.replace('http:', '')}:_authToken=anybody\n`)
  const env = bare({ HOME: dir, npm_config_globalconfig: join(dir, 'none') })
  return {
    url,
    close,
    publish: async (what) => {
      const packed = await mkdtemp(join(dir, 'packed-'))
      await must('npm', ['pack', what, '--ignore-scripts', '--pack-destination', packed])
      await must('npm', ['publish', ...(await readdir(packed)).map((name) => join(packed, name)), '--ignore-scripts', '--provenance=false', '--tag', 'latest', '--registry', url], { env })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}-/ping`)).ok
  } catch {
    return false
  }
}
