// The machines of a measurement: something in Ollama's place, proxies in front of it, a client.

import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseCompose } from '../../src/compose.ts'
import { docker, dockerMust } from '../setup/docker.ts'
import { must, run } from '../setup/shell.ts'

const NETWORK = 'bench-auth'
const LABEL = 'create-ollama-stack.bench'

/** Answers at once: nothing that a proxy costs is hidden behind it. */
const CONSTANT = `pid /tmp/nginx.pid; error_log stderr crit; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000;
  server { listen 11434; location / { default_type application/json; return 200 '{"version":"0"}'; } } }`

export interface Proxy {
  name: string
  url: string
  /** What ab is told besides the address. */
  login: string[]
}

export interface Reading {
  /** Per second. */
  requests: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export class Rig {
  readonly #dir: string
  readonly #check: () => void
  #upstream = ''
  readonly #containers: string[] = []

  private constructor(dir: string, check: () => void) {
    this.#dir = dir
    this.#check = check
  }

  /** `standin`: what the tests have in Ollama's place. `constant`: an nginx with one answer. `stamps`: stamps.mjs. `check` throws when all shall end. */
  static async open(upstream: keyof typeof UPSTREAMS, check: () => void): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'bench-')), check)
    await docker('network', 'create', '--label', LABEL, NETWORK)
    try {
      rig.#upstream = await address(await rig.#run('upstream', ...UPSTREAMS[upstream]()))
      return rig
    } catch (error) {
      await rig.close()
      throw error
    }
  }

  /** Ollama's place itself, for comparison. */
  direct(): Proxy {
    return { name: 'upstream', url: `http://${this.#upstream}:11434/api/version`, login: ['-H', 'Host: localhost:11434'] }
  }

  get dir(): string {
    return this.#dir
  }

  /** A container as compose.yaml of that project describes its proxy, with other folders in some places. */
  async proxy(name: string, project: string, folders: Partial<Record<'/proxy' | '/credentials', string>>, login: string[]): Promise<Proxy> {
    const file = join(project, 'compose.yaml')
    const service = parseCompose(readFileSync(file, 'utf8'), file).services['proxy']
    if (!service?.image || !service.entrypoint || !service.command) throw new Error(`${file} has another kind of proxy`)
    const mounts = (service.volumes ?? []).flatMap(({ source = '', target }) => ['-v', `${folders[target as '/proxy'] ?? join(project, source)}:${target}:ro`])
    const environment = Object.entries(service.environment ?? {}).flatMap(([key, value]) => ['-e', `${key}=${value}`])
    const options = ['--user', service.user ?? '', '--read-only', '--tmpfs', '/tmp:size=64m,mode=1777', '--memory', '512m', '--add-host', `ollama-api:${this.#upstream}`, ...mounts, ...environment]
    const capabilities = (service.cap_add ?? []).flatMap((capability) => ['--cap-add', capability])
    const container = await this.#run(name, service.image, [...options, '--cap-drop', 'ALL', ...capabilities, '--entrypoint', service.entrypoint[0] ?? ''], service.command)
    const tls = (service.ports ?? [])[0]?.target === 8443
    const proxy = { name, url: `${tls ? 'https' : 'http'}://${await address(container)}:${tls ? 8443 : 8080}/api/version`, login }
    await this.#ready(proxy)
    return proxy
  }

  async #run(name: string, image: string, options: string[], command: string[]): Promise<string> {
    this.#check()
    const container = `bench-auth-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`
    await docker('rm', '-f', container)
    this.#containers.push(container)
    await dockerMust('run', '-d', '--name', container, '--label', LABEL, '--network', NETWORK, ...options, image, ...command)
    return container
  }

  /** The first answer that is one: big credential files take a while to load. */
  async #ready(proxy: Proxy): Promise<void> {
    for (const end = Date.now() + 60_000; ; await sleep(250)) {
      this.#check()
      const { code, out } = await run('ab', [...FLAGS, '-n', '20', '-c', '1', ...proxy.login, proxy.url], { seconds: 20 })
      if (code === 0 && !/Non-2xx responses/.test(out) && /Complete requests: +20/.test(out)) return
      if (Date.now() > end) throw new Error(`${proxy.name} doesn't answer:\n${out}\n${(await docker('logs', '--tail', '5', `bench-auth-${proxy.name}`)).err}`)
    }
  }

  /** Keep-alive connections, for so many seconds. Throws when a single answer isn't 200. */
  async load({ name, url, login }: Proxy, { seconds, connections }: { seconds: number; connections: number }): Promise<Reading> {
    this.#check()
    const csv = join(this.#dir, `${process.hrtime.bigint()}.csv`)
    const out = await must('ab', [...FLAGS, '-t', String(seconds), '-n', '100000000', '-c', String(connections), '-e', csv, ...login, url])
    if (/Non-2xx responses/.test(out)) throw new Error(`${name}: not every answer was 200\n${out}`)
    const requests = Number(/Requests per second: +([\d.]+)/.exec(out)?.[1])
    const rows = new Map((await readFile(csv, 'utf8')).trim().split('\n').slice(1).map((line) => line.split(',').map(Number) as [number, number]))
    await rm(csv)
    return { requests, p50: rows.get(50) ?? Number.NaN, p99: rows.get(99) ?? Number.NaN }
  }

  /** Wrong passwords until the signal; returns how many were refused per second. */
  async flood(url: string, login: string[], { seconds, connections }: { seconds: number; connections: number }): Promise<number> {
    this.#check()
    const { out } = await run('ab', [...FLAGS, '-t', String(seconds), '-n', '100000000', '-c', String(connections), ...login, url], { seconds: seconds + 30 })
    const [, refused = '0'] = /Non-2xx responses: +(\d+)/.exec(out) ?? []
    const [, complete = '0'] = /Complete requests: +(\d+)/.exec(out) ?? []
    if (refused !== complete || refused === '0') throw new Error(`the flood got in, or nowhere: ${out}`)
    return Number(refused) / seconds
  }

  /** What the engine counts for the container, such as `12.3MiB`. */
  async memory({ name }: Proxy): Promise<string> {
    const text = await dockerMust('stats', '--no-stream', '--format', '{{.MemUsage}}', `bench-auth-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`)
    return text.split('/')[0]?.trim() ?? ''
  }

  async close(): Promise<void> {
    if (this.#containers.length > 0) await docker('rm', '-f', '-v', ...this.#containers)
    await docker('network', 'rm', NETWORK)
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** Image, options, command. */
const UPSTREAMS = {
  standin: () => [standin(), [], []],
  constant: () => ['nginx:1.30', ['--entrypoint', 'sh'], ['-c', `cat > /tmp/n.conf <<'X'\n${CONSTANT}\nX\nexec nginx -g 'daemon off;' -c /tmp/n.conf`]],
  // The stand-in brings a Node.js. An image of the real Ollama has none, and fails here.
  stamps: () => [standin(), ['-v', `${join(import.meta.dirname, 'stamps.mjs')}:/stamps.mjs:ro`, '--entrypoint', '/usr/lib/ollama/node'], ['/stamps.mjs']],
} satisfies Record<string, () => [image: string, options: string[], command: string[]]>

/** The image that the stacks name. */
function standin(): string {
  const path = join(import.meta.dirname, '../../stacks/bearer/files/compose.yaml')
  return parseCompose(readFileSync(path, 'utf8'), path).services['ollama']?.image ?? ''
}

const FLAGS = ['-k', '-q', '-s', '20']

const address = (container: string): Promise<string> =>
  dockerMust('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container).then((text) => text.trim())
