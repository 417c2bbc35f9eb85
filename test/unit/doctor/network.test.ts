// doctor about certificates, ports, firewalls and names; how it runs its checks, and what it prints.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeCa, makeServerCert } from '../../../src/certs/certs.ts'
import type { Check } from '../../../src/doctor/check.ts'
import type { Facts } from '../../../src/doctor/facts.ts'
import { CHECKS } from '../../../src/doctor/list.ts'
import { examine, printFindings } from '../../../src/doctor.ts'
import { StackError } from '../../../src/errors.ts'
import type { Engine } from '../../../src/engine.ts'
import type { Project } from '../../../src/project/project.ts'
import { ran } from '../ran.ts'
import { container, engine, facts, finding, LAN, project } from './facts.ts'

const text = (part: string): string => expect.stringContaining(part) as string
const DAY = 86_400_000
const everywhere = (hosts: string[]) => project({ tls: 'private', bind: '0.0.0.0', hosts })

describe('the certificate', () => {
  const replaced = async (days: number, hosts = ['localhost']): Promise<Project> => {
    const one = await project({ tls: 'private', hosts })
    const made = new Date(Date.now() - (365 - days) * DAY)
    const ca = await makeCa({ name: 'home', now: made })
    const server = await makeServerCert({ ca, hosts, now: made })
    writeFileSync(join(one.dir, 'certs/server/server.crt'), server.cert)
    writeFileSync(join(one.dir, 'certs/server/server.key'), server.key)
    return one
  }
  test.each([[300, 'ok', 'in 300 days'], [20, 'warn', 'in 20 days'], [-3, 'fail', 'clients refuse it']])('with %d days left: %s', async (days, level, evidence) => {
    expect(await finding('certificate-expiry', { now: new Date(), project: await replaced(days) })).toMatchObject({ level, evidence: text(evidence) })
  })
  test('from the future', async () => expect(await finding('certificate-expiry', { now: new Date('2020-01-01'), project: await project({ tls: 'private', hosts: ['localhost'] }) })).toMatchObject({ level: 'fail', evidence: text("isn't valid before") }))
  test('that Caddy has not got yet', async () => expect((await finding('certificate-expiry', { project: { ...await project(), tls: 'acme' } }))?.level).toBe('warn'))
  test('without its key, and with that of another', async () => {
    const one = await project({ tls: 'private', hosts: ['localhost'] })
    expect(await finding('certificate-pair', { project: one, text: () => '' })).toMatchObject({ level: 'ok', evidence: 'both are whole and belong together' })
    expect(await finding('certificate-pair', { project: one, text: () => null })).toMatchObject({ level: 'warn', evidence: text('may not read'), hint: text('as the owner') })
    writeFileSync(join(one.dir, 'certs/server/server.key'), (await makeServerCert({ ca: await makeCa({ name: 'x', now: new Date() }), hosts: ['localhost'], now: new Date() })).key)
    expect(await finding('certificate-pair', { project: one })).toMatchObject({ level: 'fail', evidence: text('the key of another certificate') })
    rmSync(join(one.dir, 'certs/server/server.key'))
    expect(await finding('certificate-pair', { project: one })).toMatchObject({ level: 'fail', evidence: text('is missing') })
  })
  test('none without TLS', async () => {
    const one = await project()
    for (const { id } of CHECKS.find(({ group }) => group === 'Certificate')?.checks ?? []) expect(await finding(id, { project: one }), id).toBeUndefined()
  })
  test('names an address that the machine has no more, and not the one that it got', async () => {
    expect((await finding('certificate-names', { project: await everywhere([LAN, 'localhost']) }))?.level).toBe('ok')
    const found = await finding('certificate-names', { project: await everywhere(['192.168.1.99', 'nas.example.com']) })
    expect(found).toMatchObject({ level: 'warn', evidence: text(`no address 192.168.1.99 any more; This machine has ${LAN} now`), hint: text(`configure --host nas.example.com --host ${LAN}`) })
    // A router may have the public one.
    expect((await finding('certificate-names', { project: await everywhere(['203.0.114.9', LAN]) }))?.level).toBe('ok')
  })
})

