import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { applyChange } from '../../src/project/disk.ts'
import { StackError } from '../../src/errors.ts'
import type { Engine } from '../../src/engine.ts'
import { loadProject } from '../../src/project/project.ts'
import { render } from '../../src/project/render.ts'
import { onDisk, type Status } from '../../src/running/status.ts'
import { statusLines } from '../../src/running/status-text.ts'
import { watchStatus } from '../../src/running/status-watch.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'

const NO_ENGINE = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
const DAY_MS = 86_400_000
let cwd: string
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'ollama-stack-status-'))
  const people = [{ name: 'ann', role: 'admin' as const }, { name: 'bob', role: 'user' as const }]
  const stack = stacks['bearer']
  if (!stack) throw new Error('no such stack')
  mkdirSync(dir())
  applyChange(dir(), (await render(stack, config(stack, { tls: 'private' }), people, { now: new Date() })).files)
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))
const dir = (): string => join(cwd, 'home')

describe('without an engine', () => {
  test('what the directory says is told, and the engine is the error', async () => {
    const { code, out, err } = await ran(cwd, ['status', '-C', 'home'], { env: NO_ENGINE })
    expect(code).toBe(1)
    expect(out).toMatch(/^URL {6}https:\/\/\S+\nLogin {4}bearer; ann \(admin\), bob \(user\)\nTLS {6}certificate valid until \d{4}-\d\d-\d\d \(in \d+ days\)\n {9}SHA-256 [0-9A-F]{2}(?::[0-9A-F]{2}){31}\n$/)
    expect(err).toMatch(/^Error: .*\/nowhere\/docker\.sock/s)
  })
  test.each([['status', '--json'], ['status', '--watch', '--json'], ['logs', '--json'], ['logs', '-f', '--json']])('%s %s: one document, the error', async (...argv) => {
    const { code, out } = await ran(cwd, [...argv, '-C', 'home'], { env: NO_ENGINE })
    expect([code, Object.keys(JSON.parse(out) as object)]).toEqual([1, ['error']])
  })
})

describe('logs refuses, before it looks for an engine', () => {
  test.each<[string[], string, RegExp]>([
    [['prxy'], 'E_SERVICE', /no service "prxy"\. Did you mean proxy\? It has proxy, ollama\.$/],
    [['ollama', '--user', 'bob'], 'E_SERVICE', /log of ollama names nobody/],
    [['--since', 'yesterday'], 'E_TIME', /neither a span nor a date/],
    [['--since', '2099-01-01'], 'E_TIME', /yet to come/],
    [['--tail', 'many'], 'E_NUMBER', /--tail can't be "many"\. .*--tail 50$/],
    [['--tail', '-1'], 'E_NUMBER', /--tail can't be "-1"/],
    [['proxy', 'ollama'], 'E_ARGUMENT', /ollama/],
  ])('%j', async (argv, code, says) => {
    const { code: exit, out } = await ran(cwd, ['logs', ...argv, '-C', 'home', '--json'], { env: NO_ENGINE })
    const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string } }
    expect([exit, error.code]).toEqual([2, code])
    expect(`${error.message} ${error.hint}`).toMatch(says)
  })
})

describe('the certificate', () => {
  const at = (days: number) => {
    const { cert } = onDisk(loadProject(dir()), new Date())
    return onDisk(loadProject(dir()), new Date(Date.parse(String(cert?.notAfter)) - days * DAY_MS))
  }
  test('has its days, and is a problem under 30', () => {
    expect(at(30.5)).toMatchObject({ cert: { daysLeft: 30 }, problems: [] })
    expect(at(29.4)).toMatchObject({ cert: { daysLeft: 29 }, problems: [{ code: 'E_CERT_ENDS', message: expect.stringMatching(/ends on \d{4}-\d\d-\d\d, in 29 days\.$/), hint: expect.stringContaining('ollama-stack up') }] })
    expect(at(1.5).problems[0]?.message).toContain('in 36 hours.')
    expect(at(-0.5)).toMatchObject({ cert: { daysLeft: -1 }, problems: [{ message: expect.stringContaining('ended on') }] })
  })
  test('that is damaged is a problem, and the rest is told', () => {
    const path = join(dir(), 'certs/server/server.crt')
    writeFileSync(path, 'half a certific')
    expect(onDisk(loadProject(dir()), new Date())).toMatchObject({ cert: null, users: 2, problems: [{ code: 'E_CERT_DAMAGED' }] })
  })
})

const now = new Date('2026-11-21T15:00:00Z')
const status: Status = {
  name: 'home', dir: '/srv/home', auth: 'bearer', url: 'http://127.0.0.1:8880', running: true, edited: false, users: 1, cert: null, problems: [], refused: null, models: [],
  people: [{ name: 'ann', role: 'admin', expires: null }],
  services: [{ name: 'proxy', state: 'running', health: 'healthy', image: 'nginx:1.30', since: '2026-11-21T12:00:00Z' }, { name: 'ollama', state: 'running', health: 'none', image: 'ollama/ollama:0.32.15', since: '2026-11-21T15:00:00Z' }],
}
const told = (more: Partial<Status>): string => statusLines({ ...status, ...more }, now).join('\n')

