// doctor about a project: its containers, images, settings, files and people.

import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, chownSync, copyFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Service } from '../../../src/compose.ts'
import type { Mount } from '../../../src/compose/types.ts'
import { isTrouble } from '../../../src/doctor/through.ts'
import { FLOORS, reaches } from '../../../src/doctor/floors.ts'
import type { Facts } from '../../../src/doctor/facts.ts'
import { StackError } from '../../../src/errors.ts'
import type { ExaminedContainer } from '../../../src/engine/examine.ts'
import type { Project } from '../../../src/project/project.ts'
import { container, engine, finding, NOW, project } from './facts.ts'

const containers = (...all: ExaminedContainer[]): Partial<Facts> => ({ engine: engine(), containers: () => Promise.resolve(all) })
const service = ({ file }: Project, name: string): Service => file.services[name] as Service
const text = (part: string): string => expect.stringContaining(part) as string

test('a project that cannot be read is a finding, and what can be looked at is', async () => {
  const broken = { projectError: new StackError('E_COMPOSE_INVALID', 'compose.yaml:7: services.proxy.ports must be a list.', { hint: 'Edit it' }) }
  expect(await finding('project', broken)).toMatchObject({ level: 'fail', evidence: text('compose.yaml:7'), hint: 'Edit it' })
  expect(await finding('credentials', broken)).toBeUndefined()
})

test('without a project the rest is looked at, and that it was not is said', async () => {
  expect(await finding('project', {})).toMatchObject({ level: 'warn', evidence: text('no stack in this directory'), hint: text('-C DIR') })
  expect(await finding('credentials', {})).toBeUndefined()
})

describe('services', () => {
  const said = async (...all: ExaminedContainer[]) => finding('services', { project: await project(), ...containers(...all) })
  const ago = (ms: number): Date => new Date(NOW.getTime() - ms)
  test('as they should be', async () => expect(await said(container('proxy'), container('ollama'))).toMatchObject({ level: 'ok', evidence: 'proxy running, healthy; ollama running, healthy' }))
  test('none of them runs: no failure, but nothing to be praised', async () => expect(await said()).toMatchObject({ level: 'warn', hint: 'Start it: ollama-stack up' }))
  test.each<[string, Partial<ExaminedContainer>, string, string]>([
    ['in a loop', { state: 'restarting', restarts: 12, exitCode: 1 }, 'fail', 'ends again and again: 12 restarts, last exit code 1'],
    ['between two rounds of a loop', { restarts: 4, startedAt: ago(2000), exitCode: 137 }, 'fail', '4 restarts'],
    ['that was in one yesterday', { restarts: 4, startedAt: ago(86_400_000) }, 'ok', 'running'],
    ['that ended', { state: 'exited', exitCode: 3 }, 'fail', 'is exited (exit code 3)'],
    ['unhealthy', { health: 'unhealthy' }, 'fail', 'its health check fails'],
    ['out of memory', { outOfMemory: true }, 'warn', 'used up its memory'],
  ])('one %s', async (_, more, level, evidence) => expect(await said(container('proxy'), container('ollama', more))).toMatchObject({ level, evidence: text(evidence) }))
  test('one without a container', async () => expect(await said(container('proxy'))).toMatchObject({ level: 'fail', evidence: 'The service ollama has no container' }))
})

test('containers of another directory under the same name', async () => {
  const one = await project()
  const elsewhere = containers(container('proxy', { dir: '/old/home' }), container('ollama', { dir: '/old/home' }))
  expect(await finding('drift', { project: one, ...elsewhere })).toMatchObject({ level: 'fail', evidence: text('were started from /old/home, which is gone'), hint: text('ollama-stack up') })
  // Another path of the same directory is no other directory.
  const link = `${one.dir}-link`
  symlinkSync(one.dir, link)
  const observe = () => Promise.resolve({ project: one.name, containers: [], networks: [], volumes: [], images: {} })
  expect(await finding('drift', { project: one, ...containers(container('proxy', { dir: link })), engine: engine({ observe }) })).toMatchObject({ level: 'warn', evidence: text('asks for something else') })
  rmSync(link)
})

test('an Ollama elsewhere: what is asked about ours is left out, and its silence has a name', async () => {
  const one = await project({ elsewhere: { host: '192.168.1.9', port: 11434, way: 'network' }, bind: '127.0.0.1' })
  for (const id of ['cloud', 'models-volume', 'memory', 'gpu']) expect(await finding(id, { project: one, ...containers(container('proxy'), container('ollama')) }), id).toBeUndefined()
  const services = (health: 'healthy' | 'unhealthy', answer: string | null) => finding('services', { project: one, ...containers(container('proxy'), container('ollama', { health })), inside: () => Promise.resolve(answer) })
  expect((await services('healthy', '{"version":"0.32.15"}'))?.level).toBe('ok')
  // It went away since its health was looked at.
  for (const health of ['healthy', 'unhealthy'] as const) expect(await services(health, null), health).toMatchObject({ level: 'fail', evidence: 'The Ollama at http://192.168.1.9:11434 does not answer' })
})

