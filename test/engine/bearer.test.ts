// What only the Bearer stack has: keys that end by themselves, and the `ollama` command's own login
// (OLLAMA_AUTH=1), with real ed25519 signatures, the way api/client.go of Ollama makes them.

import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, keptAlive, type Door } from '../../src/net/http.ts'
import { issue, remove, rotate } from '../../src/people/people.ts'
import { loadProject } from '../../src/project/project.ts'
import type { Login } from '../../stacks/stack.ts'
import { create, docker, dockerOk, door, freePort, ollamaStack, run, workspace, type CreateDocument } from './project.ts'

interface Pair {
  private: KeyObject
  /** The blob of RFC 8709. */
  blob: Buffer
}

function pair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return { private: privateKey, blob: Buffer.concat([field(Buffer.from('ssh-ed25519')), field(raw)]) }
}

function field(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

const line = ({ blob }: Pair): string => `ssh-ed25519 ${blob.toString('base64')} somebody@laptop`
const clock = (): number => Math.floor(Date.now() / 1000)
const ann = pair()
const bob = pair()
const nobody = pair()

interface Signed {
  key?: Pair
  method?: string
  path?: string
  ts?: number
  /** What is signed, where it differs from what is sent. */
  signs?: string
  sends?: string
  blob?: Buffer
  signature?: (good: Buffer) => Buffer
}

/** A request as the client makes it; what is given differs. */
function signed({ key = ann, method = 'GET', path = '/api/tags', ts = clock(), signs, sends, blob = key.blob, signature = (good) => good }: Signed = {}) {
  const good = sign(null, Buffer.from(signs ?? `${method},${path}?ts=${ts}`), key.private)
  const headers = { Authorization: `${blob.toString('base64')}:${signature(good).toString('base64')}` }
  return { method, path: sends ?? `${path}?ts=${ts}`, headers, ...(method === 'POST' ? { body: '{"model":"gemma3:1b"}' } : {}) }
}

const place = workspace()
afterAll(() => place.remove())

/** A running project where ann (admin) and bob log in by ssh key. */
async function made(name: string, flags: string[]): Promise<{ dir: string; at: Door }> {
  const dir = join(place.dir, name)
  const { code, stdout } = await create([dir, '--auth', 'bearer', '--user', 'root:admin', '--port', String(await freePort()), '--model', 'none', '--yes', '--json', ...flags])
  const document = JSON.parse(stdout) as CreateDocument
  expect({ code, error: document.error }).toEqual({ code: 0, error: undefined })
  const project = loadProject(dir)
  await issue(project, { name: 'ann', role: 'admin' }, { now: new Date(), sshKey: line(ann) })
  await issue(project, { name: 'bob', role: 'user' }, { now: new Date(), sshKey: line(bob) })
  const at = door(document)
  await until(at, () => signed(), 200)
  // Each worker reads for itself, and one that has is none of the others.
  await sleep(1000)
  return { dir, at }
}

async function gone(dir: string): Promise<void> {
  if (existsSync(join(dir, 'compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
}

/** Within a second: what the contract promises for every change of credentials. */
async function until(at: Door, request: () => Parameters<typeof ask>[1], wanted: number): Promise<void> {
  for (const start = performance.now(); ; await sleep(20)) {
    const { status } = await ask(at, request())
    if (status === wanted) return
    expect(performance.now() - start, `still ${status}, not ${wanted}`).toBeLessThan(1000)
  }
}

const tags = (login: Login | null) => ({ path: '/api/tags', ...(login ? { login } : {}) })

describe('on the loopback address', () => {
  let dir = ''
  let at: Door
  beforeAll(async () => {
    ({ dir, at } = await made('test-bearer-loopback', []))
  })
  afterAll(() => gone(dir))

  const good: [string, number, () => Signed][] = [
    ['GET /api/tags', 200, () => ({})],
    ['HEAD /, as the client begins', 200, () => ({ method: 'HEAD', path: '/' })],
    ['POST of a model that Ollama does not have', 404, () => ({ method: 'POST', path: '/api/show' })],
    ['HEAD of a blob that Ollama does not have', 404, () => ({ method: 'HEAD', path: `/api/blobs/sha256:${'0'.repeat(64)}` })],
    ['a user', 200, () => ({ key: bob })],
    ['a clock that is 55 s behind', 200, () => ({ ts: clock() - 55 })],
    ['a clock that is 55 s ahead', 200, () => ({ ts: clock() + 55 })],
  ]
  test.each(good)('a good signature gets in: %s', async (_, status, request) => {
    expect((await ask(at, signed(request()))).status).toBe(status)
  })

  test('the role is what the key file says', async () => {
    const pull = { method: 'POST', path: '/api/copy' }
    expect((await ask(at, signed({ key: bob, ...pull }))).status).toBe(403)
    expect((await ask(at, signed({ key: ann, ...pull }))).status).not.toBe(403)
    expect((await ask(at, signed({ key: ann, method: 'POST', path: '/api/me' }))).status).toBe(403)
  })

  const other = Buffer.from(ann.blob).fill(0x32, 14, 15)
  const refused: [string, () => Signed][] = [
    ['a key that nobody added', () => ({ key: nobody })],
    ["somebody else's signature", () => ({ key: bob, blob: ann.blob })],
    ['another path', () => ({ signs: `GET,/api/ps?ts=${clock()}` })],
    ['another method', () => ({ signs: `POST,/api/tags?ts=${clock()}` })],
    ['the method in small letters', () => ({ signs: `get,/api/tags?ts=${clock()}` })],
    ['stale', () => ({ ts: clock() - 63 })],
    ['from the future', () => ({ ts: clock() + 64 })],
    ['the time of another second', () => ({ signs: `GET,/api/tags?ts=${clock() - 1}`, sends: `/api/tags?ts=${clock()}` })],
    ['no time', () => ({ signs: 'GET,/api/tags', sends: '/api/tags' })],
    ['an empty time', () => ({ signs: 'GET,/api/tags?ts=', sends: '/api/tags?ts=' })],
    ['a time in milliseconds', () => ({ ts: Date.now() })],
    ['a negative time', () => ({ ts: -clock() })],
    ['a time that is none', () => ({ signs: 'GET,/api/tags?ts=0x7fffffff', sends: '/api/tags?ts=0x7fffffff' })],
    ['more in the query', () => ({ sends: `/api/tags?ts=${clock()}&a=1` })],
    ['more in the query, signed too', () => ({ signs: `GET,/api/tags?ts=${clock()}&a=1`, sends: `/api/tags?ts=${clock()}&a=1` })],
    ['the query in another order', () => ({ signs: `GET,/api/tags?a=1&ts=${clock()}`, sends: `/api/tags?a=1&ts=${clock()}` })],
    ['two times', () => ({ sends: `/api/tags?ts=${clock()}&ts=${clock()}` })],
    ['two question marks', () => ({ signs: `GET,/api/tags?a?ts=${clock()}`, sends: `/api/tags?a?ts=${clock()}` })],
    ['a signature cut short', () => ({ signature: (good) => good.subarray(0, 63) })],
    ['a signature with a byte more', () => ({ signature: (good) => Buffer.concat([good, Buffer.of(0)]) })],
    ['a signature of nothing', () => ({ signature: () => Buffer.alloc(64) })],
    ['no signature', () => ({ signature: () => Buffer.alloc(0) })],
    ['one bit off', () => ({ signature: (good) => Buffer.from(good.map((byte, index) => (index === 40 ? byte ^ 1 : byte))) })],
    ['a blob of another type', () => ({ blob: other })],
    ['the bare 32 bytes', () => ({ blob: ann.blob.subarray(19) })],
    ['a blob with a byte more', () => ({ blob: Buffer.concat([ann.blob, Buffer.of(0)]) })],
  ]
  test.each(refused)('refused: %s', async (_, request) => {
    const reply = await ask(at, signed(request()))
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="Ollama"/)
    expect(JSON.parse(reply.body)).toHaveProperty('error')
  })

  test('nor in any other place or dress', async () => {
    const { Authorization } = signed().headers
    const path = `/api/tags?ts=${clock()}`
    const [blob = ''] = Authorization.split(':')
    const basic = `Basic ${Buffer.from(Authorization).toString('base64')}`
    for (const headers of [{ Authorization: `Bearer ${Authorization}` }, { Authorization: `Bearer ${blob}` }, { Authorization: blob }, { Authorization: `${Authorization}:x` }, { Authorization: basic }, { 'x-api-key': Authorization }, { 'x-api-key': blob }]) {
      expect((await ask(at, { path, headers })).status, JSON.stringify(headers)).toBe(401)
    }
    expect((await ask(at, { path, headers: { Authorization, 'x-api-key': 'x' } })).status).toBe(400)
  })

  test('an ssh key ends when its time is over, and when its person is removed', async () => {
    const project = loadProject(dir)
    const eve = pair()
    const expires = new Date((clock() + 3) * 1000)
    await issue(project, { name: 'eve', role: 'user' }, { now: new Date(), expires, sshKey: line(eve) })
    await until(at, () => signed({ key: eve }), 200)
    await sleep(expires.getTime() - Date.now())
    await until(at, () => signed({ key: eve }), 401)
    await remove(project, ['bob'])
    await until(at, () => signed({ key: bob }), 401)
    await issue(project, { name: 'bob', role: 'user' }, { now: new Date(), sshKey: line(bob) })
    await until(at, () => signed({ key: bob }), 200)
  })

  test('a key ends at its second, on a connection that is kept open, while the file stays as it is', async () => {
    const project = loadProject(dir)
    const end = clock() + 3
    const { login } = await issue(project, { name: 'fay', role: 'user' }, { now: new Date(), expires: new Date(end * 1000) })
    await until(at, () => tags(login), 200)
    const agent = keptAlive(at)
    try {
      const answers: [number, number][] = []
      while (Date.now() < end * 1000 + 500) {
        const { status } = await ask(at, { ...tags(login), agent })
        answers.push([Date.now() / 1000, status])
        await sleep(50)
      }
      expect(answers.filter(([when, status]) => status !== (when < end ? 200 : 401) && Math.abs(when - end) > 0.1)).toEqual([])
      expect(agent.opened()).toBe(1)
    } finally {
      agent.destroy()
    }
  })

  test('a rotated key and its follower both count until the overlap ends', async () => {
    const project = loadProject(dir)
    const old = await issue(project, { name: 'gil', role: 'user' }, { now: new Date() })
    await until(at, () => tags(old.login), 200)
    const now = new Date()
    const fresh = await rotate(project, 'gil', { now, overlap: 2000 })
    await until(at, () => tags(fresh.login), 200)
    expect((await ask(at, tags(old.login))).status).toBe(200)
    await sleep(now.getTime() + 3000 - Date.now())
    expect((await ask(at, tags(old.login))).status).toBe(401)
    expect((await ask(at, tags(fresh.login))).status).toBe(200)
    const last = await rotate(project, 'gil', { now: new Date(), overlap: 0 })
    await until(at, () => tags(fresh.login), 401)
    await until(at, () => tags(last.login), 200)
  })

  test('hand edits: odd lines are named by number, the good ones count', async () => {
    const path = join(dir, 'credentials/keys')
    const before = readFileSync(path, 'utf8')
    const eve = pair()
    const odd = ['hal:user:beef', `hal:user:${line(eve)}`, `hal:user:ssh-ed25519 ${eve.blob.toString('base64')}:soon`, 'hal:user:' + 'a'.repeat(64) + ':-:1:2']
    const first = before.split('\n').length
    writeFileSync(path, `${before}${odd.join('\n')}\nhal:user:ssh-ed25519 ${eve.blob.toString('base64')}:-\r\n`)
    await until(at, () => signed({ key: eve }), 200)
    const { stderr } = await docker('logs', 'test-bearer-loopback-proxy-1')
    expect(stderr).toContain(`ignored line ${odd.map((_, index) => first + index).join(', ')},`.replace(/,$/, ''))
    writeFileSync(path, before)
    await until(at, () => signed({ key: eve }), 401)
  })

  test('a damaged key file: half a key is none, words in it are none, and what holds no key lets nobody in', async () => {
    const path = join(dir, 'credentials/keys')
    const before = readFileSync(path, 'utf8')
    const { secret: key, login } = await issue(loadProject(dir), { name: 'jan', role: 'user' }, { now: new Date() })
    const digest = createHash('sha256').update(key ?? '').digest('hex')
    const line = `jan:user:${digest}\n`
    const bearing = (text: string): Login => ({ headers: { Authorization: `Bearer ${text}` } })
    const { uid, gid } = statSync(path)
    const save = (text: string): void => {
      rmSync(path, { recursive: true, force: true })
      writeFileSync(path, text, { mode: 0o600 })
      chownSync(path, uid, gid)
    }
    const opens: [string, string][] = [
      ['a byte order mark', `\ufeff${line}`], ['Windows line ends', line.replace('\n', '\r\n')], ['empty lines and comments', `# team\n\n${line}\n# end\n`], ['two keys of one name', `${line}jan:user:${'0'.repeat(64)}\n`],
    ]
    const shut: [string, string][] = [
      ['nothing', ''], ['a line end', '\n'], ['no line end: it may be half of one', line.trimEnd()], ['the line cut in the digest', `${line.slice(0, 30)}\n`], ['the line cut, and no line end', line.slice(0, 16)], ['the digest in capitals', line.toUpperCase()],
      ['the key itself', `jan:user:${key}\n`], ['the key alone', `${key}\n`], ['the key as a comment', `# ${key}\n#${line}`], ['the key behind a comment', `jan:user:${'0'.repeat(64)} # ${key}\n`], ['a space before', ` ${line}`], ['a zero byte', `jan\0${line}`], ['no role', `jan::${digest}\n`],
      ['one digest, two names: removing one would leave the other', `${line}bob:admin:${digest}\n`], ['the lines joined by carriage returns', line.replace('\n', '\r')],
    ]
    try {
      for (const [what, text] of opens) {
        save(text)
        await until(at, () => tags(login), 200)
        expect((await ask(at, { ...tags(login), method: 'POST', path: '/api/pull', body: '{}' })).status, what).toBe(403)
        save('')
        await until(at, () => tags(login), 401)
      }
      for (const [what, text] of shut) {
        save(text)
        // Longer than the proxy needs to look.
        await sleep(600)
        for (const guess of [login, bearing(digest), bearing(text.replace(/[^ -~]/g, '')), bearing(String(key).slice(0, 7)), bearing('team'), bearing(''), bearing('#'), bearing('jan')]) expect((await ask(at, { path: '/api/tags', login: guess ?? bearing('') })).status, what).toBe(401)
      }
      // No file at all, a directory in its place, one that the proxy may not read.
      for (const put of [() => undefined, () => mkdirSync(path), () => { save(line); chownSync(path, 1, 1) }]) {
        save(line)
        await until(at, () => tags(login), 200)
        rmSync(path)
        put()
        await until(at, () => tags(login), 401)
      }
      // At the start too.
      rmSync(path, { recursive: true })
      await dockerOk('restart', 'test-bearer-loopback-proxy-1')
      await expect.poll(() => ask(at, tags(login)).then(({ status }) => status, () => 0), { timeout: 10_000 }).toBe(401)
      expect(existsSync(path)).toBe(false)
    } finally {
      save(before)
    }
    await until(at, () => signed(), 200)
  })

  test('a refusal costs the same with 10,000 keys in the file as with none', async () => {
    const path = join(dir, 'credentials/keys')
    const before = readFileSync(path, 'utf8')
    const many = Array.from({ length: 10_000 }, (_, index) => `many-${index}:user:${createHash('sha256').update(String(index)).digest('hex')}\n`).join('')
    const agent = keptAlive(at)
    const refusal = async (): Promise<number> => {
      const times: number[] = []
      for (let index = 0; index < 300; index++) {
        const start = performance.now()
        const login = { headers: { Authorization: `Bearer olsk_${String(index).padStart(43, 'A')}` } }
        expect((await ask(at, { path: '/api/tags', agent, login })).status).toBe(401)
        times.push(performance.now() - start)
      }
      return times.sort((a, b) => a - b)[150] ?? 0
    }
    const few = await refusal()
    writeFileSync(path, before + many)
    await sleep(1500)
    const most = await refusal()
    writeFileSync(path, before)
    agent.destroy()
    expect([few < 5, most < 5], `${few} ms, ${most} ms`).toEqual([true, true])
  })

  test('the access log names the person, and holds no credential and no query', async () => {
    await ask(at, signed({ path: '/api/ps' }))
    const { stdout, stderr } = await docker('logs', 'test-bearer-loopback-proxy-1')
    expect(stdout).toMatch(/"person":"ann",.*"path":"\/api\/ps","status":200/)
    const text = stdout + stderr
    for (const word of ['ts=', 'AAAAC3Nz', 'olsk_', 'ssh-ed25519']) expect(text.includes(word), word).toBe(false)
  })

  test('published elsewhere, or nobody knows where: a signature over plain HTTP is refused, a key is not', async () => {
    const path = join(dir, 'compose.yaml')
    const text = readFileSync(path, 'utf8')
    const { login } = await issue(loadProject(dir), { name: 'ida', role: 'user' }, { now: new Date() })
    const edits = [
      text.replace('&published_on "127.0.0.1"', '&published_on "0.0.0.0"'),
      text.replace(/ {4}environment:\n {6}PUBLISHED_ON: .*\n/, ''),
      text.replace('PUBLISHED_ON: *published_on', 'PUBLISHED_ON: "127.0.0.1.example.org"'),
    ]
    for (const edited of edits) {
      expect(edited).not.toBe(text)
      writeFileSync(path, edited)
      const { code, stderr } = await run('docker', ['compose', 'up', '-d', '--wait'], { cwd: dir })
      expect(code, stderr).toBe(0)
      await until(at, () => tags(login), 200)
      expect((await ask(at, signed())).status).toBe(401)
      expect((await docker('logs', 'test-bearer-loopback-proxy-1')).stderr).toContain('it needs TLS or a port published on 127.0.0.1')
    }
  })
})

describe('over TLS, on every address', () => {
  let dir = ''
  let at: Door
  beforeAll(async () => {
    ({ dir, at } = await made('test-bearer-tls', ['--bind', '0.0.0.0', '--tls', 'private']))
  })
  afterAll(() => gone(dir))

  test('signatures and keys get in, wrong ones do not, and nothing is left in the log', async () => {
    expect(await dockerOk('exec', 'test-bearer-tls-proxy-1', 'printenv', 'PUBLISHED_ON')).toBe('0.0.0.0')
    for (let round = 0; round < 20; round++) {
      expect((await ask(at, signed())).status).toBe(200)
      expect((await ask(at, signed({ signature: () => Buffer.alloc(64) }))).status).toBe(401)
      expect((await ask(at, signed({ key: nobody }))).status).toBe(401)
    }
    expect((await docker('logs', 'test-bearer-tls-proxy-1')).stderr).not.toMatch(/\[(?:error|crit|alert)\].*(?:SSL|lua)/)
  })
})
