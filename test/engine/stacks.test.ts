// The main job, for each stack of the registry, on a real engine: create, up, every smoke check,
// the attack matrix, up again, Ollama killed and recreated, compose interchange, down.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Login } from '../../stacks/stack.ts'
import { isJsonError, judge } from '../../src/attacks/judge.ts'
import { CLASSES } from '../../src/attacks/matrix.ts'
import { send } from '../../src/attacks/send.ts'
import type { Case, Who } from '../../src/attacks/case.ts'
import { ask, open, type Door } from '../../src/net/http.ts'
import { create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument } from './project.ts'

interface Head {
  method: string
  target: string
  /** Name, value, name, value, as they came. */
  headers: string[]
}

const ORIGINS = ['https://app.example.com', 'onlyoffice://*']

/** Request headers that may reach Ollama, lower-case. Everything else is the proxy's to keep. */
const MAY_ARRIVE = new Set([
  'host', 'connection', 'content-type', 'content-encoding', 'content-length', 'transfer-encoding', 'accept', 'accept-encoding', 'user-agent',
  'anthropic-version', 'anthropic-beta', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host',
  // What a client announces as trailers Go keeps apart from its headers, out of Caddy's reach. Ollama reads none.
  'trailer',
])

/** Case -> stack -> what was answered. */
const answers = new Map<string, { one: Case; by: Map<string, string> }>()

function record(stack: string, one: Case, answer: string): void {
  const entry = answers.get(one.id) ?? { one, by: new Map<string, string>() }
  answers.set(one.id, entry)
  expect(entry.by.has(stack), `two cases are called ${one.id}`).toBe(false)
  entry.by.set(stack, answer)
}

