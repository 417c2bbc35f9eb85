// `ollama-stack up` and `docker compose up` make the same containers, and each keeps the other's.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { desired, parseCompose, plan, printPlan, type Desired } from '../../src/compose.ts'
import { connect, type Engine, type Hooks } from '../../src/engine.ts'

const IMAGE = 'nginx:1.30'
const root = mkdtempSync(join(tmpdir(), 'lab-eng-'))
const used = new Set<string>()
let engine: Engine

beforeAll(async () => {
  engine = await connect()
})
afterEach(async () => {
  for (const project of used) await engine.down(project, { volumes: true })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
const compose = (want: Desired, ...args: string[]): string => docker('compose', '-f', want.file, '--progress', 'quiet', ...args)

/** A small project: web mounts a directory and a volume, and waits for base. */
function yaml(name: string, changes: { web?: string; base?: string; top?: string; services?: string } = {}): string {
  return `name: ${name}
services:
  web:
    image: ${IMAGE}
    entrypoint: ["sh", "-c"]
    command: ["trap 'exit 0' TERM; echo web is up; while :; do sleep 0.1; done"]
    user: "1000:1000"
    restart: unless-stopped
    depends_on: { base: { condition: service_healthy } }
    environment: { GREETING: "a $$1 <b>" }
    ports: [{ target: 8080, published: "28880", host_ip: 127.0.0.1, protocol: tcp, mode: ingress }]
    networks: { edge: {}, backend: { ipv4_address: 10.214.7.3, aliases: [front] } }
    extra_hosts: ["base-api=10.214.7.2"]
    volumes:
      - { type: bind, source: ./conf, target: /conf, read_only: true, bind: { create_host_path: false } }
      - { type: volume, source: data, target: /data }
    read_only: true
    tmpfs: ["/tmp:size=8m,mode=1777"]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    pids_limit: 32
    mem_limit: 64m
    stop_grace_period: 3s
    logging: { driver: json-file, options: { max-size: 1m, max-file: "2" } }
${changes.web ?? ''}
  base:
    image: ${IMAGE}
    entrypoint: ["sh", "-c"]
    command: ["trap 'exit 0' TERM; echo base is up; while :; do sleep 0.1; done"]
    init: true
    healthcheck: { test: ["CMD", "true"], interval: 1s, timeout: 2s, retries: 3 }
    networks: { backend: { ipv4_address: 10.214.7.2 } }
${changes.base ?? ''}
${changes.services ?? ''}
networks:
  edge: {}
  backend: { internal: true, driver_opts: { com.docker.network.bridge.inhibit_ipv4: "true" }, ipam: { config: [{ subnet: 10.214.7.0/29 }] } }
volumes: { data: {} }
${changes.top ?? ''}
`
}

/** Write a project and read it back as the product does. */
function project(name: string, content = yaml(name)): Desired {
  used.add(name)
  const dir = join(root, name)
  mkdirSync(join(dir, 'conf'), { recursive: true })
  writeFileSync(join(dir, 'compose.yaml'), content)
  return desired(parseCompose(readFileSync(join(dir, 'compose.yaml'), 'utf8'), join(dir, 'compose.yaml')), dir)
}

const steps = async (want: Desired): Promise<string[]> => printPlan(plan(want, await engine.observe(want.project, want.images)))

async function up(want: Desired, hooks: Hooks = { healthyWithin: 30_000 }, signal?: AbortSignal): Promise<string[]> {
  const todo = plan(want, await engine.observe(want.project, want.images))
  await engine.apply(todo, want, hooks, signal)
  return printPlan(todo)
}

/** Container name -> ID, networks and volumes, as the engine has them. */
function state(name: string): { containers: string; networks: string; volumes: string } {
  const filter = ['--filter', `label=com.docker.compose.project=${name}`]
  const sorted = (text: string): string => text.split('\n').toSorted().join('\n')
  return {
    containers: sorted(docker('ps', '-a', '--no-trunc', ...filter, '--format', '{{.Names}} {{.ID}} {{.State}}')),
    networks: sorted(docker('network', 'ls', '--no-trunc', ...filter, '--format', '{{.Name}} {{.ID}}')),
    volumes: sorted(docker('volume', 'ls', ...filter, '--format', '{{.Name}}')),
  }
}
const nothing = { containers: '', networks: '', volumes: '' }

/** Compose builds its lists from maps, so their order changes from run to run. */
const unordered = (value: unknown): unknown => (Array.isArray(value) ? value.map((item) => JSON.stringify(item)).toSorted() : value)

/** What a container is, without what differs from one run to the next. */
function portrait(container: string): unknown {
  const [all] = JSON.parse(docker('inspect', container)) as [{
    Config: Record<string, unknown> & { Labels: Record<string, string>; Env: string[] }
    HostConfig: Record<string, unknown>
    Mounts: { Destination: string }[]
    NetworkSettings: { Networks: Record<string, { Aliases: string[] | null; IPAMConfig: object }> }
  }]
  const labels = { ...all.Config.Labels }
  delete labels['com.docker.compose.version']
  return {
    ...all.Config, Labels: labels, Hostname: '', Env: all.Config.Env.toSorted(),
    // The engine keeps whether an empty list was sent or none.
    host: Object.entries(all.HostConfig).filter(([, value]) => !['null', '[]', '{}'].includes(JSON.stringify(value))).map(([key, value]) => [key, unordered(value)]),
    mounts: all.Mounts.toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1)),
    networks: Object.entries(all.NetworkSettings.Networks).map(([name, { Aliases, IPAMConfig }]) => [name, (Aliases ?? []).filter((alias) => !/^[0-9a-f]{12}$/.test(alias)), IPAMConfig]),
  }
}

