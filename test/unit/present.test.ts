// What a project says today, as the answers that would make it: the way there and back.

import fc from 'fast-check'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { TLS, type StackConfig } from '../../stacks/stack.ts'
import { makeCa } from '../../src/certs/certs.ts'
import { toConfig } from '../../src/questions/config.ts'
import type { Machine } from '../../src/questions/machine.ts'
import { HOST, OWN, placeOf } from '../../src/questions/ollama-url.ts'
import { nextConfig, OWN_CERT, OWN_KEY, presentAnswers, presentConfig, settled, type Lasting } from '../../src/configure/present.ts'
import { projectOf, type Project } from '../../src/project/project.ts'
import { plainFiles } from '../../src/project/render.ts'
import { runs } from '../fuzz.ts'

const machine: Machine = { names: ['box', 'box.local'], addresses: [{ ip: '192.0.2.7', network: 'eth0', kind: 'lan' }, { ip: 'fd00::7', network: 'eth0', kind: 'lan' }] }
let dir: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'present-'))
  mkdirSync(join(dir, 'certs/acme'), { recursive: true })
  writeFileSync(join(dir, 'certs/acme/root.crt'), (await makeCa({ name: 'x', now: new Date() })).cert)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** As `create` finds it on a Linux machine. */
function backendOf({ ollama, gpu }: Lasting): Pick<StackConfig, 'elsewhere' | 'gpu'> {
  const place = placeOf(ollama)
  if (place) return { elsewhere: { ...place, way: place.host === HOST ? 'socket' : 'network' }, gpu: null }
  return { elsewhere: null, gpu: gpu === 'nvidia' ? { maker: 'nvidia', by: 'cdi' } : gpu === 'amd' ? { maker: 'amd', groups: [44, 109] } : null }
}

const configOf = (answers: Lasting, on = machine): StackConfig => ({ ...toConfig({ ...answers, directory: dir, name: 'home', people: [], start: false }, on), user: '1000:1001', subnet: '10.231.9', ...backendOf(answers) })

