// The calls that the commands make, on the real engine.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { desired, parseCompose, plan } from '../../src/compose.ts'
import { connect, type Engine, type LogLine, type LogOptions } from '../../src/engine.ts'

const NAME = 'lab-eng-calls'
const WEB = `${NAME}-web-1`
const dir = mkdtempSync(join(tmpdir(), 'lab-eng-'))
let engine: Engine

beforeAll(async () => {
  engine = await connect()
  const want = desired(parseCompose(`name: ${NAME}
services:
  web:
    image: nginx:1.30
    entrypoint: [sh, -c]
    command: ["trap 'exit 0' TERM; i=0; while :; do echo out $$i; echo err $$i >&2; i=$$((i+1)); sleep 0.2; done"]
    ports: ["127.0.0.1:28890:80"]
    volumes: ["data:/data"]
volumes: {data: }
`, join(dir, 'compose.yaml')), dir)
  await engine.apply(plan(want, await engine.observe(NAME, want.images)), want, { healthyWithin: 20_000 })
})
afterAll(async () => {
  await engine.down(NAME, { volumes: true })
  rmSync(dir, { recursive: true, force: true })
})

test('a one-off container is gone when its answer is there, whoever of the two removes it', async () => {
  const left = await Promise.all(Array.from({ length: 16 }, async (_, i) => {
    const { stdout } = await engine.oneOff({ project: NAME, image: 'nginx:1.30', cmd: ['sh', '-c', `echo ${i}; hostname`], networks: ['none'] })
    const [said, id = ''] = stdout.trim().split('\n')
    return [Number(said), id.length, spawnSync('docker', ['ps', '-aq', '--filter', `id=${id}`], { encoding: 'utf8' }).stdout]
  }))
  expect(left).toEqual(Array.from({ length: 16 }, (_, i) => [i, 12, '']))
})

test('observe shows state, health, ports and what it hangs on', async () => {
  const have = await engine.observe(NAME, ['nginx:1.30', 'lab-eng-none:1'])
  expect(have.containers).toMatchObject([{
    name: WEB, service: 'web', image: 'nginx:1.30', imageId: have.images['nginx:1.30'], state: 'running', health: 'none',
    ports: [{ bind: '127.0.0.1', port: 28_890, target: 80, protocol: 'tcp' }], networks: [have.networks[0]?.id], volumes: [`${NAME}_data`],
  }])
  expect(have.images['lab-eng-none:1']).toBeNull()
  expect(have.networks).toMatchObject([{ name: `${NAME}_default`, project: NAME, key: 'default', driver: 'bridge', internal: false }])
  expect(await engine.imagePresent('nginx:1.30')).toBe(true)
  expect((await engine.networks()).map((network) => network.name)).toContain(`${NAME}_default`)
  await engine.waitHealthy(NAME, ['web'], 5_000)
  await expect(engine.waitHealthy(NAME, ['gone'], 5_000)).rejects.toMatchObject({ code: 'E_UNHEALTHY' })
})

describe('exec', () => {
  test('gives back both outputs and the exit code', async () => {
    expect(await engine.exec(WEB, ['sh', '-c', 'echo a; echo b >&2; exit 7'])).toEqual({ code: 7, stdout: 'a\n', stderr: 'b\n' })
  })
  test('feeds standard input, of any size and byte', async () => {
    const input = Buffer.alloc(300_000, Buffer.from([0, 255, 10, 65]))
    const result = await engine.exec(WEB, ['sh', '-c', 'wc -c; echo done >&2'], { stdin: input })
    expect(result).toEqual({ code: 0, stdout: '300000\n', stderr: 'done\n' })
    expect((await engine.exec(WEB, ['cat'], { stdin: 'größe' })).stdout).toBe('größe')
  })
  test('a command that is not there is a result, a container that is not there an error', async () => {
    expect((await engine.exec(WEB, ['no-such-program'])).code).toBeGreaterThan(125)
    await expect(engine.exec('lab-eng-none', ['true'])).rejects.toMatchObject({ code: 'E_GONE' })
  })
  test('stops when told to', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 300)
    await expect(engine.exec(WEB, ['sleep', '20'], { signal: stop.signal })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  })
})