test.each([
  ['{"cloud":{"disabled":false,"source":"none"}}', 'warn', 'off at http://192.168.1.9:11434'],
  ['{}', 'warn', 'off at http://192.168.1.9:11434'],
  ['{"cloud":{"disabled":true,"source":"env"}}', 'ok', 'off, as http://192.168.1.9:11434 says itself'],
])('cloud models of an Ollama elsewhere that says %s', async (answer, level, evidence) => {
  const one = await project({ elsewhere: { host: '192.168.1.9', port: 11434, way: 'network' }, bind: '127.0.0.1' })
  const inside = (service: string, command: readonly string[]) => Promise.resolve(service === 'ollama' && command.join(' ').includes('/api/status') ? answer : null)
  expect(await finding('cloud', { project: one, engine: engine(), inside, ...containers(container('proxy'), container('ollama')) })).toMatchObject({ level, evidence: text(evidence) })
})

test('a configuration edited after the proxy had read it', async () => {
  const one = await project()
  const old = { ...containers(container('proxy', { startedAt: new Date(Date.now() - 60_000) }), container('ollama')), project: one }
  expect(await finding('config', old)).toMatchObject({ level: 'warn', evidence: text('proxy/nginx.conf'), hint: text('docker compose restart proxy') })
  // A file that its owner mounted alone is one too, and one that is gone is the business of whoever starts it.
  const volumes = (service(one, 'ollama').volumes ??= [])
  volumes.push({ type: 'bind', source: './extra.conf', target: '/extra.conf' }, { type: 'bind', source: './gone.conf', target: '/gone.conf' })
  writeFileSync(join(one.dir, 'extra.conf'), 'x')
  const both = { ...containers(container('proxy'), container('ollama', { startedAt: new Date(Date.now() - 60_000) })), project: one }
  expect(await finding('config', both)).toMatchObject({ level: 'warn', evidence: text('extra.conf was edited after the service ollama'), hint: text('restart ollama') })
  volumes.splice(-2)
  // Credentials and certificates are read again by themselves.
  expect((await finding('config', { ...containers(container('proxy')), project: one }))?.level).toBe('ok')
})

describe('images', () => {
  test('old ones', async () => {
    const made = new Date(NOW.getTime() - 200 * 86_400_000)
    expect(await finding('image-age', { project: await project(), ...containers(container('proxy', { imageCreated: made }), container('ollama')) })).toMatchObject({ level: 'warn', evidence: 'proxy:1 was made 200 days ago', hint: text('upgrade') })
    expect((await finding('image-age', { project: await project(), ...containers(container('ollama')) }))?.level).toBe('ok')
    expect(await finding('image-age', { project: await project(), ...containers(container('ollama', { imageCreated: null })) })).toBeUndefined()
  })
  // What each program prints, as its images do.
  test.each<[string, string, string]>([
    ['nginx:1.30', 'nginx version: nginx/1.30.1\n', 'warn'],
    ['nginx:1.30', 'nginx version: nginx/1.30.2\n', 'ok'],
    ['nginx:1.31', 'nginx version: nginx/1.31.0\n', 'warn'],
    ['docker.io/library/nginx:1.32@sha256:00', 'nginx version: nginx/1.32.0\n', 'ok'],
    ['nginxinc/nginx-unprivileged:1.28', 'nginx version: nginx/1.28.4\n', 'warn'],
    ['openresty/openresty:1.31-bookworm', 'nginx version: openresty/1.31.1.1\n', 'ok'],
    ['openresty/openresty:1.29-bookworm', 'nginx version: openresty/1.29.2.1\n', 'warn'],
    ['caddy:2.11', 'v2.11.3 h1:abc=\n', 'fail'],
    ['caddy:2.11', '2.11.4\n', 'ok'],
    ['ollama/ollama:0.17.0', 'ollama version is 0.17.0\n', 'warn'],
    ['ollama/ollama:0.20.2-rocm', 'ollama version is 0.20.2\n', 'warn'],
    ['registry.lan:5000/ollama/ollama:0.32.15', 'ollama version is 0.32.15\n', 'ok'],
  ])('%s says %j: %s', async (image, says, level) => {
    const given = { project: await project(), ...containers(container('proxy', { image })), inside: () => Promise.resolve(says) }
    expect((await finding('image-fixes', given))?.level).toBe(level)
  })
  test('the same for two images is said once', async () => {
    const old = { ...containers(container('proxy', { image: 'openresty/openresty:1.27' }), container('tls', { image: 'nginx:1.27' })), project: await project() }
    const found = await finding('image-fixes', { ...old, inside: (service) => Promise.resolve(service === 'proxy' ? 'nginx version: openresty/1.27.1.1' : 'nginx version: nginx/1.27.4') })
    expect(found).toMatchObject({ level: 'warn', evidence: text('openresty/openresty:1.27 runs 1.27.1, nginx:1.27 runs 1.27.4, before 1.30.2 or 1.31.1: ') })
    expect(found?.evidence.match(/CVE-2026-42945/g)).toHaveLength(1)
  })
  test('of others nothing is said, and each floor has a reason and a source', async () => {
    expect(await finding('image-fixes', { project: await project(), ...containers(container('proxy', { image: 'haproxy:3' })), inside: () => Promise.resolve('HAProxy 3.0.0') })).toBeUndefined()
    for (const floor of FLOORS) {
      expect(floor.reason).toMatch(/CVE-\d{4}-\d+/)
      expect(floor.source).toMatch(/^https:/)
      for (const least of floor.least) expect([reaches(least, floor), reaches('99.0.0', floor), reaches('0.0.1', floor)]).toEqual([true, true, false])
    }
  })
})