describe('ours, then docker compose', () => {
  test('keeps every container, network and volume, and removes them all', async () => {
    const want = project('lab-eng-a')
    expect(await up(want)).toEqual([
      'create network lab-eng-a_edge (missing)', 'create network lab-eng-a_backend (missing)', 'create volume lab-eng-a_data (missing)',
      'create container lab-eng-a-base-1 (no container yet)', 'create container lab-eng-a-web-1 (no container yet)',
    ])
    const before = state('lab-eng-a')
    expect(before.containers.match(/ running$/gm)).toHaveLength(2)
    compose(want, 'up', '-d')
    expect(state('lab-eng-a')).toEqual(before)
    expect(compose(want, 'ps', '--format', '{{.Service}} {{.State}}').split('\n').toSorted()).toEqual(['base running', 'web running'])
    expect(docker('compose', 'ls', '--format', 'json')).toContain('lab-eng-a')
    expect(await steps(want)).toEqual([])
    compose(want, 'down', '-v')
    expect(state('lab-eng-a')).toEqual(nothing)
  })

  test('a stopped project starts again with the same containers', async () => {
    const want = project('lab-eng-a')
    await up(want)
    compose(want, 'stop')
    const ids = state('lab-eng-a').containers.replaceAll(/ \w+$/gm, '')
    expect(await up(want)).toEqual(['start container lab-eng-a-base-1 (exited)', 'start container lab-eng-a-web-1 (exited)'])
    expect(state('lab-eng-a').containers.replaceAll(/ \w+$/gm, '')).toBe(ids)
  })
})