describe('the port', () => {
  const owned = (owner: Awaited<ReturnType<Engine['portOwner']>>): Partial<Facts> => ({ engine: engine({ portOwner: () => Promise.resolve(owner) }) })
  test.each<[string, Awaited<ReturnType<Engine['portOwner']>>, string, string]>([
    ['a process', { kind: 'process', name: 'python3', project: '', pid: 7 }, 'fail', 'process python3 (pid 7)'],
    ["somebody else's container", { kind: 'container', name: 'web-1', project: 'web', pid: 0 }, 'fail', 'container web-1 (project web)'],
    ['this stack', { kind: 'container', name: 'home-proxy-1', project: 'home', pid: 0 }, 'ok', '127.0.0.1:8880'],
    ['nobody', null, 'ok', 'free'],
  ])('held by %s', async (_, owner, level, evidence) => expect(await finding('port', { ...owned(owner), project: await project() })).toMatchObject({ level, evidence: text(evidence) }))
  test('on an address that the machine has no more', async () => expect(await finding('port', { ...owned(null), project: await project({ bind: '198.51.100.77', tls: 'private' }) })).toMatchObject({ level: 'fail', evidence: text('no address 198.51.100.77 any more') }))
  test('a hand edit that opens a way around the login', async () => {
    const one = await project()
    expect((await finding('exposure', { project: one }))?.level).toBe('ok')
    Object.assign(one.file.services['ollama'] ?? {}, { ports: [{ mode: 'ingress', host_ip: '127.0.0.1', target: 11434, published: '11434', protocol: 'tcp' }] })
    expect(await finding('exposure', { project: one })).toMatchObject({ level: 'fail', evidence: text('a port of the service ollama'), hint: text('Remove `ports`') })
  })
})

describe('ufw', () => {
  const ufw = (conf: string, after = ''): Partial<Facts> => ({ engine: engine(), text: (path) => ({ '/etc/ufw/ufw.conf': conf, '/etc/ufw/after.rules': after })[path] ?? null })
  const said = async (given: Partial<Facts>, one: Promise<Project>) => finding('ufw', { ...given, project: await one })
  const on = 'LOGLEVEL=low\nENABLED=yes\n'
  test('does not cover what Docker publishes', async () => expect(await said(ufw(on), everywhere([LAN]))).toMatchObject({ level: 'warn', evidence: text("ufw is active, but doesn't cover port 8880 on every address"), hint: text('DOCKER-USER') }))
  test('has nothing to cover, has rules of its own, or counts', async () => {
    expect((await said(ufw(on), project()))?.level).toBe('ok')
    expect((await said(ufw(on, ':DOCKER-USER - [0:0]'), everywhere([LAN])))?.level).toBe('ok')
    expect((await said(ufw(on), project({ hostNetwork: true, tls: 'private', bind: '0.0.0.0' })))?.evidence).toContain('covers the service front')
  })
  test('is off, or not here', async () => {
    for (const given of [ufw('ENABLED=no\n'), ufw('#ENABLED=yes\n'), { engine: engine() }, { ...ufw(on), engine: engine({ local: false }) }]) expect(await said(given, everywhere([LAN]))).toBeUndefined()
  })
})