describe('settings', () => {
  test('OLLAMA_API_KEY protects nothing, wherever it is; its value is not told', async () => {
    const one = await project()
    expect((await finding('api-key', { project: one }))?.level).toBe('ok')
    expect(await finding('api-key', {})).toBeUndefined()
    service(one, 'ollama').environment = { ...service(one, 'ollama').environment, OLLAMA_API_KEY: 'hunter2' }
    const found = await finding('api-key', { project: one, env: { OLLAMA_API_KEY: 'hunter3' } })
    expect(found).toMatchObject({ level: 'warn', evidence: text('in this environment and in compose.yaml (services.ollama)') })
    expect(JSON.stringify(found)).not.toMatch(/hunter/)
    expect((await finding('api-key', { env: { OLLAMA_API_KEY: 'hunter3' } }))?.level).toBe('warn')
  })
  test.each<[string | undefined, string]>([['1', 'ok'], ['yes', 'ok'], ['0', 'warn'], ['false', 'warn'], ['', 'warn'], [undefined, 'warn']])('OLLAMA_NO_CLOUD=%s: %s', async (value, level) => {
    const one = await project()
    const { OLLAMA_NO_CLOUD: _, ...rest } = service(one, 'ollama').environment ?? {}
    service(one, 'ollama').environment = value === undefined ? rest : { ...rest, OLLAMA_NO_CLOUD: value }
    expect((await finding('cloud', { project: one }))?.level).toBe(level)
  })
  test('models without a volume', async () => {
    const one = await project()
    expect((await finding('models-volume', { project: one }))?.level).toBe('ok')
    service(one, 'ollama').volumes = []
    expect(await finding('models-volume', { project: one })).toMatchObject({ level: 'warn', evidence: text('/home/ubuntu') })
  })
})