describe('docker compose, then ours', () => {
  test('has nothing to do, and removes everything', async () => {
    const want = project('lab-eng-b')
    compose(want, 'up', '-d')
    const before = state('lab-eng-b')
    expect(await up(want)).toEqual([])
    expect(state('lab-eng-b')).toEqual(before)
    const removed = await engine.down('lab-eng-b')
    expect(removed.containers.toSorted()).toEqual(['lab-eng-b-base-1', 'lab-eng-b-web-1'])
    expect(removed.networks.toSorted()).toEqual(['lab-eng-b_backend', 'lab-eng-b_edge'])
    expect(state('lab-eng-b')).toEqual({ ...nothing, volumes: 'lab-eng-b_data' })
    expect((await engine.down('lab-eng-b', { volumes: true })).volumes).toEqual(['lab-eng-b_data'])
    expect(state('lab-eng-b')).toEqual(nothing)
  })

  test('makes the very same containers', async () => {
    const want = project('lab-eng-b', yaml('lab-eng-b', {
      base: '    hostname: box\n    working_dir: /tmp\n    cpus: 0.3\n    shm_size: 8m\n    memswap_limit: 128m\n    mem_limit: 64m\n    ulimits: { nproc: { soft: 50, hard: 100 } }\n    dns: [1.1.1.1]\n    group_add: ["44"]\n    devices: ["/dev/null:/dev/lab:r"]\n    sysctls: { net.core.somaxconn: 128 }\n    restart: on-failure:2\n    volumes: ["data:/d:ro", "./conf:/c", "/anon"]\n',
      services: `  outside: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true, network_mode: host }\n`,
    }))
    await up(want)
    const ours = want.services.map(({ container }) => portrait(container))
    await engine.down('lab-eng-b', { volumes: true })
    compose(want, 'up', '-d')
    const theirs = want.services.map(({ container }) => portrait(container))
    // The name of an anonymous volume is random.
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll(/[0-9a-f]{64}/g, (id) => (id === want.services[0]?.hash || id === want.services[1]?.hash ? id : 'random')))
    expect(plain(ours)).toEqual(plain(theirs))
    expect(await steps(want)).toEqual([])
  })
})

test('the CLI\'s proxy settings reach our containers as they reach Compose\'s', async () => {
  const config = join(root, 'docker-config')
  mkdirSync(config, { recursive: true })
  writeFileSync(join(config, 'config.json'), JSON.stringify({ cliPluginsExtraDirs: [join(homedir(), '.docker/cli-plugins')], proxies: { default: { httpsProxy: 'http://proxy.example:3128', noProxy: 'backend' } } }))
  const want = project('lab-eng-b', `name: lab-eng-b\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true, environment: { NO_PROXY: mine } }\n`)
  const behind = await connect({ env: { ...process.env, DOCKER_CONFIG: config } })
  await behind.apply(plan(want, await behind.observe(want.project, want.images)), want)
  const env = docker('inspect', '-f', '{{json .Config.Env}}', 'lab-eng-b-x-1')
  expect(JSON.parse(env)).toEqual(expect.arrayContaining(['HTTPS_PROXY=http://proxy.example:3128', 'https_proxy=http://proxy.example:3128', 'no_proxy=backend', 'NO_PROXY=mine']))
  await engine.down('lab-eng-b')
  execFileSync('docker', ['--config', config, 'compose', '-f', want.file, '--progress', 'quiet', 'up', '-d'], { stdio: 'pipe' })
  expect((JSON.parse(docker('inspect', '-f', '{{json .Config.Env}}', 'lab-eng-b-x-1')) as string[]).toSorted()).toEqual((JSON.parse(env) as string[]).toSorted())
})

