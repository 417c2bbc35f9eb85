// Which engine is used, and what is said when there is none. No Docker needed: small servers answer like one.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../src/engine.ts'
import { places, proxyEnv, type Surroundings } from '../../src/engine/find.ts'

let home: string
const servers: Server[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'find-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  rmSync(home, { recursive: true, force: true })
})

const around = (more: Partial<Surroundings> = {}): Surroundings => ({ env: {}, platform: 'linux', home, uid: 1000, ...more })

function write(path: string, value: unknown): void {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
}

function context(name: string, host: string, tls: Record<string, string> = {}): void {
  const id = createHash('sha256').update(name).digest('hex')
  write(`.docker/contexts/meta/${id}/meta.json`, { Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } })
  for (const [file, content] of Object.entries(tls)) write(`.docker/contexts/tls/${id}/docker/${file}`, content)
}

/** Something that answers like an engine of that version. */
async function fake(path: string, version: Record<string, string> = {}): Promise<void> {
  const socket = join(home, path)
  mkdirSync(dirname(socket), { recursive: true })
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(request.url?.startsWith('/version')
      ? { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64', ...version }
      : { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'], Runtimes: { runc: {}, nvidia: {} } }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(socket, resolve))
}

describe('the order of the Docker CLI', () => {
  test('DOCKER_HOST before DOCKER_CONTEXT before config.json', async () => {
    context('lab', 'unix:///lab.sock')
    context('work', 'ssh://me@box')
    write('.docker/config.json', { currentContext: 'work' })
    expect(await places(around())).toEqual([{ address: 'ssh://me@box', source: 'context work' }])
    expect(await places(around({ env: { DOCKER_CONTEXT: 'lab' } }))).toEqual([{ address: 'unix:///lab.sock', source: 'context lab' }])
    expect(await places(around({ env: { DOCKER_CONTEXT: 'lab', DOCKER_HOST: 'unix:///mine.sock' } }))).toEqual([{ address: 'unix:///mine.sock', source: 'DOCKER_HOST' }])
  })

  test('DOCKER_CONFIG moves the configuration', async () => {
    write('elsewhere/config.json', { currentContext: 'default' })
    write('.docker/config.json', { currentContext: 'gone' })
    expect((await places(around({ env: { DOCKER_CONFIG: join(home, 'elsewhere') } })))[0]).toEqual({ address: 'unix:///var/run/docker.sock', source: 'Docker' })
  })

  test('TLS of a context and of the environment', async () => {
    context('far', 'tcp://far:2376', { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' })
    expect(await places(around({ env: { DOCKER_CONTEXT: 'far' } }))).toEqual([
      { address: 'tcp://far:2376', source: 'context far', tls: { ca: 'CA', cert: 'CERT', key: 'KEY', skipVerify: false } },
    ])
    write('certs/ca.pem', 'OTHER')
    expect(await places(around({ env: { DOCKER_HOST: 'far:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, 'certs') } }))).toEqual([
      { address: 'tcp://far:2376', source: 'DOCKER_HOST', tls: { ca: 'OTHER', skipVerify: false } },
    ])
    expect(await places(around({ env: { DOCKER_HOST: 'tcp://far:2375' } }))).toEqual([{ address: 'tcp://far:2375', source: 'DOCKER_HOST' }])
  })

  test('a context that is gone, a configuration that is broken', async () => {
    await expect(places(around({ env: { DOCKER_CONTEXT: 'gone' } }))).rejects.toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: 'DOCKER_CONTEXT selects the Docker context gone, which doesn\'t exist.' })
    write('.docker/config.json', '{broken')
    await expect(places(around())).rejects.toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining('is not valid JSON') as string })
  })
})

test.each<[NodeJS.Platform, Record<string, string>, string[]]>([
  ['linux', {}, ['/var/run/docker.sock', '/run/user/1000/docker.sock', '~/.docker/run/docker.sock', '~/.docker/desktop/docker.sock', '~/.colima/default/docker.sock', '~/.config/colima/default/docker.sock', '~/.rd/docker.sock', '~/.lima/docker/sock/docker.sock', '/run/user/1000/podman/podman.sock', '/run/podman/podman.sock']],
  ['darwin', { TMPDIR: '/var/folders/x/T/' }, ['/var/run/docker.sock', '~/.docker/run/docker.sock', '~/.docker/desktop/docker.sock', '~/.colima/default/docker.sock', '~/.config/colima/default/docker.sock', '~/.orbstack/run/docker.sock', '~/.rd/docker.sock', '~/.lima/docker/sock/docker.sock', '~/.local/share/containers/podman/machine/podman.sock', '/var/folders/x/T/podman/podman-machine-default-api.sock']],
  ['darwin', { COLIMA_HOME: '/c', LIMA_HOME: '/l', XDG_CONFIG_HOME: '/x' }, ['/var/run/docker.sock', '~/.docker/run/docker.sock', '~/.docker/desktop/docker.sock', '/c/default/docker.sock', '/x/colima/default/docker.sock', '~/.orbstack/run/docker.sock', '~/.rd/docker.sock', '/l/docker/sock/docker.sock', '~/.local/share/containers/podman/machine/podman.sock']],
  ['win32', {}, ['npipe:////./pipe/docker_engine', 'npipe:////./pipe/dockerDesktopLinuxEngine', 'npipe:////./pipe/podman-machine-default']],
])('the usual sockets on %s with %j, in their order', async (platform, env, expected) => {
  expect((await places(around({ platform, env }))).map(({ address }) => address.replace('unix://', '').replace(home, '~'))).toEqual(expected)
})

test('on a Mac: a socket that is left of a program that ended is passed over, and so is a file', async () => {
  // Nothing listens at the first any more; the second is no socket.
  const path = join(home, '.docker/run/docker.sock')
  mkdirSync(dirname(path), { recursive: true })
  mkdirSync(join(home, '.colima/default'), { recursive: true })
  const child = spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])
  expect([child.signal, statSync(path).isSocket()]).toEqual(['SIGKILL', true])
  write('.colima/default/docker.sock', 'not a socket')
  await fake('.orbstack/run/docker.sock')
  const engine = await connect({ ...around({ platform: 'darwin' }), root: home })
  expect([engine.source, engine.address]).toEqual(['OrbStack', `unix://${join(home, '.orbstack/run/docker.sock')}`])
})

test('the proxies that the Docker CLI gives to every container', async () => {
  expect(await proxyEnv(around(), 'unix:///a')).toEqual({})
  write('.docker/config.json', { proxies: { default: { httpProxy: 'http://p:1', noProxy: 'lan' }, 'tcp://far:2376': { httpsProxy: 'http://q:2' } } })
  expect(await proxyEnv(around(), 'unix:///a')).toEqual({ HTTP_PROXY: 'http://p:1', http_proxy: 'http://p:1', NO_PROXY: 'lan', no_proxy: 'lan' })
  expect(await proxyEnv(around(), 'tcp://far:2376')).toEqual({ HTTPS_PROXY: 'http://q:2', https_proxy: 'http://q:2' })
})

const chosen = (socket: string, more: object = {}): Parameters<typeof connect>[0] => ({ ...around({ env: { DOCKER_HOST: `unix://${join(home, socket)}` } }), ...more })

describe('connect', () => {
  test('tells what the engine is', async () => {
    await fake('a.sock')
    expect(await connect(chosen('a.sock'))).toMatchObject({
      source: 'DOCKER_HOST', version: '28.2.2', apiVersion: '1.50', os: 'linux', arch: 'amd64', runtimes: ['runc', 'nvidia'], rootless: true, warning: null,
    })
  })

  test('warns about an engine before 28, refuses one before API 1.41', async () => {
    await fake('old.sock', { Version: '20.10.24+dfsg1', ApiVersion: '1.41' })
    expect((await connect(chosen('old.sock'))).warning).toContain('20.10.24+dfsg1 is older than 28')
    await fake('ancient.sock', { Version: '19.03.1', ApiVersion: '1.40' })
    await expect(connect(chosen('ancient.sock'))).rejects.toMatchObject({ code: 'E_ENGINE_OLD', message: expect.stringContaining('19.03.1 (API 1.40)') as string })
  })

  test('Podman counts differently', async () => {
    await fake('podman.sock', { Version: '5.4.0' })
    expect((await connect(chosen('podman.sock'))).warning).toBeNull()
  })

  test('lists what was tried, and why each failed', async () => {
    const env = { XDG_RUNTIME_DIR: join(home, 'run') }
    // The machine's own engine must not answer here: another home, and Windows has no /var/run.
    const error = await connect({ ...around({ env, platform: 'win32' }) }).catch((failure: unknown) => failure as Error & { code: string; hint: string })
    expect(error).toMatchObject({ code: 'E_ENGINE_NOT_FOUND', hint: expect.stringContaining('Docker Desktop') as string })
    expect((error as Error).message).toMatch(/^No Docker Engine answers\. Tried:\n( {2}npipe:\S+ \([^)]+\): .+\n?){3}$/)
  })

  test('says that the chosen one is down, and tries no other', async () => {
    await expect(connect(chosen('none.sock'))).rejects.toMatchObject({
      code: 'E_ENGINE_NOT_FOUND', message: `No Docker Engine answers. Tried:\n  unix://${join(home, 'none.sock')} (DOCKER_HOST): there is no such socket`, hint: expect.stringContaining('unset DOCKER_HOST') as string,
    })
  })

  test('gives up on one that never answers', async () => {
    const server = createServer(() => undefined)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(join(home, 'mute.sock'), resolve))
    await expect(connect(chosen('mute.sock', { timeoutMs: 200 }))).rejects.toMatchObject({ message: expect.stringContaining('no answer within 0.2 s') as string })
    server.closeAllConnections()
  })

  test('an address of no kind that it knows', async () => {
    await expect(connect(around({ env: { DOCKER_HOST: 'carrier://pigeon' } }))).rejects.toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining('carrier://pigeon') as string })
  })
})