describe('files', () => {
  const own = { tls: 'private' as const, hosts: ['localhost'] }
  test.each<[string, number, string]>([
    ['credentials', 0o750, 'read'], ['credentials/keys', 0o644, 'read'], ['credentials/keys', 0o620, 'change'], ['certs', 0o755, 'read'], ['certs/ca.key', 0o640, 'read'], ['certs/server/server.key', 0o604, 'read'],
    ['compose.yaml', 0o666, 'everybody'], ['proxy', 0o777, 'everybody'], ['proxy/nginx.conf', 0o646, 'everybody'], ['ollama-stack', 0o757, 'everybody'],
  ])('%s with mode %o', async (path, mode, word) => {
    const one = await project(own)
    expect((await finding('file-modes', { project: one }))?.level).toBe('ok')
    chmodSync(join(one.dir, path), mode)
    expect(await finding('file-modes', { project: one })).toMatchObject({ level: 'fail', evidence: text(word), hint: text(`chmod ${word === 'everybody' ? 'o-w' : /\./.test(path) || path.endsWith('keys') ? '600' : '700'} `) })
  })
  test.runIf(process.getuid?.() === 0)("a key that isn't the proxy's", async () => {
    const one = await project({ ...own, user: '65532:65532' })
    const found = await finding('file-modes', { project: one })
    expect(found).toMatchObject({ level: 'fail', hint: text('sudo chown 65532:65532') })
    for (const path of ['certs/server', 'certs/server/server.key', 'certs/server/server.crt', 'certs/server/ca.crt']) chownSync(join(one.dir, path), 65532, 65532)
    expect((await finding('file-modes', { project: one }))?.level).toBe('ok')
    expect(await finding('credentials', { project: one })).toMatchObject({ level: 'fail', evidence: text('may not read') })
  })
  test('a line that counts for nobody', async () => {
    const one = await project()
    expect((await finding('credentials', { project: one }))?.level).toBe('ok')
    appendFileSync(join(one.dir, 'credentials/keys'), 'bob:user:half')
    expect((await finding('credentials', { project: one }))?.level).toBe('fail')
  })
  test("the CA's key in a container: mounted, or copied to where one looks", async () => {
    const one = await project(own)
    expect((await finding('ca-key', { project: one }))?.level).toBe('ok')
    expect(await finding('ca-key', { project: await project() })).toBeUndefined()
    copyFileSync(join(one.dir, 'certs/ca.key'), join(one.dir, 'certs/server/backup.pem'))
    expect(await finding('ca-key', { project: one })).toMatchObject({ level: 'fail', evidence: text('certs/server/backup.pem'), hint: text('rm ') })
    const mount = service(one, 'proxy').volumes?.find(({ target }) => target === '/certs') as Mount
    for (const source of ['./certs', '.', './certs/ca.key', '/']) {
      mount.source = source
      expect(await finding('ca-key', { project: one }), source).toMatchObject({ level: 'fail', evidence: text('The container of proxy') })
    }
  })
  test('secrets that git tracks', async () => {
    const one = await project(own)
    const run: Facts['run'] = (program, args, cwd) => Promise.resolve({ code: 0, stdout: execFileSync(program, args, { cwd, encoding: 'utf8' }) })
    const git = (...args: string[]): unknown => execFileSync('git', ['-C', one.dir, ...args])
    git('init', '-q')
    git('add', '.')
    expect((await finding('git', { project: one, run }))?.level).toBe('ok')
    git('add', '-f', 'credentials', 'certs')
    expect(await finding('git', { project: one, run })).toMatchObject({ level: 'fail', evidence: text('3 files with credentials or private keys, such as certs/ca.key') })
    expect(await finding('git', { project: one })).toBeUndefined() // no git here
  })
})

describe('people', () => {
  const keys = async (...lines: string[]): Promise<Project> => {
    const one = await project()
    writeFileSync(join(one.dir, 'credentials/keys'), lines.map((line) => `${line}\n`).join(''))
    return one
  }
  const digest = (letter: string): string => letter.repeat(64)
  const day = (days: number): number => Math.floor(NOW.getTime() / 1000) + days * 86_400
  test('nobody, or nobody any more', async () => {
    expect(await finding('people', { project: await keys() })).toMatchObject({ level: 'fail', evidence: 'Nobody may log in', hint: text('user add') })
    expect(await finding('people', { project: await keys(`ann:admin:${digest('a')}:${day(-1)}:${day(-9)}`) })).toMatchObject({ level: 'fail', evidence: text('the credentials of ann have ended'), hint: text('user rotate ann') })
  })
  test('a lasting credential that ends soon; one that was meant to is no news', async () => {
    expect(await finding('people', { project: await keys(`ann:admin:${digest('a')}:${day(10)}:${day(-355)}`, `bob:user:${digest('b')}:${day(2)}:${day(-3)}`) })).toMatchObject({ level: 'warn', evidence: "ann's key ends on 2026-12-01", hint: text('user rotate ann --overlap 1d') })
    expect(await finding('people', { project: await keys(`ann:admin:${digest('a')}`, `bob:user:${digest('b')}:${day(2)}:${day(-3)}`) })).toMatchObject({ level: 'ok', evidence: '2 may log in' })
  })
})

test.each<[string, boolean]>([
  ['2026/11/21 14:00:00 [error] 7#7: *1 [lua] keys.lua:30: warn(): credentials/keys: line 3 counts for nobody, context: ngx.timer', true],
  ['2026/11/21 14:00:00 [error] 7#7: *1 js: credentials can not be read: EACCES, client: 10.0.0.1', true],
  ['{"level":"error","msg":"placeholder: failed to read file","file":"/credentials/ab.pem","error":"open /credentials/ab.pem: permission denied"}', true],
  ['{"level":"error","msg":"placeholder: failed to read file","file":"/credentials/ab.pem","error":"open /credentials/ab.pem: no such file or directory"}', false],
  ['{"time":"2026-11-21T14:00:00+00:00","person":"","address":"10.0.0.1","method":"GET","path":"/credentials/keys: credentials can not be read","status":401}', false],
  ['2026/11/21 14:00:00 [error] 7#7: *1 open() failed, client: 10.0.0.1, request: "GET /credentials/keys: HTTP/1.1"', false],
])('a line of the log about credentials: %s', (line, trouble) => expect(isTrouble(line)).toBe(trouble))
