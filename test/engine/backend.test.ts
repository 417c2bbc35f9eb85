// An Ollama that isn't the stack's own. The stand-in for Ollama runs beside the stacks, on 127.0.0.1 of this
// machine, and checks the Host as Ollama does there; the same again at an address, as another machine has it.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Gpu, Stack } from '../../stacks/stack.ts'
import { desired, parseCompose } from '../../src/compose.ts'
import { applyChange } from '../../src/project/disk.ts'
import { ask } from '../../src/net/http.ts'
import { render } from '../../src/project/render.ts'
import type { Head } from '../images/ollama/heads.ts'
import { config } from '../unit/config-of.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument, type Outcome } from './project.ts'

const IMAGE = 'ollama/ollama:0.32.15'
const SERVER = 'test-backend-server'
const place = workspace()
const rows = Object.values(stacks).map((stack) => ({ id: stack.id, stack, name: `test-backend-${stack.id}`, dir: join(place.dir, `test-backend-${stack.id}`) }))
const made = new Map<string, CreateDocument>()
const own = (id: string): CreateDocument => {
  const document = made.get(id)
  if (!document) throw new Error(`${id} was not made`)
  return document
}
let port = 0
/** An address of this machine that the stacks' networks reach, as they do another machine's. */
let gateway = ''
const FAR = { name: 'test-backend-far', dir: join(place.dir, 'far'), server: `${SERVER}-far` }
let far: Outcome

const server = (name: string, listen: string): Promise<string> => dockerOk('run', '-d', '--name', name, '--network', 'host', '-e', `OLLAMA_HOST=${listen}`, IMAGE)
const up = (at: string): Promise<void> => vi.waitFor(async () => { if (!(await fetch(`http://${at}/api/version`)).ok) throw new Error('no answer') }, { timeout: 20_000, interval: 100 })
const heads = async (): Promise<Head[]> => JSON.parse(await dockerOk('exec', SERVER, 'ollama', 'standin-heads', '--clear')) as Head[]
const tags = (id: string, login = true) => ask(door(own(id)), { path: '/api/tags', ...(login ? { login: loginOf(own(id), own(id).users[0] as CreateDocument['users'][number]) } : {}) })
const created = ({ code, stdout }: Outcome): CreateDocument => {
  const document = JSON.parse(stdout) as CreateDocument
  expect({ code, error: document.error }).toEqual({ code: 0, error: undefined })
  return document
}
/** Whatever listens in this machine's network among the processes of a container. */
const listening = async (container: string): Promise<string[]> => {
  const pids = (await dockerOk('top', container, '-o', 'pid')).split('\n').slice(1).map((pid) => pid.trim())
  expect(pids.length).toBeGreaterThan(0)
  const { stdout } = await run('ss', ['-Hltnp'])
  return stdout.split('\n').filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)))
}

beforeAll(async () => {
  port = await freePort()
  gateway = await dockerOk('network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}')
  await Promise.all([server(SERVER, `127.0.0.1:${port}`), server(FAR.server, `${gateway}:${port}`)])
  await Promise.all([up(`127.0.0.1:${port}`), up(`${gateway}:${port}`)])
  await Promise.all([(async () => {
    far = await create([FAR.dir, '--name', FAR.name, '--port', String(await freePort()), '--ollama', `http://${gateway}:${port}`, '--model', 'none', '--yes', '--json'])
  })(), ...rows.map(async ({ id, name, dir }) => {
    made.set(id, created(await create([dir, '--auth', id, '--name', name, '--port', String(await freePort()), '--ollama', `http://localhost:${port}`, '--model', id === 'bearer' ? 'gemma3:1b' : 'none', '--yes', '--json'])))
  })])
})
afterAll(async () => {
  await docker('rm', '-f', SERVER, FAR.server)
  await Promise.all([...rows, FAR].map(({ dir }) => ollamaStack(['down', '--volumes', '--yes', '-C', dir])))
  place.remove()
})