describe('logs', () => {
  test('the last lines, by output', async () => {
    const lines: LogLine[] = []
    for await (const line of engine.logs(WEB, { tail: 4 })) lines.push(line)
    expect(lines).toHaveLength(4)
    expect(lines.every((line) => line.service === 'web' && line.line.startsWith(line.stream === 'stdout' ? 'out ' : 'err '))).toBe(true)
  })
  test('follows until told to stop', async () => {
    const stop = new AbortController()
    const lines: LogLine[] = []
    for await (const line of engine.logs(WEB, { follow: true, tail: 0, signal: stop.signal })) {
      lines.push(line)
      if (lines.length === 5) stop.abort()
    }
    expect(lines.length).toBeGreaterThanOrEqual(5)
  })
})

describe('logs with times', () => {
  const last = async (options: LogOptions): Promise<LogLine[]> => {
    const lines: LogLine[] = []
    for await (const line of engine.logs(WEB, { timestamps: true, ...options })) lines.push(line)
    return lines
  }
  test('each line has its own, and from such a one on is what came since', async () => {
    const [first, second] = (await last({ tail: 10 })).slice(-2)
    expect([first?.time, second?.line]).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/), expect.stringMatching(/^(?:out|err) /)])
    const [seconds = '', fraction = ''] = String(second?.time).split('.')
    const since = await last({ since: `${Date.parse(`${seconds}Z`) / 1000}.${fraction.replace('Z', '')}` })
    expect(since[0]).toEqual(second)
  })
})

test('events: what happens to a container, and not what runs in it', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const watching = (async () => {
    for await (const action of engine.events(NAME, stop.signal)) seen.push(action)
  })()
  // Asked again until the engine listens.
  await expect.poll(async () => {
    execFileSync('docker', ['pause', WEB])
    execFileSync('docker', ['unpause', WEB])
    return seen
  }, { timeout: 10_000, interval: 500 }).toContain('pause')
  await engine.exec(WEB, ['true'])
  execFileSync('docker', ['pause', WEB])
  execFileSync('docker', ['unpause', WEB])
  await expect.poll(() => seen.at(-1)).toBe('unpause')
  stop.abort()
  await watching
  expect(new Set(seen)).toEqual(new Set(['pause', 'unpause']))
})