describe('a public name', () => {
  const leading = (...addresses: string[]): Partial<Facts> => ({ resolve: () => Promise.resolve(addresses) })
  const named = () => everywhere(['ollama.example.com', LAN, 'localhost', 'nas', '127.0.0.1'])
  test.each<[string, string[], string, string]>([
    ['nowhere', [], 'warn', 'Nobody knows the name ollama.example.com'],
    ['here', [LAN, '203.0.114.9'], 'ok', 'ollama.example.com leads to this machine'],
    ['to itself', ['127.0.1.1'], 'warn', "what others get can't be told"],
    ['to another machine', ['192.168.1.77'], 'fail', 'leads to 192.168.1.77, and this machine has 192.168.1.5'],
    ['to a router, perhaps', ['203.0.114.9'], 'warn', "from here this stack doesn't answer there"],
  ])('leads %s', async (_, addresses, level, evidence) => expect(await finding('names', { ...leading(...addresses), project: await named() })).toMatchObject({ level, evidence: text(evidence) }))
  test('leads to where this stack answers with its own certificate, and no other does', async () => {
    const one = await named()
    const other = await project({ tls: 'private', hosts: ['ollama.example.com'] })
    const { servedCert } = await import('../../../src/running/server-cert.ts')
    const shown = (from: Project) => ({ ...leading('203.0.114.9'), project: one, peer: () => Promise.resolve(servedCert(from)) })
    expect((await finding('names', shown(one)))?.level).toBe('ok')
    expect((await finding('names', shown(other)))?.level).toBe('warn')
  })
  test('that cannot be looked up', async () => expect(await finding('names', { resolve: () => Promise.reject(new StackError('E_DNS', 'x: EAI_AGAIN.')), project: await named() })).toMatchObject({ level: 'warn', evidence: 'Could not be looked at: x: EAI_AGAIN' }))
  test('is none: no question', async () => {
    const asked: string[] = []
    const resolve = (name: string) => { asked.push(name); return Promise.resolve([]) }
    expect(await finding('names', { resolve, project: await everywhere([LAN, 'localhost', 'nas']) })).toBeUndefined()
    expect(await finding('names', { resolve, project: await project({ hosts: ['ollama.example.com'] }) })).toBeUndefined()
    expect(asked).toEqual([])
  })
  test('needs port 80 where a CA comes to it', async () => {
    const acme = { names: ['ollama.example.com'], email: null, directory: null, root: null }
    const one = await project({ tls: 'acme', acme, bind: '0.0.0.0', port: 443, hosts: ['ollama.example.com'] })
    const reply = (status: number) => ({ status, headers: {}, body: '' })
    const given = (at: number | null) => ({ project: one, answer: () => Promise.resolve({ reply: reply(401), at: 0 }), get: () => Promise.resolve(at === null ? null : reply(at)) })
    expect((await finding('port-80', given(308)))?.level).toBe('ok')
    expect(await finding('port-80', given(200))).toMatchObject({ level: 'fail', evidence: text("isn't this stack's redirect") })
    expect(await finding('port-80', given(null))).toMatchObject({ level: 'fail', evidence: text('Nothing answers at 127.0.0.1:80') })
    expect((await finding('names', { ...leading(), project: one }))?.level).toBe('fail')
  })
})

test('a proxy that does not answer: a failure while it runs, else a warning, and nothing is tried through it', async () => {
  const given = { project: await project({ allow: ['192.168.1.0/24'], bind: '0.0.0.0', tls: 'private' }), engine: engine(), answer: () => Promise.resolve({ reply: null, error: new StackError('E_NO_ANSWER', 'Nothing usable answers at 127.0.0.1:8880.') } as const) }
  expect(await finding('proxy-answers', given)).toMatchObject({ level: 'warn', hint: 'Start it: ollama-stack up' })
  expect(await finding('proxy-answers', { ...given, containers: () => Promise.resolve([container('proxy')]) })).toMatchObject({ level: 'fail', evidence: text('Nothing usable answers') })
  for (const id of ['preflight', 'source-address', 'streaming', 'certificate-shown']) expect(await finding(id, given), id).toBeUndefined()
})

test.each([[401, [], 'ok'], [200, [], 'fail'], [403, [], 'fail'], [403, ['192.168.1.0/24'], 'warn'], [502, [], 'fail']])('a proxy that answers %d to a stranger, with the list %j: %s', async (status, allow, level) => {
  const one = await project({ allow, bind: '0.0.0.0', tls: 'private' })
  expect((await finding('proxy-answers', { project: one, answer: () => Promise.resolve({ reply: { status, headers: {}, body: '' }, at: 0 }) }))?.level).toBe(level)
})