describe.each(rows)('$id, this machine', ({ id, name, dir }) => {
  test('every smoke check passes; a stranger is refused', async () => {
    expect(own(id).checks.length).toBeGreaterThan(20)
    expect(own(id).checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect((await tags(id, false)).status).toBe(401)
    expect((await tags(id)).status).toBe(200)
  })

  test('nothing of it listens on a port of this machine, and it has as little as the rest', async () => {
    expect(await listening(`${name}-ollama-host-1`)).toEqual([])
    expect(await listening(SERVER)).toEqual([expect.stringContaining(`127.0.0.1:${port}`)])
    expect(await dockerOk('port', `${name}-ollama-1`)).toBe('')
    for (const service of ['ollama', 'ollama-host']) {
      const [one] = JSON.parse(await dockerOk('inspect', `${name}-${service}-1`)) as [{ HostConfig: object; Config: { User: string }; Mounts: { Destination: string; RW: boolean; Type: string }[] }]
      expect(one.HostConfig).toMatchObject({ NetworkMode: service === 'ollama' ? `${name}_backend` : 'host', CapDrop: ['ALL'], CapAdd: null, ReadonlyRootfs: true, Privileged: false, SecurityOpt: ['no-new-privileges:true'], PidsLimit: 16, Memory: 512 << 20 })
      expect(one.Config.User).toBe('65532:65532')
      expect(one.Mounts.map(({ Destination, RW, Type }) => `${Destination} ${Type} ${RW}`).sort()).toEqual(['/forward bind false', '/run/ollama volume true'])
    }
  })

  test('a second up and docker compose keep every container', async () => {
    const containers = (): Promise<string> => dockerOk('ps', '-a', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`, '--format', '{{.ID}} {{.Names}} {{.State}}')
    const before = await containers()
    expect((await ollamaStack(['up', '-C', dir])).stderr).toContain('Everything is as compose.yaml says')
    await dockerOk('compose', '-f', join(dir, 'compose.yaml'), '--progress', 'quiet', 'up', '-d')
    expect(await containers()).toBe(before)
  })
})

test('what reaches it carries the Host that Ollama allows, and no credential', async () => {
  await heads()
  for (const { id } of rows) await tags(id)
  const seen = (await heads()).filter(({ target }) => target === '/api/tags')
  expect(seen.length).toBe(rows.length)
  for (const { headers } of seen) {
    expect(headers[headers.findIndex((name) => name.toLowerCase() === 'host') + 1]).toBe('localhost:11434')
    expect(headers.join(' ')).not.toMatch(/authorization|bearer|basic|olsk_/i)
  }
})

test('nobody else gets there by what was added: no container, no other user of the socket file', async () => {
  const { name, dir } = rows[1] as (typeof rows)[number]
  const { stdout } = await ollamaStack(['test', '--thorough', '--json', '-C', dir])
  const { ok, checks } = JSON.parse(stdout) as CreateDocument & { ok: boolean }
  expect({ ok, failed: checks.filter((check) => check.ok !== true) }).toEqual({ ok: true, failed: [] })
  expect(checks.find(({ id }) => id === 'attack-container')?.detail).toMatch(/the proxy answers, 10\.[\d.]+:11434, ollama:11434, ollama-api:11434 don't$/)
  const look = await docker('run', '--rm', '--user', '1000:1000', '--network', 'none', '-v', `${name}_socket:/s`, '--entrypoint', 'curl', 'nginx:1.30', '-sS', '--unix-socket', '/s/api.sock', 'http://localhost/api/version')
  expect([look.code, look.stderr]).toEqual([7, expect.stringMatching(/Permission denied|Could not connect|Couldn't connect/i)])
})

/** A generation of 300 tokens, which takes some ten seconds. */
function long(signal: AbortSignal): Promise<IncomingMessage> {
  const document = own('bearer')
  const { connect } = door(document)
  return new Promise((resolve, reject) => {
    request({ ...connect, method: 'POST', path: '/api/generate', signal, headers: loginOf(document, document.users[0] as CreateDocument['users'][number]).headers }, resolve)
      .on('error', reject).end(JSON.stringify({ model: 'gemma3:1b', prompt: 'go on', options: { num_predict: 300 } }))
  })
}

test('chunks come one by one, and who hangs up ends it there too', async () => {
  const stop = new AbortController()
  const times: number[] = []
  const before = (await dockerOk('logs', SERVER)).split('"/api/generate"').length
  const response = await long(stop.signal)
  for await (const chunk of response) {
    expect(String(chunk).trim().split('\n')).toHaveLength(1)
    if (times.push(performance.now()) === 12) break
  }
  stop.abort()
  expect(times.slice(1).filter((time, index) => time - (times[index] ?? time) >= 5).length).toBeGreaterThan(5)
  // Ollama writes its line when the answer ends, and with how long it took: whole it would be ten seconds.
  const lines = async (): Promise<string[]> => (await dockerOk('logs', SERVER)).split('\n').filter((line) => line.includes('"/api/generate"'))
  await expect.poll(async () => (await lines()).length, { timeout: 3000 }).toBe(before)
  expect((await lines()).at(-1)).toMatch(/ \d+\.\d+ms \||\| +[12]\.\d+s \|/)
})

describe('when it stops', () => {
  beforeAll(async () => { await dockerOk('stop', '-t', '1', SERVER) })

  test.each(rows)('$id: 502, in JSON', async ({ id }) => {
    const { status, body } = await tags(id)
    expect([status, JSON.parse(body)]).toEqual([502, { error: 'Ollama can not be reached.' }])
  })

  test('up does not wait for it, leaves the door standing, and says what to type; so does status', async () => {
    const { dir, name } = rows[0] as (typeof rows)[number]
    const start = performance.now()
    const { code, stdout } = await ollamaStack(['up', '--json', '-C', dir])
    expect(performance.now() - start).toBeLessThan(15_000)
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'E_OLLAMA_DOWN', message: expect.stringContaining(`http://127.0.0.1:${port}`) as string, hint: expect.stringContaining('systemctl status ollama') as string } }])
    expect(await dockerOk('inspect', `${name}-proxy-1`, '-f', '{{.State.Health.Status}}')).toBe('healthy')
    const status = JSON.parse((await ollamaStack(['status', '--json', '-C', dir])).stdout) as { problems: { code: string }[] }
    expect(status.problems.map((problem) => problem.code)).toContain('E_OLLAMA_DOWN')
    // Retries of the health check included.
    await expect.poll(() => dockerOk('inspect', `${name}-ollama-1`, '-f', '{{.State.Health.Status}}'), { timeout: 40_000 }).toBe('unhealthy')
  })

  test('create writes nothing', async () => {
    const { code, stdout } = await create([join(place.dir, 'late'), '--ollama', `http://host:${port}`, '--yes', '--json'])
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'E_OLLAMA_DOWN', message: expect.stringContaining('Nothing was written') as string } }])
    expect((await run('ls', [place.dir])).stdout).not.toContain('late')
  })

  test('once it is back nothing needs to be done', async () => {
    await dockerOk('start', SERVER)
    await up(`127.0.0.1:${port}`)
    for (const { id } of rows) await expect.poll(async () => (await tags(id)).status, { timeout: 5000 }).toBe(200)
  })
})

