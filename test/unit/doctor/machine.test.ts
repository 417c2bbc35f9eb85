// doctor about engine, machine and GPU. What this machine can't cause comes from recorded/ (each says
// whether it was recorded or made by hand).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Facts } from '../../../src/doctor/facts.ts'
import { used } from '../../../src/doctor/gpu.ts'
import { expectedBytes } from '../../../src/doctor/models.ts'
import type { Service } from '../../../src/compose.ts'
import { StackError } from '../../../src/errors.ts'
import type { Project } from '../../../src/project/project.ts'
import { container, engine, finding, LAN, machine, project } from './facts.ts'
import desktop from './recorded/docker-desktop.json' with { type: 'json' }
import cdi from './recorded/nvidia-cdi.json' with { type: 'json' }
import runtime from './recorded/nvidia-runtime.json' with { type: 'json' }
import recorded from './recorded/ollama.json' with { type: 'json' }

const here = { engine: engine() }
const virtual = { engine: engine(), engineMachine: () => Promise.resolve(machine(desktop)) }

describe('the engine', () => {
  test('none: why, and what to do; what was found says how', async () => {
    expect(await finding('engine', { engineError: new StackError('E_ENGINE_NOT_FOUND', 'No Docker Engine answers.', { hint: 'Start it' }) })).toMatchObject({ level: 'fail', evidence: 'No Docker Engine answers', hint: 'Start it' })
    expect((await finding('engine', here))?.evidence).toBe('unix:///var/run/docker.sock (the usual place of Docker; nothing chooses another)')
    expect((await finding('engine', { engine: engine({ source: 'DOCKER_HOST' }) }))?.evidence).toContain('chosen by DOCKER_HOST')
  })
  test('before 28', async () => {
    expect(await finding('engine-version', { engine: engine({ warning: 'Docker Engine 20.10 is older than 28: why. Update it: https://x' }) })).toMatchObject({ level: 'warn', hint: 'Update it: https://x' })
    expect(await finding('engine-version', here)).toMatchObject({ level: 'ok', evidence: '28.3.0, API 1.51' })
  })

  describe('a context', () => {
    let dir: string
    beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'ollama-stack-context-')) })
    afterEach(() => rmSync(dir, { recursive: true, force: true }))
    const context = (name: string, Host: string) => {
      const meta = join(dir, 'contexts/meta', createHash('sha256').update(name).digest('hex'))
      mkdirSync(meta, { recursive: true })
      writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host } } }))
      writeFileSync(join(dir, 'config.json'), JSON.stringify({ currentContext: name }))
    }
    test('that DOCKER_HOST overrides', async () => {
      context('gpu-box', 'ssh://ann@gpu')
      const found = await finding('context', { env: { DOCKER_CONFIG: dir, DOCKER_HOST: 'unix:///var/run/docker.sock' } })
      expect(found).toMatchObject({ level: 'warn', hint: expect.stringContaining('unset DOCKER_HOST') as string })
      expect(found?.evidence).toContain('context gpu-box (ssh://ann@gpu)')
    })
    test('alone, the same, or none', async () => {
      expect(await finding('context', { env: { DOCKER_CONFIG: dir } })).toMatchObject({ level: 'ok', evidence: 'the default one, and no DOCKER_HOST' })
      context('gpu-box', 'ssh://ann@gpu')
      expect(await finding('context', { env: { DOCKER_CONFIG: dir } })).toMatchObject({ level: 'ok', evidence: 'context gpu-box, and no DOCKER_HOST' })
      expect((await finding('context', { env: { DOCKER_CONFIG: dir, DOCKER_HOST: 'ssh://ann@gpu' } }))?.level).toBe('ok')
    })
    test('that is gone is a warning, not a crash', async () => {
      expect(await finding('context', { env: { DOCKER_CONFIG: dir, DOCKER_CONTEXT: 'nowhere' } })).toMatchObject({ level: 'warn', evidence: expect.stringContaining("nowhere, which doesn't exist") as string })
    })
  })

  test.each<[string, Awaited<ReturnType<Facts['run']>>, string, string]>([
    ['no docker command', null, 'warn', 'no docker command'],
    ['no plugin', { code: 1, stdout: '' }, 'warn', 'no compose plugin'],
    ['help in its place', { code: 0, stdout: 'Usage: docker' }, 'warn', 'no compose plugin'],
    ['there', { code: 0, stdout: '2.40.3\n' }, 'ok', '2.40.3'],
  ])('the compose plugin: %s', async (_, outcome, level, evidence) => {
    expect(await finding('compose', { run: () => Promise.resolve(outcome) })).toMatchObject({ level, evidence: expect.stringContaining(evidence) as string })
  })
})