describe('changes', () => {
  test('an edited service is recreated, the volume keeps its content', async () => {
    const want = project('lab-eng-c')
    await up(want)
    docker('exec', '-u', '0', 'lab-eng-c-web-1', 'sh', '-c', 'echo kept > /data/file')
    const before = state('lab-eng-c')
    const edited = project('lab-eng-c', yaml('lab-eng-c').replace('pids_limit: 32', 'pids_limit: 33'))
    expect(await up(edited)).toEqual(['recreate container lab-eng-c-web-1 (compose.yaml changed)'])
    const after = state('lab-eng-c')
    expect([after.networks, after.volumes]).toEqual([before.networks, before.volumes])
    expect(after.containers.split('\n')).toHaveLength(2)
    expect(after.containers).toContain('lab-eng-c-web-1 ')
    expect(docker('exec', 'lab-eng-c-web-1', 'cat', '/data/file')).toBe('kept')
    expect(await steps(edited)).toEqual([])
    compose(edited, 'up', '-d')
    expect(state('lab-eng-c')).toEqual(after)
  })

  test('another address range remakes the network and both containers', async () => {
    const want = project('lab-eng-c')
    await up(want)
    const moved = project('lab-eng-c', yaml('lab-eng-c').replaceAll('10.214.7.', '10.214.8.'))
    expect(await up(moved)).toEqual([
      'recreate network lab-eng-c_backend (subnet changed from 10.214.7.0/29 to 10.214.8.0/29)',
      'recreate container lab-eng-c-base-1 (compose.yaml changed)', 'recreate container lab-eng-c-web-1 (compose.yaml changed)',
    ])
    expect(await steps(moved)).toEqual([])
    expect(docker('inspect', '-f', '{{(index .NetworkSettings.Networks "lab-eng-c_backend").IPAddress}}', 'lab-eng-c-web-1')).toBe('10.214.8.3')
  })

  test('an orphan of this project goes, a one-off and other projects stay', async () => {
    const other = project('lab-eng-d', `name: lab-eng-d\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true }\n`)
    await up(other)
    const want = project('lab-eng-c', yaml('lab-eng-c', { services: `  extra: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true, networks: [edge] }` }))
    await up(want)
    compose(want, 'run', '-d', '--no-deps', '--name', 'lab-eng-c-oneoff', 'extra')
    const smaller = project('lab-eng-c')
    expect(await up(smaller)).toEqual(['remove container lab-eng-c-extra-1 (not in compose.yaml)'])
    expect(state('lab-eng-d').containers).toMatch(/^lab-eng-d-x-1 \w+ running$/)
    expect(state('lab-eng-c').containers).toMatch(/^lab-eng-c-oneoff \w+ running$/m)
    expect((await engine.down('lab-eng-c')).containers).toContain('lab-eng-c-oneoff')
  })

  test('a second container of a service goes', async () => {
    const want = project('lab-eng-d', `name: lab-eng-d\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true }\n`)
    compose(want, 'up', '-d', '--scale', 'x=2')
    expect(await up(want)).toEqual(['remove container lab-eng-d-x-2 (one container per service)'])
  })
})