test('at an address, and then by a name of which the address changes', async () => {
  const { name, dir, server: container } = FAR
  const document = created(far)
  expect(document.checks.filter(({ ok }) => ok !== true)).toEqual([])
  expect(far.stderr).toMatch(/unencrypted/)
  expect(far.stderr).toMatch(/OLLAMA_NO_CLOUD=1/)
  expect((await dockerOk('ps', '--filter', `label=com.docker.compose.project=${name}`, '--format', '{{.Names}}')).split('\n').sort()).toEqual([`${name}-ollama-1`, `${name}-proxy-1`])
  // A name that Docker's own resolver knows, since no other one can be had here: a container's.
  await docker('rm', '-f', container)
  const named = (): Promise<string> => dockerOk('run', '-d', '--name', container, '--network', `${name}_egress`, '--network-alias', 'gpu-box', '-e', `OLLAMA_HOST=0.0.0.0:${port}`, IMAGE)
  await named()
  const file = join(dir, 'compose.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(`UPSTREAM: "${gateway}:${port}"`, `UPSTREAM: "gpu-box:${port}"`))
  await ollamaStack(['up', '-C', dir])
  const status = async (): Promise<number> => (await ask(door(document), { path: '/api/tags', login: loginOf(document, document.users[0] as CreateDocument['users'][number]) })).status
  await expect.poll(status, { timeout: 20_000 }).toBe(200)
  const address = (): Promise<string> => dockerOk('inspect', container, '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
  const before = await address()
  await docker('rm', '-f', container)
  const holder = await dockerOk('run', '-d', '--rm', '--network', `${name}_egress`, '--entrypoint', 'sleep', IMAGE, '120')
  await named()
  await docker('rm', '-f', holder)
  expect(await address()).not.toBe(before)
  await expect.poll(status, { timeout: 25_000 }).toBe(200)
})

// No GPU is here, so nothing of it starts; what the engine is asked for is compared with what Compose asks.
test.each<[string, Gpu]>([['nvidia', { maker: 'nvidia', by: 'runtime' }], ['cdi', { maker: 'nvidia', by: 'cdi' }], ['amd', { maker: 'amd', groups: [44, 992] }]])('%s: the container is the one that docker compose makes', async (kind, gpu) => {
  const name = `test-backend-gpu-${kind}`
  const dir = join(place.dir, name)
  const { files } = await render(stacks['bearer'] as Stack, config(stacks['bearer'] as Stack, { name, gpu }), [], { now: new Date() })
  const compose = files.get('compose.yaml')
  // Nothing runs, so any image does for AMD's.
  files.set('compose.yaml', { mode: 0o644, content: String(compose?.content).replace('-rocm', '').replaceAll('10.213.7.', `10.231.${kind.length}.`) })
  mkdirSync(dir)
  applyChange(dir, files)
  try {
    await dockerOk('compose', '-f', join(dir, 'compose.yaml'), '--progress', 'quiet', 'create', 'ollama')
    const want = desired(parseCompose(String(files.get('compose.yaml')?.content), join(dir, 'compose.yaml')), dir).services.find(({ service }) => service === 'ollama')
    const container = JSON.parse(await dockerOk('inspect', `${name}-ollama-1`)) as [{ Config: { Labels: Record<string, string> }; HostConfig: Record<string, unknown> }]
    const { Devices = [], DeviceRequests = null, GroupAdd = null } = want?.create.HostConfig ?? {}
    expect(want?.hash).toBe(container[0].Config.Labels['com.docker.compose.config-hash'])
    const theirs = container[0].HostConfig
    expect([theirs['Devices'] ?? [], theirs['GroupAdd']]).toEqual([Devices, GroupAdd])
    // The engine writes down what was left out as null.
    expect(plain(theirs['DeviceRequests'])).toEqual(plain(DeviceRequests))
    expect(JSON.stringify([Devices, DeviceRequests])).toMatch(kind === 'amd' ? /\/dev\/kfd/ : /gpu/)
  } finally {
    await docker('compose', '-f', join(dir, 'compose.yaml'), 'down', '-v')
  }
})
const plain = (requests: unknown): unknown => (Array.isArray(requests) ? requests.map((one: object) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null && JSON.stringify(value) !== '{}'))) : requests)

test('down leaves nothing, and asks nothing about models that are not its own', async () => {
  for (const { name, dir } of rows) {
    const { code, stdout } = await ollamaStack(['down', '-C', dir])
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('models')])
    expect((await ollamaStack(['down', '--volumes', '-C', dir])).code).toBe(0)
    expect([await remains(name), await dockerOk('volume', 'ls', '-q', '--filter', `name=${name}_`)]).toEqual([[], ''])
  }
})
