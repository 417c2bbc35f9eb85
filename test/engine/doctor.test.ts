// doctor on a running stack that is broken in one way after the other: each fault is really caused, and
// its finding asserted. Several that don't touch each other share a run.

import { execFile, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'
import { applyChange } from '../../src/project/disk.ts'
import { ask } from '../../src/net/http.ts'
import { create, docker, dockerOk, freePort, ollamaStack, run, workspace, type Outcome } from './project.ts'

const NAME = 'test-doctor'
const SPACE = 'ollama-stack-test-doctor'
const place = workspace()
const dir = join(place.dir, NAME)
const kept = join(place.dir, 'kept')
const at = (path: string): string => join(dir, path)
let port: number

interface Finding { id: string; level: 'ok' | 'warn' | 'fail'; title: string; hint: string; evidence: string }
type Findings = Record<string, Finding | undefined>

function findingsOf({ code, stdout, stderr }: Outcome): Findings {
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  expect({ code, ok, stderr }).toEqual({ code: ok ? 0 : 1, ok: findings.every(({ level }) => level !== 'fail'), stderr: '' })
  // Each one that isn't well says what to do.
  for (const { level, title, evidence, hint, id } of findings) expect([title !== '', evidence !== '', level === 'ok' || hint !== ''], id).toEqual([true, true, true])
  return Object.fromEntries(findings.map((finding) => [finding.id, finding]))
}

const doctor = async (env: NodeJS.ProcessEnv = {}): Promise<Findings> => findingsOf(await ollamaStack(['doctor', '--json', '-C', dir], { env }))
const levels = (found: Findings, ids: readonly string[]): Record<string, string | undefined> => Object.fromEntries(ids.map((id) => [id, found[id]?.level]))

function edit(path: string, ...changes: [from: string | RegExp, to: string][]): void {
  const text = changes.reduce((now, [from, to]) => {
    expect(now).toMatch(from)
    return now.replace(from, to)
  }, readFileSync(at(path), 'utf8'))
  writeFileSync(at(path), text)
}

/** Files as they were, with modes, owners and times. */
async function restore(): Promise<void> {
  const { code, stderr } = await run('sh', ['-c', `cp -a "${kept}/." "${dir}/"`])
  expect([code, stderr]).toEqual([0, ''])
}

async function untilAnswers(): Promise<void> {
  const ca = readFileSync(at('certs/ca.crt'), 'utf8')
  const door = { url: `https://localhost:${port}`, connect: { host: '127.0.0.1', port }, ca }
  for (const end = Date.now() + 30_000; ; await sleep(100)) {
    if (await ask(door, { path: '/' }).then(() => true, () => false)) return
    expect(Date.now()).toBeLessThan(end)
  }
}

beforeAll(async () => {
  port = await freePort()
  const made = await create([dir, '--auth', 'bearer', '--user', 'ann:admin', '--bind', '0.0.0.0', '--port', String(port), '--allow', '198.51.100.0/24', '--model', 'gemma3:1b', '--no-start', '--yes', '--json'])
  expect(made.code, made.stdout).toBe(0)
  const up = await ollamaStack(['up', '-C', dir, '--json'])
  expect(up.code, up.stdout + up.stderr).toBe(0)
  await dockerOk('exec', `${NAME}-ollama-1`, 'ollama', 'pull', 'gemma3:1b')
  await run('cp', ['-a', dir, kept])
})
afterAll(async () => {
  await run('ip', ['netns', 'del', SPACE])
  if (existsSync(at('compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  place.remove()
})

test('a healthy stack: everything was looked at, and nothing is said that is not true', async () => {
  const found = await doctor()
  const expected = ['engine', 'engine-version', 'context', 'compose', 'disk', 'disk-project', 'memory', 'clock', 'open-ollama', 'project', 'services', 'drift', 'config', 'image-age', 'image-fixes', 'api-key', 'cloud', 'models-volume', 'credentials', 'file-modes', 'ca-key', 'people',
    'certificate-pair', 'certificate-expiry', 'certificate-names', 'certificate-shown', 'port', 'exposure', 'ollama-unpublished', 'proxy-answers', 'preflight', 'source-address', 'streaming', 'proxy-log']
  expect(expected.filter((id) => !(id in found))).toEqual([])
  // The engine and the images of a test machine may really be old; the disk of a CI machine may really be full.
  const version = await dockerOk('version', '--format', '{{.Server.Version}}')
  expect(found['engine-version']?.level).toBe(parseInt(version, 10) < 28 ? 'warn' : 'ok')
  const { stdout, stderr } = await docker('exec', `${NAME}-proxy-1`, 'openresty', '-v')
  expect(found['image-fixes']?.evidence).toContain(`runs ${/\/(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1]}`)
  expect(Object.values(found).filter((one) => one && one.level !== 'ok' && !['engine-version', 'image-fixes', 'disk'].includes(one.id))).toEqual([])
  expect(found['streaming']?.evidence).toMatch(/gemma3:1b: \d+ chunks over \d+ ms/)
  expect(found['source-address']?.evidence).toMatch(/it sees this machine as \d/)
  // Nobody is left behind by the measuring.
  expect(readFileSync(at('credentials/keys'), 'utf8')).not.toContain('ollama-stack-test')
})

test('hand edits of compose.yaml', async () => {
  edit('compose.yaml',
    ['OLLAMA_NO_CLOUD: "1"', 'OLLAMA_NO_CLOUD: "0"\n      OLLAMA_API_KEY: "hunter2"'],
    ['    init: true\n', '    init: true\n    ports: ["127.0.0.1:29114:11434"]\n    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}\n'],
    ['target: /home/ubuntu', 'target: /models'],
    ['source: ./certs/server', 'source: ./certs'],
    [/^ {2}allow: .*$/m, '  allow: ["198.51.100.0/24"]'],
    [/^ {2}hosts: \[(.*)\]$/m, '  hosts: [$1, "nas.doctor.invalid"]'])
  const found = await doctor()
  await restore()
  expect(levels(found, ['cloud', 'api-key', 'exposure', 'gpu', 'gpu-used', 'models-volume', 'ca-key', 'drift', 'source-address', 'proxy-answers', 'streaming', 'names', 'certificate-shown'])).toEqual({
    cloud: 'warn', 'api-key': 'warn', exposure: 'fail', gpu: 'fail', 'gpu-used': 'fail', 'models-volume': 'warn', 'ca-key': 'fail', drift: 'warn', 'source-address': 'fail', 'proxy-answers': 'warn', streaming: 'warn', names: 'warn', 'certificate-shown': 'fail',
  })
  expect(JSON.stringify(found)).not.toContain('hunter2')
  expect(found['drift']?.evidence).toContain('recreate container test-doctor-ollama-1')
  expect(found['source-address']?.evidence).toContain("an address of Docker's own")
  expect(found['certificate-shown']?.evidence).toContain("doesn't name nas.doctor.invalid")
  expect(found['names']?.evidence).toContain('Nobody knows the name nas.doctor.invalid')
})

test('files: modes, a half line, the key of another certificate, an edited configuration, git, a date to come', async () => {
  const other = await makeServerCert({ ca: await makeCa({ name: 'x', now: new Date() }), hosts: ['localhost'], now: new Date() })
  applyChange(dir, new Map([
    ['certs/server/server.key', { content: other.key, mode: 0o600 }],
    ['credentials/keys', { content: `${readFileSync(at('credentials/keys'), 'utf8')}bob:user:half\n`, mode: 0o644 }],
  ]))
  chmodSync(at('compose.yaml'), 0o666)
  writeFileSync(at('proxy/nginx.conf'), readFileSync(at('proxy/nginx.conf')))
  const tomorrow = new Date(Date.now() + 86_400_000)
  utimesSync(at('compose.yaml'), tomorrow, tomorrow)
  for (const args of [['init', '-q'], ['add', '-f', 'credentials']]) expect((await run('git', args, { cwd: dir })).code).toBe(0)
  await sleep(1500) // the proxy looks at its keys twice a second
  const found = await doctor()
  await restore()
  rmSync(at('.git'), { recursive: true })
  expect(levels(found, ['credentials', 'file-modes', 'certificate-pair', 'config', 'git', 'clock', 'proxy-log', 'streaming'])).toEqual({
    credentials: 'fail', 'file-modes': 'fail', 'certificate-pair': 'fail', config: 'warn', git: 'fail', clock: 'fail', 'proxy-log': 'fail', streaming: 'warn',
  })
  expect(found['file-modes']?.evidence).toMatch(/credentials\/keys has mode 0644.*compose\.yaml has mode 0666/)
  expect(found['config']?.evidence).toContain('proxy/nginx.conf was edited after the service proxy had started')
  expect(found['proxy-log']?.evidence).toContain('credentials/keys: ')
  // Looking mended nothing: the people of the check would have been written into a file with good modes.
  expect(found['streaming']?.evidence).toContain('could not be measured')
})

test("what surrounds it: DOCKER_HOST beside a context, no docker command, a wrong clock, OLLAMA_API_KEY; an ended certificate; a model that doesn't fit", async () => {
  const config = join(place.dir, 'docker-config')
  const meta = join(config, 'contexts/meta', createHash('sha256').update('elsewhere').digest('hex'))
  mkdirSync(meta, { recursive: true })
  writeFileSync(join(config, 'config.json'), '{"currentContext":"elsewhere"}')
  writeFileSync(join(meta, 'meta.json'), '{"Name":"elsewhere","Endpoints":{"docker":{"Host":"ssh://ann@elsewhere"}}}')
  const ca = { cert: readFileSync(at('certs/ca.crt'), 'utf8'), key: readFileSync(at('certs/ca.key'), 'utf8') }
  const ended = await makeServerCert({ ca, hosts: ['localhost'], now: new Date(Date.now() - 400 * 86_400_000) })
  applyChange(dir, new Map([['certs/server/server.crt', { content: ended.cert, mode: 0o644 }], ['certs/server/server.key', { content: ended.key, mode: 0o600 }]]))
  edit('compose.yaml', ['model: "gemma3:1b"', 'model: "llama3.1:405000b"'])
  const found = await doctor({
    DOCKER_CONFIG: config, DOCKER_HOST: 'unix:///var/run/docker.sock', PATH: '/nonexistent', OLLAMA_API_KEY: 'hunter2',
    NODE_OPTIONS: '--import=data:text/javascript,const/**/now=Date.now;Date.now=()=>now()+7200000',
  })
  await restore()
  expect(levels(found, ['context', 'compose', 'clock', 'api-key', 'certificate-pair', 'certificate-expiry', 'certificate-shown', 'disk', 'memory'])).toEqual({
    context: 'warn', compose: 'warn', clock: 'fail', 'api-key': 'warn', 'certificate-pair': 'ok', 'certificate-expiry': 'fail', 'certificate-shown': 'fail', disk: 'fail', memory: 'fail',
  })
  expect(found['clock']?.evidence).toMatch(/clock of the engine is 2 hours behind.*clock of the proxy is 2 hours behind/)
  expect(found['certificate-shown']?.evidence).toBe('The proxy shows another certificate than the one in certs/server')
  expect(JSON.stringify(found)).not.toContain('hunter2')
})

test('a proxy that holds answers back, and lets every page in', async () => {
  edit('proxy/upstream.conf', ['proxy_buffering off;', 'proxy_buffering on;'])
  edit('proxy/server.conf', ['Access-Control-Allow-Origin $cors_origin always', 'Access-Control-Allow-Origin * always'])
  await dockerOk('restart', `${NAME}-proxy-1`)
  await untilAnswers()
  const found = await doctor()
  await restore()
  await dockerOk('restart', `${NAME}-proxy-1`)
  expect(levels(found, ['preflight', 'streaming', 'config', 'services'])).toEqual({ preflight: 'fail', streaming: 'fail', config: 'ok', services: 'ok' })
  expect(found['preflight']?.evidence).toContain('access-control-allow-origin')
  expect(found['streaming']?.evidence).toContain('they arrive in lumps')
})

test("a copy of the project; an Ollama on every address of the machine; ufw, which doesn't cover Docker's ports", async () => {
  const LAN = '203.0.113.77'
  const conf = join(place.dir, 'etc')
  mkdirSync(join(conf, 'ufw'), { recursive: true })
  writeFileSync(join(conf, 'ufw/ufw.conf'), 'ENABLED=yes\nLOGLEVEL=low\n')
  // A network of its own, so that tests beside this one see no open Ollama.
  await run('ip', ['netns', 'del', SPACE])
  for (const args of [['netns', 'add', SPACE], ['-n', SPACE, 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1'], ['-n', SPACE, 'addr', 'add', `${LAN}/24`, 'dev', 'lan0'], ['-n', SPACE, 'link', 'set', 'lo', 'up'], ['-n', SPACE, 'link', 'set', 'lan0', 'up'], ['-n', SPACE, 'link', 'set', 'lan1', 'up']]) {
    expect((await run('ip', args)).stderr).toBe('')
  }
  const open = await listening(`require('http').createServer((q, s) => s.end('{"version":"0.32.15"}')).listen(11434, '0.0.0.0', () => console.log('ready'))`)
  try {
    const outcome = await run('ip', ['netns', 'exec', SPACE, 'sh', '-c', 'mount -t overlay overlay -o "lowerdir=$1:/etc" /etc && shift && exec "$@"', 'sh', conf, process.execPath, join(import.meta.dirname, '../../dist/ollama-stack.js'), 'doctor', '--json', '-C', kept])
    const found = findingsOf(outcome)
    expect(levels(found, ['open-ollama', 'ufw', 'drift'])).toEqual({ 'open-ollama': 'fail', ufw: 'warn', drift: 'fail' })
    expect(found['drift']?.evidence).toContain(`The containers of ${NAME} were started from ${dir}. ${kept} has the same name`)
    expect(found['open-ollama']?.evidence).toContain(`${LAN}:11434`)
    expect(found['ufw']?.evidence).toContain(`doesn't cover port ${port} on every address`)
  } finally {
    open.kill()
  }
})

function listening(script: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = execFile('ip', ['netns', 'exec', SPACE, process.execPath, '-e', script], (error) => { if (error && !child.killed) reject(error) })
    child.stdout?.once('data', () => resolve(child))
  })
}

test('a service that ends again and again, one that was stopped, its port taken by another, and nobody who may log in', async () => {
  const state = async (): Promise<{ pid: number; restarts: number }> => {
    const [pid, restarts] = (await dockerOk('inspect', '-f', '{{.State.Pid}} {{.RestartCount}}', `${NAME}-ollama-1`)).split(' ').map(Number)
    return { pid: pid ?? 0, restarts: restarts ?? 0 }
  }
  for (const end = Date.now() + 60_000; (await state()).restarts < 3; await sleep(50)) {
    expect(Date.now()).toBeLessThan(end)
    const { pid } = await state()
    if (pid > 0) await run('kill', ['-9', String(pid)])
  }
  const { uid, gid } = statSync(at('credentials/keys'))
  applyChange(dir, new Map([['credentials/keys', { content: '', mode: 0o600 }]]))
  expect(statSync(at('credentials/keys'))).toMatchObject({ uid, gid })
  await dockerOk('stop', `${NAME}-proxy-1`)
  const thief = createServer()
  await new Promise<void>((resolve, reject) => thief.on('error', reject).listen(port, '0.0.0.0', resolve))
  try {
    const found = await doctor()
    expect(levels(found, ['services', 'port', 'proxy-answers', 'people', 'preflight', 'streaming'])).toEqual({ services: 'fail', port: 'fail', 'proxy-answers': 'warn', people: 'fail', preflight: undefined, streaming: undefined })
    expect(found['services']?.evidence).toMatch(/ollama ends again and again: \d+ restarts, last exit code \d+/)
    expect(found['services']?.evidence).toMatch(/The service proxy is exited \(exit code 0\)/)
    expect(found['port']?.evidence).toContain(`Port ${port} on 0.0.0.0 belongs to process`)
  } finally {
    thief.close()
  }
})

test('a stack that is down is no failure, and no praise', async () => {
  await restore()
  const down = await ollamaStack(['down', '-C', dir])
  expect(down.code, down.stderr).toBe(0)
  const found = await doctor()
  expect(levels(found, ['services', 'proxy-answers', 'drift', 'streaming', 'ollama-unpublished'])).toEqual({ services: 'warn', 'proxy-answers': 'warn', drift: undefined, streaming: undefined, 'ollama-unpublished': undefined })
})