describe('failures', () => {
  test('a taken port names the process, and nothing is left', async () => {
    const want = project('lab-eng-e')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(28_880, '127.0.0.1', resolve))
    try {
      await expect(up(want)).rejects.toMatchObject({
        code: 'E_PORT_TAKEN', message: expect.stringMatching(new RegExp(`^Port 28880 on 127\\.0\\.0\\.1 is taken by process \\S+ \\(pid ${process.pid}\\)\\.$`)) as string,
        hint: expect.stringContaining('s/published: "28880"/published: "28881"/') as string,
      })
    } finally {
      server.close()
    }
    expect(state('lab-eng-e')).toEqual(nothing)
  })

  test('a taken port names the container and its project', async () => {
    const first = project('lab-eng-d', `name: lab-eng-d\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true, ports: ["127.0.0.1:28880:80"] }\n`)
    await up(first)
    const want = project('lab-eng-e')
    await expect(up(want)).rejects.toMatchObject({
      code: 'E_PORT_TAKEN', message: 'Port 28880 on 127.0.0.1 is taken by container lab-eng-d-x-1 (project lab-eng-d).', hint: expect.stringContaining('docker stop lab-eng-d-x-1') as string,
    })
    expect(state('lab-eng-e')).toEqual(nothing)
    expect(state('lab-eng-d').containers).toContain('running')
  })

  test('an address that is not here', async () => {
    await expect(up(project('lab-eng-e', yaml('lab-eng-e').replace('host_ip: 127.0.0.1', 'host_ip: 203.0.113.9')))).rejects.toMatchObject({ code: 'E_BIND_ADDRESS' })
    expect(state('lab-eng-e')).toEqual(nothing)
  })

  test('a taken subnet names its holder and the edit that helps', async () => {
    await up(project('lab-eng-d', `name: lab-eng-d\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sleep, "300"], init: true }\nnetworks: { default: { ipam: { config: [{ subnet: 10.214.0.0/20 }] } } }\n`))
    const want = project('lab-eng-e')
    const failure = await up(want).catch((error: unknown) => error as { code: string; message: string; hint: string })
    expect(failure).toMatchObject({ code: 'E_SUBNET_TAKEN', message: 'The address range 10.214.7.0/29 is taken by the Docker network lab-eng-d_default (project lab-eng-d).' })
    expect(state('lab-eng-e')).toEqual(nothing)
    const [, command = ''] = /: (sed .*)$/.exec((failure as { hint: string }).hint) ?? []
    execFileSync('sh', ['-c', command])
    await up(desired(parseCompose(readFileSync(want.file, 'utf8'), want.file), want.dir))
    expect(state('lab-eng-e').containers.match(/ running$/gm)).toHaveLength(2)
  })

  test('a missing directory is named, and not made', async () => {
    const want = project('lab-eng-e')
    rmSync(join(want.dir, 'conf'), { recursive: true })
    await expect(up(want)).rejects.toMatchObject({ code: 'E_MOUNT_MISSING', message: expect.stringContaining(join(want.dir, 'conf')) as string })
    expect(state('lab-eng-e')).toEqual(nothing)
  })

  test('a health check that fails shows its output and the log', async () => {
    const want = project('lab-eng-e', yaml('lab-eng-e').replace('["CMD", "true"]', '["CMD", "sh", "-c", "echo no answer; exit 1"]').replace('retries: 3', 'retries: 1'))
    await expect(up(want)).rejects.toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringMatching(/service base [\s\S]*no answer[\s\S]*base is up/) as string })
    expect(state('lab-eng-e')).toEqual(nothing)
  })

  test('a container that ends, and one that keeps ending', async () => {
    for (const restart of ['"no"', 'always']) {
      const want = project('lab-eng-e', `name: lab-eng-e\nservices:\n  x: { image: "${IMAGE}", entrypoint: [sh, -c, "echo bad option; exit 3"], restart: ${restart} }\n`)
      await expect(up(want)).rejects.toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringMatching(/service x .* (?:ended with |keeps ending \()exit code 3[\s\S]*bad option/) as string })
      expect(state('lab-eng-e')).toEqual(nothing)
    }
  })

  test('a failed change brings the old container back, and keeps the volume', async () => {
    const want = project('lab-eng-e')
    await up(want)
    const before = state('lab-eng-e')
    const broken = project('lab-eng-e', yaml('lab-eng-e').replace('echo web is up;', 'echo broken; exit 4;').replaceAll('10.214.7.', '10.214.8.'))
    await expect(up(broken)).rejects.toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringContaining('broken') as string })
    expect(state('lab-eng-e').containers).toBe(before.containers)
    expect(state('lab-eng-e').volumes).toBe(before.volumes)
    expect(await steps(project('lab-eng-e'))).toEqual([])
  })

  test('an abort takes back what was begun', async () => {
    const want = project('lab-eng-e', yaml('lab-eng-e').replace('["CMD", "true"]', '["CMD", "false"]').replace('retries: 3', 'retries: 100'))
    const stop = new AbortController()
    const started = Date.now()
    setTimeout(() => stop.abort(), 1_500)
    await expect(up(want, { healthyWithin: 60_000 }, stop.signal)).rejects.toMatchObject({ code: 'E_CANCELLED', exit: 130 })
    expect(Date.now() - started).toBeLessThan(20_000)
    expect(state('lab-eng-e')).toEqual(nothing)
  })

  test('somebody else\'s container of that name stays', async () => {
    docker('create', '--name', 'lab-eng-e-web-1', IMAGE, 'true')
    try {
      await expect(up(project('lab-eng-e'))).rejects.toMatchObject({ code: 'E_NAME_TAKEN' })
      expect(docker('inspect', '-f', '{{.State.Status}}', 'lab-eng-e-web-1')).toBe('created')
      expect(state('lab-eng-e')).toEqual(nothing)
    } finally {
      docker('rm', 'lab-eng-e-web-1')
    }
  })

  test('an image that is nowhere', async () => {
    const want = project('lab-eng-e', 'name: lab-eng-e\nservices:\n  x: { image: "127.0.0.1:9/lab-eng-none:1" }\n')
    await expect(up(want)).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' })
    expect(state('lab-eng-e')).toEqual(nothing)
  })
})