describe.each(Object.values(stacks))('$id', (stack) => {
  const name = `test-${stack.id}`
  const place = workspace()
  const dir = join(place.dir, name)
  let made: CreateDocument
  let at: Door
  let logins: Record<Who, Login | undefined>

  const container = (service: string): string => `${name}-${service}-1`
  const ids = (): Promise<string> => dockerOk('ps', '-aq', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`)
  const heads = async (): Promise<Head[]> => JSON.parse(await dockerOk('exec', container('ollama'), 'ollama', 'standin-heads', '--clear')) as Head[]
  const compose = (...args: string[]) => run('docker', ['compose', ...args], { cwd: dir })

  beforeAll(async () => {
    const port = await freePort()
    const { code, stdout, stderr } = await create([dir, '--auth', stack.id, '--user', 'ann:admin', '--user', 'bob', ...ORIGINS.flatMap((origin) => ['--origin', origin]), '--port', String(port), '--yes', '--json'])
    expect(stderr).not.toMatch(/^\s+at /m)
    made = JSON.parse(stdout) as CreateDocument
    expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
    at = door(made)
    const [ann, bob] = made.users
    logins = { stranger: undefined, admin: ann && loginOf(made, ann), user: bob && loginOf(made, bob) }
  })

  afterAll(async () => {
    if (existsSync(join(dir, 'compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  test('create says what it made, and every smoke check passed', () => {
    expect(made.project).toMatchObject({ dir, name, auth: stack.id, tls: stack.needsTls ? 'private' : 'off' })
    expect(made.users.map(({ name, role }) => `${name}:${role}`)).toEqual(['ann:admin', 'bob:user'])
    expect(made.started).toBe(true)
    expect(made.checks.filter((check) => check.ok !== true)).toEqual([])
    expect(made.checks.length).toBeGreaterThan(15)
  })

  test('credentials get in, strangers get 401 in JSON with a challenge', async () => {
    for (const who of ['admin', 'user'] as const) {
      expect((await ask(at, { path: '/api/tags', login: logins[who] })).status, who).toBe(200)
    }
    const stranger = await ask(at, { path: '/api/tags' })
    expect(stranger.status).toBe(401)
    expect(stranger.headers['www-authenticate']).toMatch(stack.challenge)
    expect(JSON.parse(stranger.body)).toHaveProperty('error')
  })

  test('no secret on disk but the client bundles, and modes are private', () => {
    expect(statSync(join(dir, 'credentials')).mode & 0o777).toBe(0o700)
    const secrets = made.users.map((user) => user.secret).filter((secret) => secret !== null)
    const walk = (path: string): void => {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const child = join(path, entry.name)
        if (entry.isDirectory()) {
          if (entry.name !== '.ollama-stack') walk(child)
          continue
        }
        const text = readFileSync(child, 'latin1')
        for (const secret of secrets) expect(text.includes(secret), `${child} holds a secret`).toBe(false)
        if (text.includes('PRIVATE KEY') || child.includes('/credentials/')) expect(statSync(child).mode & 0o077, child).toBe(0)
      }
    }
    walk(dir)
  })

  test('no secret in docker inspect or in the logs', async () => {
    const text = await dockerOk('inspect', container('proxy'), container('ollama'))
    const logs = await docker('logs', container('proxy'))
    for (const user of made.users) {
      if (user.secret === null) continue
      for (const place of [text, logs.stdout, logs.stderr]) expect(place.includes(user.secret)).toBe(false)
    }
  })

  test('both containers run with as little as they need', async () => {
    const both = JSON.parse(await dockerOk('inspect', container('proxy'), container('ollama'))) as { Config: { User: string }; HostConfig: Record<string, unknown>; Mounts: { Destination: string; RW: boolean }[] }[]
    for (const [index, { Config, HostConfig, Mounts }] of both.entries()) {
      const proxy = index === 0
      expect(HostConfig).toMatchObject({ CapDrop: ['ALL'], ReadonlyRootfs: true, Privileged: false, SecurityOpt: ['no-new-privileges:true'], PidMode: '', IpcMode: expect.stringMatching(/^(private|)$/) as string })
      // Caddy's binary carries this capability and can't be executed without it in the bounding set.
      expect(((HostConfig['CapAdd'] ?? []) as string[]).map((one) => one.replace('CAP_', ''))).toEqual(proxy && stack.id === 'mtls' ? ['NET_BIND_SERVICE'] : [])
      expect(HostConfig['PidsLimit']).toBeGreaterThan(0)
      if (proxy) expect(HostConfig['Memory']).toBeGreaterThan(0)
      expect(HostConfig['LogConfig']).toMatchObject({ Config: { 'max-size': expect.any(String) as string } })
      expect(Config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
      expect(Mounts.filter(({ RW }) => RW).map(({ Destination }) => Destination)).toEqual(proxy ? [] : ['/home/ubuntu'])
      expect(Mounts.some(({ Destination }) => /docker\.sock|ca\.key/.test(Destination))).toBe(false)
    }
    // The CA's key signs anybody: the proxy has no way to it.
    expect((await docker('exec', container('proxy'), 'sh', '-c', 'find / -name ca.key 2>/dev/null')).stdout).toBe('')
    const processes = await dockerOk('top', container('proxy'), '-o', 'pid,args')
    const config = (await compose('config')).stdout
    for (const { secret } of made.users) for (const place of [processes, config]) if (secret !== null) expect(place.includes(secret)).toBe(false)
  })

  test.each(CLASSES)('$id: each answered as it must be, and only what may reaches Ollama, once and bare', async ({ id, cases }) => {
    const [, bob] = made.users
    if (!bob || !logins.user) throw new Error('no user was made')
    const all = cases({ stack, valid: { ...bob, secret: bob.secret ?? '', login: logins.user }, origins: ORIGINS, hosts: [] })
    expect(all.length).toBeGreaterThan(10)
    await heads()
    const { stranger = null, user = null, admin = null } = logins
    const replies = await send(at, { stranger, user, admin }, all, (index) => `case/${index}`)
    const arrived = new Map<string, Head[]>()
    const wrong: string[] = []
    for (const head of await heads()) {
      // What follows the first word came in by a folded line.
      const agent = value(head, 'user-agent')?.split(' ')[0] ?? 'none'
      // The container's own health check.
      if (agent.startsWith('ollama/')) continue
      if (!/^case\/\d+$/.test(agent)) wrong.push(`a request of nobody's arrived: ${agent} ${head.method} ${head.target}`)
      arrived.set(agent, [...(arrived.get(agent) ?? []), head])
      for (const header of names(head)) if (!MAY_ARRIVE.has(header)) wrong.push(`${agent}: Ollama saw ${header}`)
      if (value(head, 'host') !== 'localhost:11434') wrong.push(`${agent}: Ollama saw Host: ${value(head, 'host')}`)
      if (!/^[0-9a-f.:]+$/.test(value(head, 'x-forwarded-for') ?? '') || value(head, 'x-forwarded-for') === '127.0.0.1') wrong.push(`${agent}: Ollama saw X-Forwarded-For: ${value(head, 'x-forwarded-for')}`)
    }
    for (const [index, one] of all.entries()) {
      const reply = replies[index]
      const seen = arrived.get(`case/${index}`) ?? []
      const note = (what: string): unknown => wrong.push(`${one.id}: ${what}`)
      if (!reply) throw new Error(`${one.id} was not sent`)
      for (const what of judge(one, reply, stack.challenge)) note(what)
      if (one.loose && seen.length === 0 && reply.status === 400 && !reply.closed) note('the connection stays open after 400')
      if (one.upstream === 'never' && seen.length > 0) note(`reached Ollama as ${seen[0]?.method} ${seen[0]?.target}`)
      if (one.upstream === 'once' && seen.length === 0) note('never arrived')
      if (seen.length > 1) note(`reached Ollama ${seen.length} times`)
      const [first] = seen
      if (first && one.first === undefined && (first.method !== one.method || first.target !== one.target.replace(/\?.*/, ''))) note(`arrived as ${first.method} ${first.target}`)
      if (id !== 'attack-credentials') record(stack.id, one, [...reply.statuses, seen.length > 0 ? 'and reached Ollama' : ''].join(' ').trim())
    }
    expect(wrong).toEqual([])
  })

  test('no ordinary process of the host reaches Ollama, on whatever interface', async () => {
    const addresses = (await dockerOk('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', container('ollama'))).split(' ')
    expect(addresses).toHaveLength(2)
    await heads()
    // A connection alone proves nothing: something else may answer for any address. What Ollama saw does.
    const { code, stderr } = await run('python3', [join(import.meta.dirname, 'from-the-host.py'), 'from-the-host', ...addresses])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await ask(at, { path: '/api/version', login: logins.user, headers: { 'user-agent': 'through-the-door' } })
    const agents = (await heads()).map((head) => value(head, 'user-agent'))
    expect(agents).toContain('through-the-door')
    expect(agents).not.toContain('from-the-host')
  })

  test('a streamed answer arrives chunk by chunk', async () => {
    const times: number[] = []
    const response = await open(at, { method: 'POST', path: '/api/generate', login: logins.user, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi' }) })
    for await (const _ of response) times.push(performance.now())
    expect(times.length).toBeGreaterThan(5)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(100)
  })

  test('100 MB bodies pass on inference paths, more is refused in JSON', async () => {
    const body = (megabytes: number): string => JSON.stringify({ model: 'gemma3:1b', prompt: 'x', stream: false, images: ['A'.repeat(megabytes * 1_000_000)] })
    const send = (path: string, megabytes: number) => ask(at, { method: 'POST', path, login: logins.user, body: body(megabytes), idle: 60_000 })
    expect((await send('/api/generate', 99)).status).toBe(200)
    const refused = await ask(at, { method: 'POST', path: '/v1/chat/completions', login: logins.user, headers: { 'content-length': '110000000' } })
    expect(refused.status).toBe(413)
    expect(isJsonError(refused.body)).toBe(true)
  })

  test('refusals speak the language of the path', async () => {
    const openai = JSON.parse((await ask(at, { path: '/v1/models' })).body) as { error: { message: string; type: string } }
    expect(openai.error).toMatchObject({ message: expect.any(String), type: expect.any(String) })
    const anthropic = JSON.parse((await ask(at, { method: 'POST', path: '/v1/messages', body: '{}' })).body) as object
    expect(anthropic).toMatchObject({ type: 'error', error: { type: 'authentication_error', message: expect.any(String) } })
    const ollama = JSON.parse((await ask(at, { path: '/api/tags' })).body) as object
    expect(ollama).toEqual({ error: expect.any(String) })
  })

  test('up again changes nothing; docker compose keeps every container', async () => {
    const before = await ids()
    const again = await ollamaStack(['up', '-C', dir, '--json'])
    expect(again.code).toBe(0)
    expect(await ids()).toBe(before)
    const composeUp = await compose('up', '-d')
    expect(composeUp.code, composeUp.stderr).toBe(0)
    expect(await ids()).toBe(before)
    expect((await compose('ps', '-q')).stdout.trim().split('\n')).toHaveLength(2)
  })

  test('the config hashes are the ones Compose computes', async () => {
    const { stdout } = await compose('config', '--hash', '*')
    const wanted = stdout.trim().split('\n').sort()
    const ours = await Promise.all(['ollama', 'proxy'].map(async (service) =>
      `${service} ${await dockerOk('inspect', '-f', '{{index .Config.Labels "com.docker.compose.config-hash"}}', container(service))}`))
    expect(ours.sort()).toEqual(wanted)
  })

  test('Ollama gone: a stream breaks off, then an error in JSON; recreated: found again at once', async () => {
    const broken = await open(at, { method: 'POST', path: '/api/generate', login: logins.user, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 400 } }) })
    // What arrived looks like a part, not like a whole answer.
    const brokenOff = expect((async () => { for await (const part of broken) void part })()).rejects.toThrow(/aborted|ECONNRESET/)
    await dockerOk('kill', container('ollama'))
    await brokenOff
    await dockerOk('rm', '-f', container('ollama'))
    const gone = await ask(at, { path: '/api/tags', login: logins.user, headers: { origin: ORIGINS[0] ?? '' } })
    expect([502, 504]).toContain(gone.status)
    expect([isJsonError(gone.body), gone.headers['access-control-allow-origin']]).toEqual([true, ORIGINS[0]])
    const up = await ollamaStack(['up', '-C', dir, '--json'])
    expect(up.code, up.stdout).toBe(0)
    await eventually(at, logins.user, 200)
  })

  test('without credential files nobody gets in; put back, everybody', async () => {
    const credentials = join(dir, 'credentials')
    const away = join(place.dir, 'away')
    mkdirSync(away)
    const move = (from: string, to: string): void => readdirSync(from).forEach((entry) => renameSync(join(from, entry), join(to, entry)))
    move(credentials, away)
    await eventually(at, logins.admin, 401)
    move(away, credentials)
    await eventually(at, logins.admin, 200)
  })

  test('test --thorough finds every check ok, and leaves nobody and nothing behind', async () => {
    const junit = join(place.dir, 'results.xml')
    const { code, stdout } = await ollamaStack(['test', '--thorough', '-C', dir, '--json', '--junit', junit])
    const document = JSON.parse(stdout) as { ok: boolean; checks: { id: string; ok: boolean | null; detail: string }[] }
    expect(document.checks.filter((check) => check.ok !== true)).toEqual([])
    expect({ code, ok: document.ok }).toEqual({ code: 0, ok: true })
    const ids = document.checks.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining([...CLASSES.map(({ id }) => id), 'attack-container', 'attack-addresses']))
    // What isn't configured isn't listed.
    for (const id of ['attack-tls', 'attack-sni', 'attack-http2']) expect([id, ids.includes(id)]).toEqual([id, made.project.tls !== 'off'])
    for (const id of ids) expect(readFileSync(junit, 'utf8')).toContain(`classname="${name}.${id}"`)
    expect(await dockerOk('ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`, '--filter', 'label=com.docker.compose.oneoff=True')).toBe('')
    const tree = (await run('grep', ['-rl', 'ollama-stack-test-', join(dir, 'credentials'), join(dir, 'certs')].filter((word) => existsSync(word) || !word.startsWith('/')))).stdout
    expect(tree).toBe('')
  })

  test('status tells it all, through the launcher, from anywhere', async () => {
    const { code, stdout } = await run(join(dir, 'ollama-stack'), ['status', '--json'], { cwd: '/' })
    const status = JSON.parse(stdout) as { services: { name: string; state: string; health: string; image: string }[]; models: string[]; users: number }
    expect(code).toBe(0)
    expect(status).toMatchObject({ name, dir, auth: stack.id, url: made.project.url, running: true, users: 2 })
    expect(status.services.map(({ name, state, health }) => `${name} ${state} ${health}`).sort()).toEqual(['ollama running healthy', 'proxy running healthy'])
  })

  test('down leaves no container and no network; the models stay', async () => {
    const down = await ollamaStack(['down', '-C', dir, '--json'])
    expect(down.code, down.stdout).toBe(0)
    expect(await remains(name)).toEqual([])
    expect(await dockerOk('volume', 'ls', '-q', '--filter', `name=${name}_models`)).toBe(`${name}_models`)
  })

  test('docker compose brings the same project up, and ollama-stack takes it over and down', async () => {
    const up = await compose('up', '-d', '--wait')
    expect(up.code, up.stderr).toBe(0)
    const before = await ids()
    expect((await ollamaStack(['up', '-C', dir, '--json'])).code).toBe(0)
    expect(await ids()).toBe(before)
    expect((await ask(at, { path: '/api/tags', login: logins.user })).status).toBe(200)
    expect((await ollamaStack(['down', '--volumes', '--yes', '-C', dir, '--json'])).code).toBe(0)
    expect(await remains(name)).toEqual([])
    expect(await dockerOk('volume', 'ls', '-q', '--filter', `name=${name}_models`)).toBe('')
  })
})

test('one table, equal answers, but where the table says why not', () => {
  expect(answers.size).toBeGreaterThan(1000)
  const all = Object.keys(stacks)
  const unequal = [...answers.values()].filter(({ one, by }) => one.differs === undefined && (by.size !== all.length || new Set(by.values()).size > 1))
  expect(unequal.map(({ one, by }) => `${one.id}: ${[...by].map(([stack, answer]) => `${stack} ${answer}`).join(', ')}`)).toEqual([])
})

/** Within a second: what the contract promises for every change of credentials. */
async function eventually(at: Door, login: Login | undefined, wanted: number): Promise<void> {
  const start = performance.now()
  for (;;) {
    const { status } = await ask(at, { path: '/api/tags', login })
    if (status === wanted) return
    expect(performance.now() - start, `still ${status}, not ${wanted}`).toBeLessThan(1000)
    await sleep(20)
  }
}

function names(head: Head): string[] {
  return head.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
}

function value(head: Head, name: string): string | undefined {
  const index = names(head).indexOf(name)
  return index < 0 ? undefined : head.headers[index * 2 + 1]
}
