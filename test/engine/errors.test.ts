// The failures that a user meets, on a real engine: each says what happened, why, and what to type.

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../../src/net/http.ts'
import { asRoot, create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument, type Outcome } from './project.ts'

type Failure = NonNullable<CreateDocument['error']>

const NAME = 'test-errors'
const place = workspace()
const dir = join(place.dir, NAME)
const file = join(dir, 'compose.yaml')
/** Another directory, for what must not be written. */
const other = join(place.dir, 'other')
let port: number
let made: CreateDocument
let original: string

const ids = (): Promise<string> => dockerOk('ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.project=${NAME}`)
const stack = (...args: string[]): Promise<Outcome> => ollamaStack([...args, '-C', dir, '--json'])
const letsIn = async (): Promise<number> => (await ask(door(made), { path: '/api/tags', login: loginOf(made, made.users[0] as CreateDocument['users'][number]) })).status

/** The one JSON document of a run that failed: never a stack trace, always something to type. */
function failure({ code, stdout, stderr }: Outcome, exit = 1): Failure {
  const document = JSON.parse(stdout) as { error: Failure }
  expect({ code, keys: Object.keys(document), known: document.error.code !== 'E_UNEXPECTED' }, stdout).toEqual({ code: exit, keys: ['error'], known: true })
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(document.error).toEqual({ code: expect.stringMatching(/^E_[A-Z_]+$/), message: expect.stringMatching(/\S{2}/), hint: expect.stringMatching(/\S{2}/) })
  return document.error
}

function edit(...changes: [from: string | RegExp, to: string][]): void {
  const text = changes.reduce((now, [from, to]) => {
    expect(now).toMatch(from)
    return now.replace(from, to)
  }, original)
  writeFileSync(file, text)
}

async function listening<T>(on: number, work: () => Promise<T>): Promise<T> {
  const server = await new Promise<Server>((resolve, reject) => {
    const one = createServer().on('error', reject).listen(on, '127.0.0.1', () => resolve(one))
  })
  try {
    return await work()
  } finally {
    server.close()
  }
}

const dockerGroup = (): string => String(statSync('/var/run/docker.sock').gid)

beforeAll(async () => {
  port = await freePort()
  const { code, stdout } = await create([dir, '--user', 'ann:admin', '--port', String(port), '--model', 'nosuch:1b', '--yes', '--json'])
  made = JSON.parse(stdout) as CreateDocument
  expect([code, made.started], stdout).toEqual([1, true])
  original = readFileSync(file, 'utf8')
})

afterAll(async () => {
  await docker('compose', '-p', NAME, 'down', '-v', '--remove-orphans')
  place.remove()
})

test('create fails after it wrote the files: the whole document comes with the error, and the secret in it is good', async () => {
  expect(made).toMatchObject({
    project: { dir, name: NAME, auth: 'bearer' }, users: [{ name: 'ann', role: 'admin' }], started: true, model: null, checks: [],
    error: { code: 'E_MODEL_UNKNOWN', message: expect.stringContaining('nosuch:1b'), hint: expect.stringContaining(`The stack runs. Test it: ${dir}/ollama-stack test`) },
  })
  expect(await letsIn()).toBe(200)
})

describe('no engine', () => {
  const nobody = join(place.dir, 'nobody')
  const program = join(nobody, 'dist', 'create.js')
  const env = { HOME: nobody, DOCKER_HOST: '', DOCKER_CONTEXT: '', DOCKER_CONFIG: '', XDG_RUNTIME_DIR: '' }
  const args = [program, join(nobody, 'stack'), '--port', '1', '--yes', '--json']

  beforeAll(() => {
    cpSync(join(import.meta.dirname, '../../dist'), join(nobody, 'dist'), { recursive: true })
    for (const path of [place.dir, nobody]) chmodSync(path, 0o777)
  })

  test('DOCKER_HOST names a socket that is not there', async () => {
    const DOCKER_HOST = `unix://${place.dir}/dead.sock`
    const outcomes = [await create([other, '--yes', '--json'], { env: { DOCKER_HOST } }), await ollamaStack(['up', '-C', dir, '--json'], { env: { DOCKER_HOST } })]
    for (const outcome of outcomes) {
      expect(failure(outcome)).toEqual({
        code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining(`${DOCKER_HOST} (DOCKER_HOST): there is no such socket`), hint: expect.stringContaining('unset DOCKER_HOST'),
      })
    }
    expect(existsSync(other)).toBe(false)
  })

  test('one that takes the call and says nothing', async () => {
    const path = join(place.dir, 'silent.sock')
    const silent = await new Promise<Server>((resolve) => {
      const server = createServer(() => undefined).listen(path, () => resolve(server))
    })
    const start = performance.now()
    const error = failure(await ollamaStack(['status', '-C', dir, '--json'], { env: { DOCKER_HOST: `unix://${path}` } }))
    silent.close()
    expect(error).toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining(`unix://${path} (DOCKER_HOST): no answer within 10 s`) })
    // The open connection must not keep the program alive.
    expect(performance.now() - start).toBeLessThan(13_000)
  })

  test('none anywhere: everything that was tried is named', async () => {
    // Sockets are under /run: this run sees an empty one.
    const error = failure(await run(...asRoot('unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /run && exec "$@"', '-', 'env', ...Object.entries(env).map((pair) => pair.join('=')), process.execPath, ...args)))
    expect(error).toMatchObject({ code: 'E_ENGINE_NOT_FOUND', hint: expect.stringMatching(/sudo systemctl start docker.*docs\.docker\.com\/engine\/install/) })
    for (const tried of ['unix:///var/run/docker.sock (Docker): there is no such socket', '(Docker Desktop)', '(Colima)', '(Podman)']) expect(error.message).toContain(tried)
    expect(existsSync(join(nobody, 'stack'))).toBe(false)
  })

  test('a socket that this user may not use', async () => {
    const as = (...more: string[]) => run(...asRoot('setpriv', '--reuid', '65534', '--regid', '65534', ...more, 'env', ...Object.entries(env).map((pair) => pair.join('=')), process.execPath, ...args), { cwd: nobody })
    expect(failure(await as('--clear-groups'))).toEqual({
      code: 'E_ENGINE_DENIED', message: expect.stringMatching(/unix:\/\/\/var\/run\/docker\.sock .* this user may not use it/), hint: expect.stringContaining('sudo usermod -aG docker "$USER"'),
    })
    expect(existsSync(join(nobody, 'stack'))).toBe(false)
  })

  test('somebody may use Docker, but the project is another\'s', async () => {
    const as = (...more: string[]) => run(...asRoot('setpriv', '--reuid', '65534', '--regid', '65534', '--groups', dockerGroup(), 'env', ...Object.entries(env).map((pair) => pair.join('=')),
      process.execPath, join(nobody, 'dist', 'ollama-stack.js'), ...more, '-C', dir, '--json'), { cwd: nobody })
    const status = await as('status')
    expect([status.code, JSON.parse(status.stdout)]).toEqual([0, expect.objectContaining({ running: true, users: 0, problems: [{ code: 'E_NOT_YOURS', message: expect.stringContaining('permission denied'), hint: expect.stringContaining(`the owner of ${dir}`) }] })])
    for (const command of [['test'], ['pull', 'gemma3:1b']]) {
      expect(failure(await as(...command))).toEqual({ code: 'E_NOT_YOURS', message: expect.stringContaining('permission denied'), hint: expect.stringContaining(`the owner of ${dir}`) })
    }
    chmodSync(dir, 0o700)
    try {
      expect(failure(await as('status'))).toMatchObject({ code: 'E_NOT_YOURS', message: expect.stringContaining(file) })
    } finally {
      chmodSync(dir, 0o755)
    }
  })

  test("a port taken by somebody else's process, which this user can't look into", async () => {
    const taken = await freePort()
    const again = args.map((word) => (word === '1' ? String(taken) : word))
    const error = await listening(taken, async () => failure(await run(...asRoot(
      'setpriv', '--reuid', '65534', '--regid', '65534', '--groups', dockerGroup(), 'env', ...Object.entries(env).map((pair) => pair.join('=')), process.execPath, ...again), { cwd: nobody })))
    expect(error).toMatchObject({ code: 'E_PORT_TAKEN', message: expect.stringContaining(`Port ${taken} on 127.0.0.1 is taken by another program`), hint: expect.stringContaining(`sudo ss -ltnp 'sport = :${taken}'`) })
    expect(error.hint).not.toContain('kill')
    expect(existsSync(join(nobody, 'stack'))).toBe(false)
  })
})