describe('disk', () => {
  const free = (bytes: number): Partial<Facts> => ({ ...here, free: () => Promise.resolve(bytes) })
  test.each([[500e6, 'fail'], [5e9, 'warn'], [50e9, 'ok']])('%d bytes free: %s', async (bytes, level) => expect((await finding('disk', free(bytes)))?.level).toBe(level))
  test('room for logs, but not for the model that is to be pulled', async () => {
    const inside: Facts['inside'] = (_, command) => Promise.resolve(command[1] === 'list' ? recorded.list : null)
    const large = await project({ model: 'llama3.3:70b' })
    expect(await finding('disk', { ...free(20e9), project: large, inside })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('llama3.3:70b') as string })
    expect((await finding('disk', { ...free(20e9), project: await project({ model: 'gemma3:27b' }), inside }))?.level).toBe('ok') // it is here
  })
  test.each([[10e6, 'fail'], [1e9, 'ok']])("%d bytes free where the project lies, engine or not: %s", async (left, level) => {
    expect((await finding('disk-project', { project: await project(), free: () => Promise.resolve(left) }))?.level).toBe(level)
  })
  test('of a virtual machine, as a container sees it; unseen without one', async () => {
    const df = 'Filesystem     1024-blocks     Used Available Capacity Mounted on\noverlay           61202244 57000000    500000      99% /\n'
    expect(await finding('disk', { ...virtual, inside: () => Promise.resolve(df) })).toMatchObject({ level: 'fail', evidence: '512 MB free (docker-desktop)' })
    expect((await finding('disk', virtual))?.level).toBe('warn')
  })
})

describe('memory', () => {
  const inside: Facts['inside'] = () => Promise.resolve(recorded.list)
  test("Docker Desktop's virtual machine is too small for the test model, or for another one", async () => {
    expect(await finding('memory', { ...virtual, inside, project: await project({ model: 'gemma3:27b' }) })).toMatchObject({ level: 'fail', hint: expect.stringContaining('Settings, Resources') as string })
    expect(await finding('memory', { ...virtual, inside, project: await project() })).toMatchObject({ level: 'warn', evidence: expect.stringContaining('gemma3:27b needs about 20 GB') as string })
  })
  test('a limit in compose.yaml counts', async () => {
    const one = await project({ model: null })
    Object.assign(one.file.services['ollama'] as Service, { mem_limit: '1000000000' })
    expect(await finding('memory', { ...here, project: one })).toMatchObject({ level: 'warn', evidence: '1 GB (mem_limit of the service ollama): too little even for small models' })
  })
  test('enough', async () => expect((await finding('memory', { ...here, inside, project: await project() }))?.level).toBe('ok'))
  test.each([['gemma3:1b', 0.8e9], ['llama3.1:8b', 5.35e9], ['mixtral:8x7b', 36.5e9], ['deepseek-r1', null], ['nomic-embed-text:137m', 0.24e9]])('%s takes about %s', (name, bytes) => {
    const expected = expectedBytes(name)
    if (bytes === null || expected === null) return expect(expected).toBe(bytes)
    expect(Math.abs(expected - bytes)).toBeLessThan(bytes / 20)
  })
})