describe('the run of all checks', () => {
  const row = (id: string, run: Check['run'], more: Partial<Check> = {}): Check => ({ id, title: id, run, ...more })
  test('one that fails to look, or takes too long, is a warning; one that says nothing is left out', async () => {
    const [group] = await examine(facts(), [{ group: 'x', checks: [
      row('thrown', () => { throw new StackError('E_X', 'Permission denied.', { hint: 'sudo' }) }),
      row('broken', () => Promise.reject(new TypeError('no such thing'))),
      row('denied', () => { throw Object.assign(new Error('EACCES: permission denied, scandir'), { code: 'EACCES' }) }),
      row('slow', ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))), { limit: 50 }),
      row('silent', () => null),
      row('fine', () => ({ level: 'ok', evidence: 'well.', hint: '' })),
      row('odd', () => ({ level: 'ok', evidence: 'a file called \u001b[2J', hint: '' })),
    ] }])
    expect(group?.findings.map(({ id, level, evidence, hint }) => [id, level, evidence, hint])).toEqual([
      ['thrown', 'warn', 'Could not be looked at: Permission denied', 'sudo'],
      ['broken', 'warn', 'Could not be looked at: no such thing', 'Run this again; if it stays, please report it.'],
      ['denied', 'warn', 'Could not be looked at: EACCES: permission denied, scandir', 'Run this as the owner of the project, or with sudo.'],
      ['slow', 'warn', 'Gave no answer within 0.05 s', 'Run this again when the machine is less busy.'],
      ['fine', 'ok', 'well', ''],
      ['odd', 'ok', 'a file called \\u{1b}[2J', ''],
    ])
  })
  test('they run at once', async () => {
    let running = 0
    let most = 0
    const busy = row('busy', async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 20))
      running--
      return null
    })
    await examine(facts(), [{ group: 'x', checks: [busy, busy] }, { group: 'y', checks: [busy] }])
    expect(most).toBe(3)
  })
  test('Ctrl-C ends them', async () => {
    const stop = new AbortController()
    const waiting = row('waiting', ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))))
    const looked = examine(facts({ signal: stop.signal }), [{ group: 'x', checks: [waiting] }])
    stop.abort()
    await expect(looked).rejects.toMatchObject({ name: 'AbortError' })
  })
  test('every check has an id of its own', () => {
    const ids = CHECKS.flatMap(({ checks }) => checks.map(({ id }) => id))
    expect(ids).toEqual([...new Set(ids)])
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/)
  })
  test('printed: a line each, what is not well with its fix, the count last', () => {
    const lines: string[] = []
    const finding = (level: 'ok' | 'warn' | 'fail', title: string, hint = '') => ({ id: title, level, title, evidence: `about ${title}`, hint })
    printFindings([{ group: 'Empty', findings: [] }, { group: 'Machine', findings: [finding('ok', 'Disk', 'not shown'), finding('warn', 'GPU', 'one\ntwo'), finding('fail', 'Clock', 'ollama-stack up')] }], '/p', { data: (line: string) => void lines.push(...line.split('\n')) } as never)
    expect(lines).toEqual(['Machine', '  ok    Disk: about Disk', '  WARN  GPU: about GPU', '        -> one', '        -> two', '  FAIL  Clock: about Clock', '        -> /p/ollama-stack up', '3 checks: 1 ok, 1 warning, 1 failure.'])
  })
})

describe('the command, where no engine answers', () => {
  const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock', PATH: '/usr/bin:/bin' }
  interface Document { ok: boolean; findings: { id: string; level: string; title: string; hint: string; evidence: string }[] }
  test('without a project: machine and engine', async () => {
    const { code, out, err } = await ran('/', ['doctor', '--json'], { env })
    const { ok, findings } = JSON.parse(out) as Document
    expect([code, ok, err]).toEqual([1, false, ''])
    expect(findings[0]).toEqual({ id: 'engine', level: 'fail', title: 'Docker Engine', hint: expect.stringContaining('unset DOCKER_HOST') as string, evidence: expect.stringContaining('No Docker Engine answers') as string })
    expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(['context', 'compose', 'open-ollama']))
    expect(findings.filter(({ id }) => ['disk', 'memory', 'services', 'credentials'].includes(id))).toEqual([])
  })
  test('with a project: its files too', async () => {
    const { dir } = await project()
    writeFileSync(join(dir, 'credentials/keys'), '')
    const { code, out } = await ran(dir, ['doctor', '--json'], { env })
    const levels = Object.fromEntries((JSON.parse(out) as Document).findings.map(({ id, level }) => [id, level]))
    expect([code, levels['engine'], levels['people'], levels['file-modes'], levels['exposure']]).toEqual([1, 'fail', 'fail', 'ok', 'ok'])
  })
  test('a project that is named and is none is refused', async () => {
    const { code, out } = await ran('/', ['doctor', '-C', '/nonexistent', '--json'], { env })
    expect([code, (JSON.parse(out) as { error: { code: string } }).error.code]).toEqual([2, 'E_NO_PROJECT'])
  })
  test('a broken compose.yaml is a finding, its line named', async () => {
    const { dir } = await project()
    writeFileSync(join(dir, 'compose.yaml'), 'name: home\nservices: 3\nx-ollama-stack: {auth: bearer}\n'.replace('x-ollama', '\nx-ollama'))
    const { out } = await ran(dir, ['doctor', '--json'], { env })
    expect((JSON.parse(out) as Document).findings.find(({ id }) => id === 'project')).toMatchObject({ level: 'fail', evidence: expect.stringContaining('compose.yaml:2') as string })
  })
})