describe('for people', () => {
  test('services, since when, and who may log in', () => expect(told({})).toBe([
    'proxy    running, healthy, for 3 hours  (nginx:1.30)', 'ollama   running, just started  (ollama/ollama:0.32.15)', 'URL      http://127.0.0.1:8880', 'Login    bearer; ann (admin)',
  ].join('\n')))
  test('what is down says since when, and what to type', () => {
    const text = told({ running: false, services: [{ name: 'ollama', state: 'exited', health: 'none', image: 'x', since: '2026-11-21T14:58:00Z' }, { name: 'proxy', state: 'absent', health: 'none', image: 'y', since: null }] })
    expect(text).toMatch(/^ollama {3}exited, 2 minutes ago {2}\(x\)\nproxy {4}absent {2}\(y\)\n/)
    expect(text).toMatch(/\nStart it: \/srv\/home\/ollama-stack up$/)
  })
  test('models, on what they run', () => expect(told({ models: [{ name: 'gemma3:1b', size: '1.2 GB', processor: '48%/52% CPU/GPU' }] })).toContain('\nLoaded   gemma3:1b (1.2 GB, 48%/52% CPU/GPU)'))
  test('no name and no reason begins a line of its own', () => {
    const forged = 'x\nWRONG    The login is off.'
    const text = told({ models: [{ name: forged, size: '1 GB', processor: forged }], refused: { since: '2026-11-20T15:00:00Z', hour: 1, day: 1, latest: [{ at: '2026-11-21T14:57:00Z', address: forged, reason: forged, times: 1 }] } })
    expect(text).toContain('The login is off.')
    expect(text).not.toMatch(/^WRONG/m)
  })
  test('ends of people, nobody at all, and very many', () => {
    const person = (name: string, expires: string | null = null) => ({ name, role: 'user' as const, expires })
    expect(told({ people: [person('eve', '2026-12-21T15:00:00Z'), person('old', '2026-11-01T00:00:00Z')], users: 2 })).toContain('Login    bearer; eve (user, ends in 30 days), old (user, EXPIRED)')
    expect(told({ people: [], users: 0 })).toContain('Login    bearer; nobody may log in')
    expect(told({ people: Array.from({ length: 20 }, (_, index) => person(`p${index}`)), users: 20 })).toMatch(/p7 \(user\) and 12 more: /)
  })
  test('refused logins', () => {
    const refused = { since: '2026-11-20T15:00:00Z', hour: 12, day: 31, latest: [{ at: '2026-11-21T14:57:00Z', address: '192.168.1.7', reason: 'unknown key', times: 28 }, { at: '2026-11-21T13:00:00Z', address: '192.168.1.9', reason: 'no credential', times: 1 }] }
    expect(told({ refused })).toContain([
      '\nRefused  31 logins in the last 24 hours, 12 in the last hour; and 1 request without a credential', '         3 minutes ago from 192.168.1.7: unknown key (28 times)', '         2 hours ago from 192.168.1.9: no credential',
      '         The smoke tests (create, configure, test) are refused on purpose, and count.',
    ].join('\n'))
    expect(told({ refused: { ...refused, latest: [] } })).not.toContain('Refused')
  })
})

describe('--watch', () => {
  /** Looks that the watch gets, one after the other; then Ctrl-C. */
  const watched = async (looks: (Status | StackError)[], how: { json?: boolean; inPlace?: boolean } = {}): Promise<{ code: number; written: string }> => {
    const stop = new AbortController()
    const stdout = Object.assign(new PassThrough(), { columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream
    const events = async function* () { yield 'start' }
    const look = async (): Promise<Status> => {
      const next = looks.shift()
      if (next === undefined) {
        stop.abort()
        throw new StackError('E_CANCELLED', 'stopped')
      }
      if (next instanceof StackError) throw next
      return next
    }
    const code = await watchStatus(status, { look, engine: { events } as unknown as Engine, json: how.json ?? false, stdout, inPlace: how.inPlace ?? false, signal: stop.signal })
    await sleep(0)
    return { code, written: String((stdout as unknown as PassThrough).read()) }
  }
  const gone = new StackError('E_ENGINE_LOST', 'The Docker Engine stopped answering.', { hint: 'Check it with: docker info' })
  const down: Status = { ...status, running: false }

  test('a section for each change, with its time; nothing while nothing changes', async () => {
    const { code, written } = await watched([status, down])
    expect(code).toBe(130)
    expect(written.match(/^--- \d{4}-\d\d-\d\dT.*Z$/gm)).toHaveLength(2)
    expect(written).not.toContain('\x1b')
  })
  test('a document a line, also while the engine is gone', async () => {
    const { written } = await watched([gone, gone, down], { json: true })
    expect(written.trimEnd().split('\n').map((line) => JSON.parse(line) as object)).toEqual([status, { error: { code: 'E_ENGINE_LOST', message: gone.message, hint: gone.hint } }, down])
  })
  test('in place, the cursor away and back', async () => {
    const { written } = await watched([gone], { inPlace: true })
    expect(written).toMatch(/^\x1b\[\?25l\rhome, \d\d:\d\d:\d\d .*\x1b\[\d+A.*stopped answering.*\x1b\[\?25h$/s)
  })
})