describe('a GPU', () => {
  const nvidia: Partial<Facts> = {
    ...here,
    names: (path) => (path === '/sys/bus/pci/devices' ? ['0000:00:02.0', '0000:01:00.0', '0000:01:00.1'] : []),
    // The second function of the card is its sound device.
    text: (path) => ({ '/sys/bus/pci/devices/0000:01:00.0/vendor': '0x10de\n', '/sys/bus/pci/devices/0000:01:00.0/class': '0x030000\n', '/sys/bus/pci/devices/0000:01:00.1/vendor': '0x10de\n', '/sys/bus/pci/devices/0000:01:00.1/class': '0x040300\n' })[path] ?? null,
  }
  const amd = (...dev: string[]): Partial<Facts> => ({
    ...here,
    names: (path) => (path === '/sys/bus/pci/devices' ? ['0000:03:00.0'] : path === '/dev' ? dev : path === '/dev/dri' && dev.includes('dri') ? ['card0', 'renderD128'] : []),
    text: (path) => (path.endsWith('/vendor') ? '0x1002' : path.endsWith('/class') ? '0x030000' : null),
  })
  const engineOf = (info: Parameters<typeof machine>[0]) => ({ engineMachine: () => Promise.resolve(machine(info)) })
  const reserving = async (more: Partial<Service>): Promise<Project> => {
    const one = await project()
    Object.assign(one.file.services['ollama'] as Service, more)
    return one
  }
  const reserved: Partial<Service> = { deploy: { resources: { reservations: { devices: [{ driver: 'nvidia', count: -1, capabilities: ['gpu'] }] } }, placement: {} } }

  test('that nobody has is no subject', async () => expect(await finding('gpu', { ...here, project: await project() })).toBeUndefined())
  test('that the stack does not use: told, with the steps that are missing', async () => {
    const one = await project()
    expect(await finding('gpu', { ...nvidia, project: one })).toMatchObject({ level: 'warn', evidence: expect.stringContaining("GPU of NVIDIA's, and this stack doesn't use it") as string, hint: expect.stringMatching(/Container Toolkit.*\n.*--gpu nvidia/) as string })
    expect((await finding('gpu', { ...nvidia, ...engineOf(runtime), project: one }))?.hint).toBe('Use it: ollama-stack configure --gpu nvidia')
    expect((await finding('gpu', { ...amd('kfd', 'dri'), project: one }))?.hint).toBe('Use it: ollama-stack configure --gpu amd')
    expect(await finding('gpu', { ...amd('dri'), project: one })).toBeUndefined() // no compute driver, so none for Ollama
  })
  test('without a project: whether the engine could hand it over', async () => {
    expect((await finding('gpu', nvidia))?.level).toBe('warn')
    expect((await finding('gpu', { ...nvidia, ...engineOf(cdi) }))?.level).toBe('ok')
  })
  test("that compose.yaml gives to Ollama: by the runtime, by CDI, or by neither", async () => {
    const one = await reserving(reserved)
    expect(await finding('gpu', { ...here, project: one })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('neither the runtime "nvidia" nor a CDI device') as string })
    expect((await finding('gpu', { ...here, ...engineOf(runtime), project: one }))?.level).toBe('ok')
    expect((await finding('gpu', { ...here, ...engineOf(cdi), project: one }))?.level).toBe('ok')
  })
  test('of AMD: its devices', async () => {
    const one = await reserving({ devices: [{ source: '/dev/kfd', target: '/dev/kfd', permissions: 'rwm' }, { source: '/dev/dri', target: '/dev/dri', permissions: 'rwm' }] })
    expect(await finding('gpu', { ...here, project: one })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('no /dev/kfd') as string })
    expect(await finding('gpu', { ...amd('kfd'), project: one })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('no /dev/dri/renderD*') as string })
    expect((await finding('gpu', { ...amd('kfd', 'dri'), project: one }))?.level).toBe('ok')
  })
  test.each<[string, string, string[], string]>([
    ['a model on the CPU', recorded.ps.cpu, [], 'fail'],
    ['a model that is too large', recorded.ps.both, [], 'warn'],
    ['a model on the GPU', recorded.ps.gpu, recorded.log.cpu, 'ok'],
    ['nothing loaded, none found at the start', recorded.ps.none, recorded.log.cpu, 'fail'],
    ['nothing loaded, one found at the start', recorded.ps.none, recorded.log.cuda, 'ok'],
    ['nothing loaded, a log without a word', recorded.ps.none, [], 'warn'],
  ])('in use? %s', (_, ps, log, level) => expect(used('NVIDIA', ps, log).level).toBe(level))
  test('asked about only where one is given', async () => {
    const given = { ...here, inside: () => Promise.resolve(recorded.ps.cpu), containers: () => Promise.resolve([]) }
    expect(await finding('gpu-used', { ...given, project: await project() })).toBeUndefined()
    expect(await finding('gpu-used', { ...given, project: await reserving(reserved) })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('gemma3:1b (100% CPU)') as string })
  })
})