describe('create finds something in the way, and writes nothing', () => {
  const tryIt = async (...args: string[]): Promise<Failure> => {
    const error = failure(await create([other, '--yes', '--json', ...args]))
    expect(existsSync(other)).toBe(false)
    expect(error.message).toContain('Nothing was written.')
    return error
  }

  test('the port is a container\'s', async () => {
    expect(await tryIt('--port', String(port))).toMatchObject({
      code: 'E_PORT_TAKEN', message: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken by container ${NAME}-proxy-1 (project ${NAME})`),
      hint: expect.stringMatching(new RegExp(`--port \\d+\nStop it: docker stop ${NAME}-proxy-1`)),
    })
  })

  test('the port is a process\'s', async () => {
    const taken = await freePort()
    const comm = readFileSync('/proc/self/comm', 'utf8').trim()
    expect(await listening(taken, () => tryIt('--port', String(taken)))).toMatchObject({
      code: 'E_PORT_TAKEN', message: expect.stringContaining(`taken by process ${comm} (pid ${process.pid})`), hint: expect.stringMatching(new RegExp(`--port \\d+\nStop it: kill ${process.pid}`)),
    })
  })

  test('an address that this machine doesn\'t have', async () => {
    const error = failure(await create([other, '--bind', '192.0.2.99', '--yes', '--json']), 2)
    expect(error).toMatchObject({ code: 'E_BIND', message: expect.stringContaining('192.0.2.99'), hint: expect.stringContaining('127.0.0.1') })
    expect(existsSync(other)).toBe(false)
  })

  test('the project\'s name is on the engine', async () => {
    expect(await tryIt('--port', String(await freePort()), '--name', NAME)).toMatchObject({
      code: 'E_PROJECT_EXISTS', message: expect.stringContaining(`project called ${NAME} `), hint: expect.stringContaining(`--name ${NAME}-2`),
    })
  })
})

describe('compose.yaml that up can\'t work with: named with its line, and what runs goes on', () => {
  const line = (text: string): number => readFileSync(file, 'utf8').split('\n').findIndex((one) => one.includes(text)) + 1
  const cases: Record<string, { changes: [string | RegExp, string][]; at: string; exit?: number; error: Partial<Failure> }> = {
    'invalid YAML': {
      changes: [['    image: openresty', '\timage: openresty']], at: '\timage: openresty',
      error: { code: 'E_COMPOSE_SYNTAX', message: expect.stringContaining('is not valid YAML') as string, hint: expect.stringContaining(file) as string },
    },
    'an unsupported key': {
      changes: [['    init: true', '    init: true\n    privileged: true']], at: 'privileged: true',
      error: { code: 'E_COMPOSE_UNSUPPORTED', message: expect.stringContaining('services.ollama.privileged is not supported') as string, hint: expect.stringContaining('`docker compose up -d`') as string },
    },
    'a slip': {
      changes: [['    restart: unless-stopped', '    restrat: unless-stopped']], at: 'restrat',
      error: { code: 'E_COMPOSE_INVALID', message: expect.stringContaining('services.proxy has no key "restrat". Did you mean restart?') as string },
    },
    'a port that no machine has': {
      changes: [[/published: "\d+"/, 'published: "88800"']], at: '- mode: ingress',
      error: { code: 'E_COMPOSE_INVALID', message: expect.stringContaining("can't be published on 88800: ports go up to 65535") as string },
    },
    'plain HTTP for everybody': {
      changes: [[/(host_ip: (?:&\w+ )?)"127.0.0.1"/, '$1"0.0.0.0"']], at: '', exit: 1,
      error: { code: 'E_INSECURE', message: expect.stringContaining('on 0.0.0.0 without TLS') as string, hint: expect.stringContaining('insecure-http: true') as string },
    },
    'no auth in x-ollama-stack': {
      changes: [[/^ {2}auth: bearer\n/m, '']], at: 'x-ollama-stack:',
      error: { code: 'E_COMPOSE_INVALID', message: expect.stringContaining('x-ollama-stack.auth') as string, hint: expect.stringContaining('auth: bearer') as string },
    },
    'an image that can\'t be pulled': {
      changes: [[/image: openresty.*/, 'image: 127.0.0.1:1/nothing:1']], at: '', exit: 1,
      error: { code: 'E_REGISTRY_UNREACHABLE', message: expect.stringMatching(/^127\.0\.0\.1:1\/nothing:1 could not be pulled: .*connection refused/) as string, hint: expect.stringContaining('network') as string },
    },
  }
  test.each(Object.entries(cases))('%s', async (_, { changes, at, error: wanted, exit = 2 }) => {
    const before = await ids()
    edit(...changes)
    const error = failure(await stack('up'), exit)
    expect(error).toMatchObject(wanted)
    if (at !== '') expect(error.message).toContain(`compose.yaml:${line(at)}`)
    expect(await ids()).toBe(before)
    expect(await letsIn()).toBe(200)
  })

  test('an Ollama without enough memory: told as that, and the old one is back', async () => {
    edit([/(  ollama:\n)/, '$1    mem_limit: 6m\n    memswap_limit: 6m\n'])
    const error = failure(await stack('up'))
    expect(error).toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringContaining('Its memory was used up, and the kernel ended it for that.') as string, hint: expect.stringContaining('services.ollama.mem_limit') as string })
    writeFileSync(file, original)
    await expect.poll(letsIn, { timeout: 20_000 }).toBe(200)
  })

  test('a project that the engine does not see', async () => {
    // A file system that only this one process and its children have.
    const name = `${NAME}-unseen`
    const script = 'mount -t tmpfs none "$1" && exec "$2" "$3" "$1/x" --name "$4" --port "$5" --yes --json'
    const [command, args] = asRoot('unshare', '--mount', 'sh', '-c', script, 'sh', mkdtempSync(join(place.dir, 'unseen-')), process.execPath, join(import.meta.dirname, '../../dist/create.js'), name, String(await freePort()))
    const { code, stdout } = await run(command, args)
    const { error } = JSON.parse(stdout) as CreateDocument
    expect({ code, error }).toMatchObject({ code: 1, error: { code: 'E_MOUNT_MISSING', message: expect.stringMatching(/\/x\/\S+ is mounted by compose\.yaml, but doesn't exist\./) as string, hint: expect.stringContaining("An engine on another machine can't see this machine's files") as string } })
    expect(await remains(name)).toEqual([])
  })

  test('a proxy that was restarted often, and is healthy, is no failure', async () => {
    const restarts = async (): Promise<number> => Number(await dockerOk('inspect', '-f', '{{.RestartCount}}', `${NAME}-proxy-1`))
    // While it starts, it hears no signal.
    await expect.poll(async () => {
      await docker('exec', `${NAME}-proxy-1`, 'bash', '-c', 'kill -QUIT 1')
      return restarts()
    }, { timeout: 60_000, interval: 500 }).toBeGreaterThanOrEqual(3)
    await expect.poll(letsIn, { timeout: 20_000 }).toBe(200)
    const up = await stack('up')
    expect([up.code, JSON.parse(up.stdout)], up.stdout).toMatchObject([0, { changed: [] }])
  })

  test('it can be taken down all the same', async () => {
    edit(['    restart: unless-stopped', '    restrat: unless-stopped'])
    const down = await stack('down')
    expect([down.code, await remains(NAME)], down.stdout).toEqual([0, []])
    writeFileSync(file, original)
    expect((await stack('up')).code).toBe(0)
  })

  test('status says that compose.yaml was edited since', async () => {
    expect(JSON.parse((await stack('status')).stdout)).toMatchObject({ running: true, edited: false })
    edit(['pids_limit: 64', 'pids_limit: 63'])
    expect(JSON.parse((await stack('status')).stdout)).toMatchObject({ running: true, edited: true })
    writeFileSync(file, original)
  })

  test('what is wrong in credentials/ is told by status and by test, before anything repairs it', async () => {
    const keys = join(dir, 'credentials/keys')
    const whole = readFileSync(keys, 'utf8')
    const problems = async (): Promise<string[]> => (JSON.parse((await stack('status')).stdout) as { problems: { message: string }[] }).problems.map(({ message }) => message)
    const check = async (): Promise<unknown> => (JSON.parse((await stack('test')).stdout) as CreateDocument).checks.find(({ id }) => id === 'credentials')
    expect(await problems()).toEqual([])
    writeFileSync(keys, `${whole}eve:boss:abc\n`)
    expect(await problems()).toEqual([expect.stringMatching(/credentials\/keys, line \d+ is not NAME:ROLE:WHAT/)])
    expect(await check()).toMatchObject({ ok: false, detail: expect.stringContaining('NAME:ROLE:WHAT') })
    writeFileSync(keys, whole)
    chmodSync(keys, 0o000)
    try {
      expect(await problems()).toEqual([expect.stringMatching(/may not read .*credentials\/keys, so it lets nobody in/)])
      expect(await check()).toMatchObject({ ok: false, detail: expect.stringContaining('may not read') })
    } finally {
      chmodSync(keys, 0o600)
    }
    await expect.poll(letsIn, { timeout: 5000 }).toBe(200)
  })

  test('-C names another project than the launcher: the hint is about that one', async () => {
    const link = join(place.dir, 'elsewhere')
    const { stderr } = await run(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), '-C', dir, 'down', '--volumes'], { cwd: place.dir, env: { OLLAMA_STACK_PROJECT: link } })
    expect(stderr).toContain(`To go ahead: ${dir}/ollama-stack down --volumes --yes`)
  })

  test('another login in x-ollama-stack than the files have', async () => {
    edit([/auth: bearer/, 'auth: basic'])
    expect(failure(await stack('up'), 2)).toMatchObject({ code: 'E_COMPOSE_INVALID', message: expect.stringContaining("says basic, but proxy/login.js isn't there") })
    writeFileSync(file, original)
  })

  test('the launcher through a link from elsewhere, and a hint that can be pasted there', async () => {
    const link = join(place.dir, 'my-stack')
    symlinkSync(join(dir, 'ollama-stack'), link)
    const { code, stdout } = await run(link, ['status', '--json'], { cwd: place.dir })
    expect([code, (JSON.parse(stdout) as { dir: string }).dir]).toEqual([0, dir])
    expect((await run(link, ['statsu'], { cwd: place.dir })).stderr).toContain(`All of them: ${dir}/ollama-stack --help`)
  })

  test('no project: here, and where -C says', async () => {
    const empty = join(place.dir, 'empty')
    mkdirSync(empty)
    expect(failure(await ollamaStack(['status', '--json'], { cwd: empty }), 2)).toMatchObject({ code: 'E_NO_PROJECT', message: expect.stringContaining(empty), hint: expect.stringContaining('-C DIR') })
    expect(failure(await ollamaStack(['up', '--json', '-C', empty]), 2)).toMatchObject({ code: 'E_NO_PROJECT', message: expect.stringContaining(empty), hint: expect.stringContaining('create-ollama-stack') })
  })
})

test('a service that doesn\'t get healthy: its last words are shown, and what ran before is back', async () => {
  const before = await ids()
  edit(['"ollama", "list"', '"ollama", "standin-nothing"'], [/interval: 5s(\s+timeout: 5s\s+)retries: 5(\s+)start_period: 60s/, 'interval: 1s$1retries: 1$2start_period: 1s'])
  const error = failure(await stack('up'))
  expect(error).toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringMatching(/^The service ollama .* health check fails/), hint: expect.stringContaining('ollama-stack up') })
  expect(error.message).toMatch(/Its last log lines:\n {2}.*\S/)
  expect(error.message).toContain('Listening on')
  expect(await ids()).toBe(before)
  await expect.poll(letsIn, { timeout: 5000 }).toBe(200)
})

describe('models', () => {
  const people = (): string[] => readFileSync(join(dir, 'credentials/keys'), 'utf8').split('\n').filter((line) => line.includes('ollama-stack-test-'))

  test('one that doesn\'t exist', async () => {
    writeFileSync(file, original)
    expect(failure(await stack('pull', 'nosuch:1b'))).toMatchObject({ code: 'E_MODEL_UNKNOWN', message: expect.stringContaining('nosuch:1b'), hint: expect.stringContaining('https://ollama.com/library') })
    expect(people()).toEqual([])
  })

  test('a disk that fills up meanwhile', async () => {
    expect(failure(await stack('pull', 'full:1b'))).toMatchObject({ code: 'E_DISK_FULL', message: expect.stringMatching(/full:1b.*no space left/), hint: expect.stringContaining('docker system df') })
    expect(people()).toEqual([])
  })
})

describe('down, and up again', () => {
  test('--volumes without a terminal and without --yes: exit 2, nothing is removed', async () => {
    const before = await ids()
    expect(failure(await stack('down', '--volumes'), 2)).toMatchObject({ code: 'E_NEEDS_ANSWERS', message: expect.stringContaining('deletes models'), hint: expect.stringContaining('ollama-stack down --volumes --yes') })
    expect(await ids()).toBe(before)
  })

  test('twice: the second finds nothing to do', async () => {
    const [first, second] = [await stack('down'), await stack('down')]
    expect([first.code, second.code]).toEqual([0, 0])
    expect(JSON.parse(first.stdout)).toMatchObject({ removed: { containers: expect.arrayContaining([`${NAME}-proxy-1`, `${NAME}-ollama-1`]) } })
    expect(JSON.parse(second.stdout)).toEqual({ removed: { containers: [], networks: [], volumes: [], kept: [] } })
    expect(await remains(NAME)).toEqual([])
  })

  test('a model for a stack that is down', async () => {
    expect(failure(await stack('pull', 'gemma3:1b'))).toMatchObject({ code: 'E_NO_ANSWER', message: expect.stringContaining(`127.0.0.1:${port}`), hint: expect.stringContaining('ollama-stack up') })
  })

  test('the port went to a process: it is named, nothing half-made stays', async () => {
    const error = await listening(port, async () => failure(await stack('up')))
    expect(error).toMatchObject({ code: 'E_PORT_TAKEN', message: expect.stringContaining(`(pid ${process.pid})`), hint: expect.stringContaining(`kill ${process.pid}`) })
    expect(await remains(NAME)).toEqual([])
  })

  test('the subnet went to another network: it is named, nothing half-made stays, and the hint\'s line repairs it', async () => {
    const [, subnet = ''] = /subnet: "?([\d./]+)/.exec(original) ?? []
    await dockerOk('network', 'create', '--subnet', subnet, `${NAME}-other`)
    try {
      const error = failure(await stack('up'))
      expect(error).toMatchObject({ code: 'E_SUBNET_TAKEN', message: `The address range ${subnet} is taken by the Docker network ${NAME}-other.`, hint: expect.stringContaining('sed ') })
      expect(await remains(NAME)).toEqual([])
      expect(await run('sh', ['-c', error.hint.replace(/^[^:]*: /, '')])).toMatchObject({ code: 0 })
      const up = await stack('up')
      expect(up.code, up.stdout).toBe(0)
      expect(await letsIn()).toBe(200)
    } finally {
      await docker('compose', '-p', NAME, 'down')
      await docker('network', 'rm', `${NAME}-other`)
      writeFileSync(file, original)
    }
  })

  test('two ups at the same time: both end well, with one container per service', async () => {
    const outcomes = await Promise.all([stack('up'), stack('up'), stack('up')])
    expect(outcomes.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { error?: Failure }).error])).toEqual([[0, undefined], [0, undefined], [0, undefined]])
    const names = await dockerOk('ps', '-a', '--format', '{{.Names}}', '--filter', `label=com.docker.compose.project=${NAME}`)
    expect(names.split('\n').sort()).toEqual([`${NAME}-ollama-1`, `${NAME}-proxy-1`])
    expect(await letsIn()).toBe(200)
  })

  test('two ups that both have something to replace', async () => {
    edit([/(ollama:\n {4}image[^]*?)pids_limit: 4096/, '$1pids_limit: 2048'])
    const outcomes = await Promise.all([stack('up'), stack('up')])
    expect(outcomes.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { error?: Failure }).error])).toEqual([[0, undefined], [0, undefined]])
    expect((await ids()).split('\n')).toHaveLength(2)
    expect(await dockerOk('inspect', '-f', '{{.HostConfig.PidsLimit}}', `${NAME}-ollama-1`)).toBe('2048')
  })

  test('down while up is at it: nothing half-made, whoever wins', async () => {
    edit([/(ollama:\n {4}image[^]*?)pids_limit: 4096/, '$1pids_limit: 1024'])
    const outcomes = await Promise.all([stack('up'), stack('down')])
    expect(outcomes.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { error?: Failure }).error])).toEqual([[0, undefined], [0, undefined]])
    // Two containers and three networks, or nothing.
    expect([0, 5]).toContain((await remains(NAME)).length)
  })

  test('status while it is taken down: what is gone is absent, and no error', async () => {
    expect((await stack('up')).code).toBe(0)
    let over = false
    const down = stack('down').finally(() => { over = true })
    const looks: Outcome[] = []
    while (!over) looks.push(...await Promise.all([stack('status'), stack('status'), stack('status')]))
    expect((await down).code).toBe(0)
    expect(looks.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { error?: Failure }).error])).toEqual(looks.map(() => [0, undefined]))
  })
})