/** As `create` would leave it on disk. */
function written(config: StackConfig): Project {
  const stack = stacks[config.auth]
  if (!stack) throw new Error(config.auth)
  const files = plainFiles(stack, config)
  for (const folder of ['tls', 'proxy']) rmSync(join(dir, folder), { recursive: true, force: true })
  for (const [path, { content }] of files) {
    if (!path.endsWith('certificates.caddy')) continue
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  return projectOf(dir, String(files.get('compose.yaml')?.content), (path) => files.has(path))
}

const names = fc.uniqueArray(fc.constantFrom('ollama.example.com', 'nas.lan', 'box', '192.0.2.7', '203.0.113.9', 'fd00::7', 'localhost'), { maxLength: 3 })
const answers: fc.Arbitrary<Lasting> = fc.record({ auth: fc.constantFrom(...Object.keys(stacks)), tls: fc.constantFrom(...TLS) })
  .map(({ auth, tls }) => ({ auth, tls: stacks[auth]?.needsTls && tls === 'off' ? 'private' as const : tls }))
  .chain(({ auth, tls }) => fc.record({
    auth: fc.constant(auth), tls: fc.constant(tls),
    bind: fc.constantFrom('127.0.0.1', '0.0.0.0', '::', '192.0.2.7', '::1'),
    insecureHttp: tls === 'off' ? fc.boolean() : fc.constant(false),
    tlsCert: fc.constant(null), tlsKey: fc.constant(null),
    port: fc.integer({ min: 1, max: 65535 }),
    hosts: tls === 'acme' || tls === 'files' ? names.map((some) => ['ollama.example.com', ...some.filter((name) => name !== 'ollama.example.com')]) : names,
    acmeEmail: tls === 'acme' ? fc.constantFrom(null, 'ann@example.com') : fc.constant(null),
    acmeDirectory: tls === 'acme' ? fc.constantFrom(null, 'https://ca.example.com/acme/directory') : fc.constant(null),
    acmeRoot: tls === 'acme' ? fc.constantFrom(null, 'root') : fc.constant(null),
    origins: fc.uniqueArray(fc.constantFrom('https://chat.example.com', 'app://obsidian.md', 'onlyoffice://*'), { maxLength: 3 }),
    allow: fc.uniqueArray(fc.constantFrom('192.168.1.0/24', 'fd00::/8', '203.0.113.7'), { maxLength: 2 }),
    hostNetwork: tls === 'acme' ? fc.constant(false) : fc.boolean(),
    rate: stacks[auth]?.limitsRate ? fc.constantFrom(null, '60/m', '5/s') : fc.constant(null),
    ollama: fc.constantFrom(OWN, 'http://host:11434', 'http://nas.lan:8000', 'http://192.168.1.5:11434'),
    gpu: fc.constantFrom('none', 'nvidia', 'amd'),
    model: fc.constantFrom(null, 'gemma3:1b', '1_000'),
  }))
  .map((some) => ({ ...some, gpu: some.ollama === OWN ? some.gpu : 'none' as const, acmeRoot: some.acmeRoot && join(dir, 'certs/acme/root.crt'), ...(some.tls === 'files' ? { tlsCert: join(dir, OWN_CERT), tlsKey: join(dir, OWN_KEY) } : {}) }))

test('any answers: rendered, written and read back, they give the same configuration', () => {
  fc.assert(fc.property(answers, (asked) => {
    const config = configOf(asked)
    const project = written(config)
    const { hosts: _hosts, allow: _allow, ...rest } = asked
    expect(presentAnswers(project, machine)).toMatchObject(rest)
    expect(presentConfig(project, machine)).toEqual(config)
    // Also where this machine has moved on since; and the answers alone change nothing.
    const moved: Machine = { names: ['other'], addresses: [{ ip: '198.51.100.3', network: 'eth1', kind: 'lan' }] }
    expect(presentConfig(project, moved)).toEqual(config)
    for (const on of [machine, moved]) expect(nextConfig(project, config, presentAnswers(project, on), new Set(), on)).toEqual(config)
  }), runs(80))
})

describe('one answer changes', () => {
  const base: Lasting = { auth: 'bearer', tls: 'private', bind: '192.0.2.7', insecureHttp: false, tlsCert: null, tlsKey: null, port: 8443, hosts: ['nas.lan'], acmeEmail: null, acmeDirectory: null, acmeRoot: null, origins: ['app://obsidian.md'], allow: [], hostNetwork: false, rate: '60/m', ollama: OWN, gpu: 'none', model: null }
  const next = (change: Partial<Lasting>, on = machine): StackConfig => {
    const project = written(configOf(base))
    const given = new Set(Object.keys(change))
    return nextConfig(project, presentConfig(project, on), settled({ ...presentAnswers(project, on), ...change }, given), given, on)
  }
  const moved: Machine = { names: ['box'], addresses: [{ ip: '192.0.2.99', network: 'eth0', kind: 'lan' }] }

  test('the name that was asked for stays first, whatever else it is reached at', () => {
    expect(next({ bind: '0.0.0.0' }).hosts).toEqual(['nas.lan', '192.0.2.7', 'fd00::7', 'box', 'box.local', '127.0.0.1', 'localhost', '::1'])
  })
  test('something else changes: the names stay, though the machine has another address today', () => {
    const config = next({ rate: null }, moved)
    expect([config.rate, config.hosts]).toEqual([null, configOf(base).hosts])
  })
  test('no name asked for: those that the machine has today', () => expect(next({ hosts: [], bind: '192.0.2.99' }, moved).hosts).toEqual(['192.0.2.99', 'box', '127.0.0.1', 'localhost', '::1']))
  test('what one encryption alone needs goes with it', () => {
    const acme = { ...base, tls: 'acme' as const, bind: '0.0.0.0', hosts: ['ollama.example.com'], acmeEmail: 'ann@example.com', acmeDirectory: 'https://ca.example.com/d' }
    const project = written(configOf(acme))
    const answers = settled({ ...presentAnswers(project, machine), tls: 'private' }, new Set(['tls']))
    expect(answers).toMatchObject({ tls: 'private', acmeEmail: null, acmeDirectory: null, hosts: ['ollama.example.com'] })
  })
  test('an Ollama elsewhere uses what it has', () => {
    const project = written(configOf({ ...base, gpu: 'nvidia' }))
    expect(settled({ ...presentAnswers(project, machine), ollama: 'http://nas.lan:8000' }, new Set(['ollama'])).gpu).toBe('none')
  })
  test('an allowlist gets this machine\'s own address, as in create', () => expect(next({ allow: ['203.0.113.0/24'] }).allow).toEqual(['203.0.113.0/24', '192.0.2.7']))
})