describe('the clock', () => {
  const ahead = (ms: number): Partial<Facts> => ({ ...here, engineMachine: () => Promise.resolve({ ...machine(), ahead: ms }) })
  test.each([[0, 'ok'], [4000, 'ok'], [20_000, 'warn'], [-20_000, 'warn'], [3_600_000, 'fail'], [-90_000, 'fail']])("the engine's %d ms ahead: %s", async (ms, level) => expect((await finding('clock', ahead(ms)))?.level).toBe(level))
  test("a virtual machine's that stood still while the laptop slept", async () => {
    expect(await finding('clock', virtual)).toMatchObject({ level: 'fail', evidence: expect.stringContaining('The clock of the engine is 23 minutes behind') as string })
  })
  test("the proxy's, by its Date header", async () => {
    const at = Date.parse('2026-11-21T14:00:00Z')
    const answer = (date: string) => ({ answer: () => Promise.resolve({ reply: { status: 401, headers: { date }, body: '' }, at }) })
    expect(await finding('clock', answer('Sat, 21 Nov 2026 16:00:00 GMT'))).toMatchObject({ level: 'fail', evidence: expect.stringContaining('the proxy is 2 hours ahead') as string })
    expect((await finding('clock', answer('Sat, 21 Nov 2026 14:00:01 GMT')))?.level).toBe('ok')
  })
  test('that was set back behind what was written', async () => {
    expect(await finding('clock', { now: new Date('2020-01-01T00:00:00Z'), project: await project() })).toMatchObject({ level: 'fail', evidence: expect.stringContaining('compose.yaml was written at') as string })
  })
})

describe('an Ollama without a login', () => {
  const answering = (...open: string[]): Partial<Facts> => ({ ollamaAt: (ip) => Promise.resolve(open.includes(ip)) })
  test('that the network reaches', async () => expect(await finding('open-ollama', answering('127.0.0.1', LAN))).toMatchObject({ level: 'fail', evidence: expect.stringContaining(`${LAN}:11434`) as string, hint: expect.stringContaining('systemctl edit ollama') as string }))
  test('in a container', async () => {
    const owned = engine({ portOwner: () => Promise.resolve({ kind: 'container', name: 'old-ollama', project: '', pid: 0 }) })
    expect(await finding('open-ollama', { ...answering(LAN), engine: owned })).toMatchObject({ evidence: expect.stringContaining('container old-ollama') as string, hint: expect.stringContaining('-p 127.0.0.1:11434:11434') as string })
  })
  test('that only this machine reaches, or none', async () => {
    expect((await finding('open-ollama', answering('127.0.0.1')))?.level).toBe('ok')
    expect((await finding('open-ollama', {}))?.evidence).toContain('silent on 127.0.0.1, 192.168.1.5')
  })
})

test('a container of the engine counts for the GPU check only while it runs', async () => {
  const stopped = { ...here, project: await project(), containers: () => Promise.resolve([container('ollama', { state: 'exited' })]) }
  expect(await finding('gpu-used', stopped)).toBeUndefined()
})
