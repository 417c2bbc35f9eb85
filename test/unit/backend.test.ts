// --ollama and --gpu: grammar, the way there, the choice. What this machine doesn't have (a GPU, Docker
// Desktop, rootless Docker) is hand-made after the documentation named in src/questions/gpu.ts and stacks/gpu.ts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Elsewhere, Gpu, Stack } from '../../stacks/stack.ts'
import { backendFor, wayTo } from '../../src/running/backend.ts'
import { versionAt } from '../../src/ollama/bare-ollama.ts'
import { lookThere, processor } from '../../src/running/loaded-models.ts'
import { desired, parseCompose } from '../../src/compose.ts'
import type { Engine } from '../../src/engine.ts'
import { exposure } from '../../src/running/exposure.ts'
import { chooseGpu, gpuConflicts, gpuOf, hardware, unseenGpu, type Hardware } from '../../src/questions/gpu.ts'
import { ollama, ollamaOf, placeOf } from '../../src/questions/ollama-url.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { failure } from './refusal.ts'

const signal = new AbortController().signal

describe('--ollama', () => {
  test.each([
    ['container', 'container'], ['http://host:11434', 'http://host:11434'], ['http://host', 'http://host:11434'], ['http://localhost:8080/', 'http://host:8080'],
    ['http://127.0.0.1:11434', 'http://host:11434'], ['http://host.docker.internal:11434', 'http://host:11434'], ['HTTP://GPU-Box.LAN', 'http://gpu-box.lan:11434'], ['http://192.168.1.5:80', 'http://192.168.1.5:80'],
  ])('%s is %s', (text, url) => {
    expect(ollama(text)).toBe(url)
    expect(ollama(url)).toBe(url)
  })
  test.each([
    ['https://gpu-box.lan', 'HTTPS', 'http://ADDRESS:11434'], ['http://ann:hunter2@gpu-box.lan', 'user name or password', 'not a proxy'], ['http://gpu-box.lan/v1', 'path', 'http://host:11434'], ['http://[fd00::5]:11434', 'no IPv6', 'IPv4'],
  ])('%s is refused with the reason and what to write instead', (text, why, instead) => {
    const { code, exit, message, hint } = failure(() => ollama(text))
    expect({ code, exit }).toEqual({ code: 'E_OLLAMA_URL', exit: 2 })
    expect(message).toContain(why)
    expect(message + hint).not.toContain('hunter2')
    expect(hint).toContain(instead)
  })
})

test.each(['http://ollama:11434', 'http://OLLAMA', 'http://proxy:8080', 'http://front', 'http://tls', 'http://ollama-host', 'http://ollama-api:11434'])('%s is the stack itself: a request would go round for ever', (url) => {
  expect(failure(() => ollama(url))).toMatchObject({ code: 'E_OLLAMA_URL', message: expect.stringContaining('service of the stack itself') })
})

describe('the way there', () => {
  const engine = { address: 'unix:///var/run/docker.sock', local: true, rootless: false, hostname: 'nas', operatingSystem: 'Debian GNU/Linux 12 (bookworm)' }
  const desktop = { ...engine, hostname: 'docker-desktop', operatingSystem: 'Docker Desktop' }
  test.each<[string, string, typeof engine | null, NodeJS.Platform, Elsewhere['way']]>([
    ['Linux', 'host', engine, 'linux', 'socket'], ['Linux, no engine asked', 'host', null, 'linux', 'socket'], ['Docker Desktop for Linux, or WSL', 'host', desktop, 'linux', 'gateway'],
    ['a Mac', 'host', desktop, 'darwin', 'gateway'], ['a Mac with Colima', 'host', { ...engine, hostname: 'colima' }, 'darwin', 'gateway'], ['Windows', 'host', null, 'win32', 'gateway'],
    ['another machine', 'gpu-box.lan', engine, 'linux', 'network'], ['another machine from a Mac', '192.168.1.5', desktop, 'darwin', 'network'],
  ])('%s', (_, host, from, platform, way) => expect(wayTo({ host }, from, platform, 'nas')).toBe(way))
  test.each<[string, Partial<typeof engine>, string]>([
    ['a rootless engine', { rootless: true }, 'http://10.0.2.2:11434'], ["another machine's engine", { local: false, address: 'ssh://nas' }, '--ollama container'], ['an engine in a virtual machine', { hostname: 'colima' }, '--ollama container'],
  ])('not with %s, and what to do is said', (_, other, says) => {
    const { code, exit, hint } = failure(() => wayTo({ host: 'host' }, { ...engine, ...other }, 'linux', 'nas'))
    expect({ code, exit, hint }).toEqual({ code: 'E_OLLAMA_HOST', exit: 2, hint: expect.stringContaining(says) as string })
  })
})