describe('who holds a port', () => {
  test('a container, a process, nobody', async () => {
    expect(await engine.portOwner('127.0.0.1', 28_890)).toEqual({ kind: 'container', name: WEB, project: NAME, pid: 0 })
    expect(await engine.portOwner('0.0.0.0', 28_890)).toMatchObject({ name: WEB })
    expect(await engine.portOwner('127.0.0.2', 28_890)).toBeNull()
    expect(await engine.portOwner('127.0.0.1', 28_891)).toBeNull()
    for (const address of ['127.0.0.1', '::1', '::', '0.0.0.0']) {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(28_891, address, resolve))
      expect(await engine.portOwner(address, 28_891)).toMatchObject({ kind: 'process', pid: process.pid })
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

test('volumes with their size', async () => {
  await engine.exec(WEB, ['sh', '-c', 'head -c 5000000 /dev/zero > /data/model'])
  expect(await engine.volumeSizes(NAME)).toEqual([{ name: `${NAME}_data`, bytes: expect.closeTo(5_000_000, -4) as number }])
})

test('a range that this machine uses itself is refused by name', async () => {
  const device = 'lab-eng0'
  if (spawnSync('ip', ['link', 'add', device, 'type', 'dummy']).status !== 0) return expect(process.getuid?.()).not.toBe(-1)
  const file = join(dir, 'range.yaml')
  try {
    execFileSync('ip', ['address', 'add', '10.215.3.1/24', 'dev', device])
    execFileSync('ip', ['link', 'set', device, 'up'])
    const want = desired(parseCompose('name: lab-eng-range\nservices: {x: {image: "nginx:1.30"}}\nnetworks: {default: {ipam: {config: [{subnet: 10.215.3.128/29}]}}}\n', file), dir)
    await expect(engine.apply(plan(want, await engine.observe(want.project)), want)).rejects.toMatchObject({
      code: 'E_SUBNET_TAKEN', message: 'The address range 10.215.3.128/29 is taken by this machine\'s network 10.215.3.0/24 on lab-eng0.',
      hint: `Take another one: sed -i.bak 's/10\\.215\\.3\\./10.215.4./g' '${file}'`,
    })
    expect((await engine.networks()).filter((network) => network.project === 'lab-eng-range')).toEqual([])
  } finally {
    execFileSync('ip', ['link', 'delete', device])
  }
})

describe('an engine behind ssh', () => {
  /** An `ssh` that runs the far command here, and notes how it was called. */
  function fakeSsh(script: string): string {
    const bin = join(dir, `bin-${Math.random()}`)
    mkdirSync(bin)
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\necho "$@" > ${bin}/args\n${script}\n`)
    chmodSync(join(bin, 'ssh'), 0o755)
    return bin
  }
  const path = process.env['PATH'] ?? ''

  test('works as a near one: calls, exec with input, logs, events', async () => {
    const bin = fakeSsh('while [ "$1" != "--" ]; do shift; done; shift 2; exec "$@"')
    process.env['PATH'] = `${bin}:${path}`
    try {
      const far = await connect({ env: { DOCKER_HOST: 'ssh://me@box:2222' } })
      expect(execFileSync('cat', [join(bin, 'args')], { encoding: 'utf8' }).trim()).toBe('-o ConnectTimeout=30 -T -l me -p 2222 -- box docker system dial-stdio')
      expect((await far.observe(NAME)).containers).toHaveLength(1)
      expect(await far.exec(WEB, ['cat'], { stdin: 'hello' })).toEqual({ code: 0, stdout: 'hello', stderr: '' })
      expect((await far.exec(WEB, ['echo', 'hi'])).stdout).toBe('hi\n')
      await far.waitHealthy(NAME, ['web'], 5_000)
      const stop = new AbortController()
      let count = 0
      for await (const { line } of far.logs(WEB, { follow: true, signal: stop.signal })) if (line && ++count > 3) stop.abort()
      expect(count).toBeGreaterThan(3)
    } finally {
      process.env['PATH'] = path
    }
  })

  test('says what ssh said', async () => {
    process.env['PATH'] = `${fakeSsh('echo "me@box: Permission denied (publickey)." >&2; exit 255')}:${path}`
    try {
      await expect(connect({ env: { DOCKER_HOST: 'ssh://me@box' } })).rejects.toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining('Permission denied (publickey)') as string })
    } finally {
      process.env['PATH'] = path
    }
  })
})

test('a socket that this user may not use', async () => {
  if (process.getuid?.() !== 0) return expect(process.platform).not.toBe('')
  // As another user, in another process.
  const script = `import { connect } from '${join(import.meta.dirname, '../../src/engine.ts')}'; await connect().catch((e) => console.log(e.code, e.hint))`
  const bundle = join(dir, 'denied.mjs')
  execFileSync('npx', ['esbuild', '--bundle', '--platform=node', '--format=esm', '--external:*.node', '--external:cpu-features', `--outfile=${bundle}`, '--log-level=error',
    '--banner:js=import{createRequire as r}from"node:module";import{fileURLToPath as f}from"node:url";const require=r(import.meta.url),__filename=f(import.meta.url),__dirname=f(new URL(".",import.meta.url));'],
  { input: script, cwd: join(import.meta.dirname, '../..') })
  chmodSync(dir, 0o755)
  const child = spawn(process.execPath, [bundle], { uid: 65_534, gid: 65_534, env: { HOME: '/nonexistent', PATH: path0 } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise((resolve) => child.on('close', resolve))
  expect(output).toMatch(/^E_ENGINE_DENIED Join its group: sudo usermod -aG docker/)
})
const path0 = process.env['PATH'] ?? ''