describe('who answers', () => {
  const serve = async (answer: string, status = 200): Promise<{ port: number; hosts: (string | undefined)[]; close: () => void }> => {
    const hosts: (string | undefined)[] = []
    const server = createServer((request, response) => {
      hosts.push(request.headers.host)
      response.writeHead(status).end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { port: (server.address() as AddressInfo).port, hosts, close: () => server.close() }
  }
  test('Ollama, asked as localhost, which it allows whatever it is called', async () => {
    const { port, hosts, close } = await serve('{"version":"0.32.15"}')
    expect(await versionAt('127.0.0.1', port, signal)).toBe('0.32.15')
    expect(hosts).toEqual([`localhost:${port}`])
    close()
  })
  test.each([['something else', '<html>', 200], ['other JSON', '[]', 200], ['a version with a line end', '{"version":"1\\n2"}', 200], ['a login', '{"version":"1"}', 401]])('%s is nobody', async (_, answer, status) => {
    const { port, close } = await serve(answer, status)
    expect(await versionAt('127.0.0.1', port, signal)).toBeNull()
    close()
  })
  test('nobody: what to type is said', async () => {
    const { port, close } = await serve('')
    close()
    const engine = { operatingSystem: 'Docker Desktop' } as Engine
    const { elsewhere } = await backendFor({ ollama: 'http://gpu-box.lan:1', gpu: 'auto' }, null, { names: [], addresses: [] }, signal)
    expect(elsewhere).toEqual({ host: 'gpu-box.lan', port: 1, way: 'network' })
    const failed = backendFor({ ollama: `http://10.255.255.255:${port}`, gpu: 'auto' }, engine, { names: [], addresses: [] }, AbortSignal.timeout(20_000))
    await expect(failed).rejects.toMatchObject({ code: 'E_OLLAMA_DOWN', exit: 1, message: expect.stringMatching(/No Ollama answers .*Nothing was written/) as string, hint: expect.stringMatching(/systemctl status ollama[\s\S]*--no-start/) as string })
  })
})

test.each<[string, string, object, RegExp[]]>([
  ['on 127.0.0.1, cloud off', '127.0.0.1', { cloud: { disabled: true } }, []],
  ['on every address, cloud off', '0.0.0.0', { cloud: { disabled: true } }, [/also answers at 127\.0\.0\.2, where nobody needs a login/]],
  ['on 127.0.0.1, cloud on', '127.0.0.1', { cloud: { disabled: false } }, [/OLLAMA_NO_CLOUD=1/]],
  ['too old to say', '127.0.0.1', {}, [/OLLAMA_NO_CLOUD=1/]],
])('what its owner is told: %s', async (_, listen, status, expected) => {
  const server = createServer((request, response) => void response.end(JSON.stringify(request.url === '/api/version' ? { version: '0.32.15' } : status)))
  await new Promise<void>((resolve) => server.listen(0, listen, resolve))
  const { port } = server.address() as AddressInfo
  const desktop = { operatingSystem: 'Docker Desktop' } as Engine
  // 127.0.0.2 is of this machine and not what a loopback server has: as an address of the network is.
  const { warnings, notes } = await backendFor({ ollama: `http://host:${port}`, gpu: 'auto' }, desktop, { names: [], addresses: [{ ip: '127.0.0.2', network: 'eth0', kind: 'lan' }] }, signal)
  server.close()
  expect(warnings).toEqual(expected.map((words) => expect.stringMatching(words) as string))
  expect(notes).toEqual([expect.stringContaining('0.32.15') as string])
})

describe('what it has in memory', () => {
  const project = { name: 'home', ollama: 'http://10.0.0.5:11434' }
  const saying = (stdout: string): Engine => ({ exec: async () => ({ code: 0, stdout, stderr: '' }) }) as unknown as Engine

  test.each(['<html>', '', '[]', 'null', '{"models":null}', '{"models":{}}', '{"models":[null,7,{"name":7,"size":1},{"name":"x","size":"1"}]}'])('%s: no models, and no exception', async (text) => {
    expect(await lookThere(project, saying(text), new AbortController().signal)).toEqual({ models: [], problems: [] })
  })
  test('as ollama ps says it', async () => {
    expect(await lookThere(project, saying('{"models":[{"name":"gemma3:1b","size":1200000000,"size_vram":1200000000}]}'), new AbortController().signal)).toEqual({ models: [{ name: 'gemma3:1b', size: '1.2 GB', processor: '100% GPU' }], problems: [] })
  })
})

describe('--gpu', () => {
  const none: Hardware = { platform: 'linux', nvidia: false, amd: null }
  const engine = { runtimes: ['io.containerd.runc.v2', 'runc'], cdi: [] as string[], local: true }
  const nvidia = { ...engine, runtimes: [...engine.runtimes, 'nvidia'] }
  const cdi = { ...engine, cdi: ['nvidia.com/gpu=0', 'nvidia.com/gpu=all'] }
  test.each<[string, Parameters<typeof chooseGpu>, Gpu | null, RegExp | null]>([
    ['auto, nothing there', ['auto', engine, none], null, /none that Docker could hand over.*CPU/],
    ['auto, runtime and driver', ['auto', nvidia, { ...none, nvidia: true }], { maker: 'nvidia', by: 'runtime' }, /NVIDIA.*runtime nvidia/],
    ['auto, CDI and driver', ['auto', cdi, { ...none, nvidia: true }], { maker: 'nvidia', by: 'cdi' }, /CDI device/],
    ['auto, runtime on a machine that we can not look at', ['auto', { ...nvidia, local: false }, none], { maker: 'nvidia', by: 'runtime' }, /NVIDIA/],
    ['auto, runtime without a driver', ['auto', nvidia, none], null, /no driver for it is loaded/],
    ['auto, driver without a runtime', ['auto', engine, { ...none, nvidia: true }], null, /can't hand it over.*nvidia-ctk/],
    ['auto, AMD', ['auto', engine, { ...none, amd: [44, 992] }], { maker: 'amd', groups: [44, 992] }, /AMD/],
    ['auto, AMD here but the engine elsewhere', ['auto', { ...engine, local: false }, { ...none, amd: [44] }], null, /none/],
    ['auto on a Mac', ['auto', engine, { ...none, platform: 'darwin' }], null, /Mac.*--ollama http:\/\/host:11434/],
    ['none', ['none', nvidia, { ...none, nvidia: true }], null, null],
    ['nvidia', ['nvidia', nvidia, none], { maker: 'nvidia', by: 'runtime' }, null],
    ['nvidia by CDI', ['nvidia', cdi, none], { maker: 'nvidia', by: 'cdi' }, null],
    ['amd', ['amd', engine, { ...none, amd: [] }], { maker: 'amd', groups: [] }, null],
  ])('%s', (_, args, gpu, note) => {
    const chosen = chooseGpu(...args)
    expect(chosen.gpu).toEqual(gpu)
    if (note === null) expect(chosen.note).toBeNull()
    else expect(chosen.note).toMatch(note)
  })
  test.each<[string, Parameters<typeof chooseGpu>, RegExp]>([
    ['nvidia without a runtime', ['nvidia', engine, { ...none, nvidia: true }], /nvidia-ctk runtime configure[\s\S]*--gpu none/],
    ['nvidia with a CDI device of another kind', ['nvidia', { ...engine, cdi: ['amd.com/gpu=all'] }, none], /Container Toolkit/],
    ['amd without devices', ['amd', engine, none], /rocm\.docs[\s\S]*--gpu none/],
    ['amd on an engine elsewhere', ['amd', { ...engine, local: false }, { ...none, amd: [44] }], /--gpu none/],
  ])('%s is refused with what to install', (_, args, hint) => {
    expect(failure(() => chooseGpu(...args))).toMatchObject({ code: 'E_GPU', exit: 2, hint: expect.stringMatching(hint) as string })
  })
  test('a Mac has none for Docker, and its own Ollama is offered', () => {
    expect(gpuConflicts({ gpu: 'nvidia' }, 'darwin').map(({ hint }) => hint)).toEqual([expect.stringContaining('--ollama http://host:11434')])
    expect(gpuConflicts({ gpu: 'nvidia' }, 'linux')).toEqual([])
    expect(gpuConflicts({ gpu: 'auto', ollama: 'http://host:11434' }, 'linux')).toEqual([])
    expect(gpuConflicts({ gpu: 'amd', ollama: 'http://host:11434' }, 'linux')).toHaveLength(1)
  })
  test('without an engine only what was named is taken', () => {
    expect(unseenGpu('auto', none)).toEqual({ gpu: null, note: expect.stringContaining('no engine was asked') as string })
    expect(unseenGpu('nvidia', none).gpu).toEqual({ maker: 'nvidia', by: 'runtime' })
    expect(unseenGpu('amd', { ...none, amd: [992] }).gpu).toEqual({ maker: 'amd', groups: [992] })
    expect(failure(() => unseenGpu('amd', none)).code).toBe('E_GPU')
  })

  const root = mkdtempSync(join(tmpdir(), 'ollama-stack-hardware-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  test('what the machine shows: device files, and the groups that own them', () => {
    expect(hardware('linux', root)).toEqual(none)
    mkdirSync(join(root, 'dev/dri'), { recursive: true })
    writeFileSync(join(root, 'dev/kfd'), '')
    expect(hardware('linux', root).amd).toBeNull()
    writeFileSync(join(root, 'dev/dri/renderD128'), '')
    // Root's own group opens nothing, and is never handed to a container.
    const gid = process.getgid?.() ?? 0
    expect(hardware('linux', root).amd).toEqual(gid === 0 ? [] : [gid])
    writeFileSync(join(root, 'dev/nvidiactl'), '')
    expect(hardware('linux', root).nvidia).toBe(true)
    expect(hardware('darwin', root).amd).toBeNull()
    expect(hardware('win32', '/', root).nvidia).toBe(false)
  })
})

describe('compose.yaml', () => {
  const stack = stacks['bearer'] as Stack
  const file = async (more: Parameters<typeof config>[1]) => parseCompose(String((await render(stack, config(stack, more), [], { now: new Date() })).files.get('compose.yaml')?.content), '/x/compose.yaml')
  test.each<[string, Elsewhere, string, string[]]>([
    ['a socket file', { host: 'host', port: 11434, way: 'socket' }, 'http://host:11434', ['proxy', 'ollama', 'ollama-host']],
    ['the gateway', { host: 'host', port: 8080, way: 'gateway' }, 'http://host:8080', ['proxy', 'ollama']],
    ['the network', { host: 'gpu-box.lan', port: 11434, way: 'network' }, 'http://gpu-box.lan:11434', ['proxy', 'ollama']],
  ])('%s is read back as what was asked for', async (_, elsewhere, url, services) => {
    const read = await file({ elsewhere })
    expect(ollamaOf(read)).toBe(url)
    expect(placeOf(url)).toEqual({ host: elsewhere.host, port: elsewhere.port })
    expect(Object.keys(read.services)).toEqual(services)
    expect(read.services['ollama']?.networks).toEqual(elsewhere.way === 'socket' ? { backend: { ipv4_address: '10.213.7.2' } } : { backend: { ipv4_address: '10.213.7.2' }, egress: {} })
    // Nothing that listens for others, and everything locked down as the rest is.
    for (const service of Object.values(read.services)) expect(service).toMatchObject({ cap_drop: ['ALL'], read_only: true, security_opt: ['no-new-privileges:true'], pids_limit: expect.any(Number) as number, mem_limit: expect.any(String) as string, logging: expect.anything() as object, healthcheck: expect.anything() as object })
    expect(exposure({ tls: 'off', insecureHttp: false, file: read, allow: [], stack })).toBeNull()
  })
  test.each<[Elsewhere, RegExp[]]>([
    [{ host: 'host', port: 11434, way: 'socket' }, [/on this machine, `127\.0\.0\.1:11434`/, /restart ollama ollama-host`/, /opens no port to it/, /a setting of that Ollama/]],
    [{ host: 'gpu-box.lan', port: 11434, way: 'network' }, [/another machine's, `gpu-box\.lan:11434`/, /restart ollama`/, /unencrypted/, /a setting of that Ollama/]],
  ])("the project's README speaks of %j", async (elsewhere, says) => {
    const readme = async (more: Parameters<typeof config>[1]): Promise<string> => String((await render(stack, config(stack, more), [], { now: new Date() })).files.get('README.md')?.content)
    for (const words of says) expect(await readme({ elsewhere })).toMatch(words)
    expect(await readme({ elsewhere })).not.toMatch(/published nowhere|Cloud models are off/)
    expect(await readme({})).toMatch(/published nowhere[\s\S]*Cloud models are off/)
  })
  test('the other end may listen on a socket file only', async () => {
    const read = await file({ elsewhere: { host: 'host', port: 11434, way: 'socket' } })
    Object.assign(read.services['ollama-host']?.environment ?? {}, { LISTEN: '0.0.0.0:11434' })
    expect(exposure({ tls: 'off', insecureHttp: false, file: read, allow: [], stack })?.what).toContain('ollama-host')
  })
  test.each<Gpu | null>([null, { maker: 'nvidia', by: 'runtime' }, { maker: 'nvidia', by: 'cdi' }, { maker: 'amd', groups: [44, 992] }])('%j is read back', async (gpu) => {
    expect(gpuOf((await file({ gpu })).services['ollama'])).toEqual(gpu)
  })
  // As the Engine API's reference has DeviceRequest and DeviceMapping; test/engine/backend.test.ts compares with Compose's.
  test.each<[Gpu, object]>([
    [{ maker: 'nvidia', by: 'runtime' }, { DeviceRequests: [{ Driver: 'nvidia', Count: -1, Capabilities: [['gpu']] }] }],
    [{ maker: 'nvidia', by: 'cdi' }, { DeviceRequests: [{ Driver: 'cdi', Count: 0, DeviceIDs: ['nvidia.com/gpu=all'], Capabilities: [['gpu']] }] }],
    [{ maker: 'amd', groups: [44, 992] }, { GroupAdd: ['44', '992'], Devices: ['/dev/kfd', '/dev/dri'].map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })) }],
  ])('%j reaches the engine', async (gpu, expected) => {
    const ollama = desired(await file({ gpu }), '/x').services.find(({ service }) => service === 'ollama')
    expect(ollama?.create.HostConfig).toMatchObject({ ...expected, CapDrop: ['ALL'], ReadonlyRootfs: true })
    expect(ollama?.image).toBe(gpu.maker === 'amd' ? 'ollama/ollama:0.32.15-rocm' : 'ollama/ollama:0.32.15')
  })
})

test.each([[815e6, 0, '100% CPU'], [815e6, 815e6, '100% GPU'], [1000, 250, '75%/25% CPU/GPU']])('%d bytes, %d of them on the GPU: %s', (size, onGpu, words) => expect(processor(size, onGpu)).toBe(words))
