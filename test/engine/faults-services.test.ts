// What runs is killed, starved, made to fail, or changed by hand; its directory moves; the clock is wrong. One stack, with
// certificates. Each ends with a message that says what to do, and with a stack that lets its people in again.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, open, type Door } from '../../src/net/http.ts'
import type { Login } from '../../stacks/stack.ts'
import { asRoot, create, docker, dockerOk, door, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument, type Outcome } from './project.ts'

type Failure = NonNullable<CreateDocument['error']>
interface Status { running: boolean; edited: boolean; services: { name: string; state: string; health: string }[]; problems: Failure[]; changed: string[] }

const NAME = 'test-faults'
const place = workspace()
let dir = join(place.dir, NAME)
let file = join(dir, 'compose.yaml')
let made: CreateDocument
let at: Door
let ann: Login
let original: string

const stack = (...args: string[]): Promise<Outcome> => ollamaStack([...args, '-C', dir, '--json'])
const status = async (at = dir): Promise<Status> => JSON.parse((await ollamaStack(['status', '-C', at, '--json'])).stdout) as Status
const up = async (): Promise<Status> => {
  const { code, stdout } = await stack('up')
  expect(code, stdout).toBe(0)
  return JSON.parse(stdout) as Status
}
const failure = ({ code, stdout }: Outcome): Failure => {
  const { error } = JSON.parse(stdout) as { error: Failure }
  expect([code, error.code === 'E_UNEXPECTED', error.hint], stdout).toEqual([1, false, expect.stringMatching(/\S/)])
  return error
}
const answer = async (): Promise<number> => (await ask(at, { path: '/api/tags', login: ann })).status
const letsIn = (): Promise<void> => expect.poll(() => answer().catch(() => 0), { timeout: 20_000, interval: 100 }).toBe(200)
const healthy = (): Promise<void> => expect.poll(async () => (await status()).services.map(({ health }) => health), { timeout: 30_000 }).toEqual(['healthy', 'healthy'])
const inspect = (service: string, format: string): Promise<string> => dockerOk('inspect', '-f', format, `${NAME}-${service}-1`)
const kill = async (service: string): Promise<unknown> => run(...asRoot('kill', '-KILL', await inspect(service, '{{.State.Pid}}')))
const edit = (from: string | RegExp, to: string): void => {
  expect(original).toMatch(from)
  writeFileSync(file, original.replace(from, to))
}

beforeAll(async () => {
  const { code, stdout } = await create([dir, '--auth', 'mtls', '--user', 'ann:admin', '--port', String(await freePort()), '--model', 'gemma3:1b', '--yes', '--json'])
  expect(code, stdout).toBe(0)
  made = JSON.parse(stdout) as CreateDocument
  at = door(made)
  ann = loginOf(made, made.users[0] as CreateDocument['users'][number])
  original = readFileSync(file, 'utf8')
})

afterAll(async () => {
  await docker('compose', '-p', NAME, 'down', '-v', '--remove-orphans')
  place.remove()
})

describe('killed', () => {
  test('Ollama in mid-stream: the client sees a cut answer, then 502 in JSON, then the next one is whole', async () => {
    const ask200 = (words: number) => open(at, { method: 'POST', path: '/api/generate', login: ann, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: words } }) })
    const response = await ask200(200)
    let text = ''
    const read = (async () => { for await (const part of response) { if (text === '') await kill('ollama'); text += String(part) } })()
    await expect(read).rejects.toThrow(/aborted|terminated|hang up|ECONNRESET/)
    expect([response.statusCode, response.complete, text.includes('"done":true')]).toEqual([200, false, false])
    const seen = new Set<number>()
    await expect.poll(async () => {
      const { status: code, headers, body } = await ask(at, { path: '/api/tags', login: ann })
      if (code !== 200) expect([headers['content-type'], typeof (JSON.parse(body) as { error: string }).error]).toEqual(['application/json', 'string'])
      seen.add(code)
      return code
    }, { timeout: 20_000, interval: 5 }).toBe(200)
    expect([...seen].filter((code) => ![200, 502, 503, 504].includes(code))).toEqual([])
    let whole = ''
    for await (const part of await ask200(5)) whole += String(part)
    expect(whole).toContain('"done":true')
  })

  test('the proxy: there again by itself, and the same people are let in', async () => {
    const before = await inspect('proxy', '{{.State.StartedAt}}')
    await kill('proxy')
    await letsIn()
    expect(await inspect('proxy', '{{.State.StartedAt}} {{.RestartCount}}')).toMatch(/ 1$/)
    expect(await inspect('proxy', '{{.State.StartedAt}}')).not.toBe(before)
    await healthy()
    expect((await status()).problems).toEqual([])
  })
})

describe('Ollama fails', () => {
  test('one of its processes uses up the memory: status says so', async () => {
    await dockerOk('update', '--memory', '150m', '--memory-swap', '150m', `${NAME}-ollama-1`)
    expect((await docker('exec', `${NAME}-ollama-1`, 'bash', '-c', 'x=$(head -c 400m /dev/zero | tr "\\0" a)')).code).toBe(137)
    expect((await status()).problems).toEqual([{ code: 'E_MEMORY', message: expect.stringContaining('The service ollama used up its memory') as string, hint: expect.stringContaining('smaller model') as string }])
  })

  test('it ends at every start: up takes that back and says why; so does status when somebody started it all the same', async () => {
    edit('OLLAMA_NO_CLOUD: "1"', 'OLLAMA_NO_CLOUD: "1"\n      OLLAMA_ORIGINS: "nonsense"')
    const before = await inspect('ollama', '{{.Id}}')
    const error = failure(await stack('up'))
    expect(error).toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringMatching(/^The service ollama .* keeps ending \(exit code \d+, 3 restarts\)\.[^]*Its last log lines:\n[^]*origin/i) as string, hint: expect.stringContaining('ollama-stack up') as string })
    expect(await inspect('ollama', '{{.Id}}')).toBe(before)
    await letsIn()

    await docker('compose', '-f', file, 'up', '-d')
    await expect.poll(async () => Number(await inspect('ollama', '{{.RestartCount}}')), { timeout: 20_000 }).toBeGreaterThanOrEqual(3)
    const { problems } = await status()
    expect(problems).toEqual([{ code: 'E_UNHEALTHY', message: expect.stringMatching(/keeps ending[^]*Its last log lines:\n[^]*origin/i) as string, hint: expect.stringContaining('ollama-stack up') as string }])
    expect(failure(await stack('up'))).toMatchObject({ code: 'E_UNHEALTHY', message: expect.stringMatching(/keeps ending/) as string })
    writeFileSync(file, original)
    expect(await up()).toMatchObject({ running: true, problems: [] })
    await letsIn()
  })
})

describe('changed by hand', () => {
  test("a network is gone, and a container is somebody's own: status says what is missing, up puts it right", async () => {
    for (const service of ['proxy', 'ollama']) await dockerOk('network', 'disconnect', '-f', `${NAME}_backend`, `${NAME}-${service}-1`)
    await dockerOk('network', 'rm', `${NAME}_backend`)
    expect((await status()).problems).toEqual([`The network ${NAME}_backend is gone.`, ...['proxy', 'ollama'].map((service) => expect.stringContaining(`${NAME}-${service}-1 isn't as compose.yaml says: not attached to network`) as string)]
      .map((message) => ({ code: 'E_DRIFT', message, hint: expect.stringContaining('ollama-stack up') as string })))
    // And a container with the project's labels that is somebody's own.
    await dockerOk('rm', '-f', `${NAME}-ollama-1`)
    await dockerOk('run', '-d', '--name', `${NAME}-ollama-1`, '--label', `com.docker.compose.project=${NAME}`, '--label', 'com.docker.compose.service=ollama', '--entrypoint', 'sleep', (/image: (ollama\S+)/.exec(original) ?? [])[1] ?? '', '600')
    expect(await up()).toMatchObject({
      running: true, problems: [],
      changed: [`create network ${NAME}_backend (missing)`, expect.stringContaining(`recreate container ${NAME}-proxy-1 (`) as string, `recreate container ${NAME}-ollama-1 (not made from compose.yaml)`],
    })
    await letsIn()
  })

  test('a container and a network of that name that are not the project\'s: left alone, and named', async () => {
    expect((await stack('down')).code).toBe(0)
    await dockerOk('network', 'create', `${NAME}_edge`)
    try {
      expect(failure(await stack('up'))).toEqual({ code: 'E_NAME_TAKEN', message: `A network named ${NAME}_edge exists, and it isn't this project's.`, hint: expect.stringContaining(`docker network rm ${NAME}_edge`) as string })
    } finally {
      await dockerOk('network', 'rm', `${NAME}_edge`)
    }
    const id = await dockerOk('create', '--name', `${NAME}-proxy-1`, '--entrypoint', 'sleep', (/image: (ollama\S+)/.exec(original) ?? [])[1] ?? '', '600')
    try {
      expect(failure(await stack('up'))).toEqual({ code: 'E_NAME_TAKEN', message: `A container named ${NAME}-proxy-1 exists, and it isn't this project's.`, hint: expect.stringContaining(`docker rm ${NAME}-proxy-1`) as string })
      expect([await remains(NAME), await inspect('proxy', '{{.Id}}')]).toEqual([[], id])
    } finally {
      await dockerOk('rm', id)
    }
    await up()
    await letsIn()
  })
})

describe('the directory', () => {
  const copy = join(place.dir, 'copy')
  const moved = join(place.dir, 'moved')

  test('was copied: the copy takes nothing away from the first, and says what to do', async () => {
    await run('cp', ['-a', dir, copy])
    const before = await inspect('proxy', '{{.Id}} {{.State.StartedAt}}')
    for (const command of [['up'], ['down'], ['down', '--volumes', '--yes'], ['test']]) {
      const error = failure(await ollamaStack([...command, '-C', copy, '--json']))
      expect(error).toMatchObject({ code: 'E_OTHER_DIRECTORY', message: expect.stringContaining(`were started from ${dir}. ${copy} has the same name`) as string })
      expect(error.hint).toContain(`${dir}/ollama-stack status`)
    }
    expect((await status(copy)).problems).toMatchObject([{ code: 'E_OTHER_DIRECTORY' }])
    expect([await inspect('proxy', '{{.Id}} {{.State.StartedAt}}'), (await up()).changed]).toEqual([before, []])
    await letsIn()
  })

  test('was moved: status says so, and up starts everything from the new place', async () => {
    const old = dir
    renameSync(old, moved)
    ;[dir, file] = [moved, join(moved, 'compose.yaml')]
    const { problems, edited } = await status()
    expect([edited, problems]).toEqual([false, [{ code: 'E_MOVED', message: expect.stringContaining(`The containers were started from ${old}, which is gone.`) as string, hint: expect.stringContaining('ollama-stack up') as string }]])
    expect(await up()).toMatchObject({ problems: [], changed: ['proxy', 'ollama'].map((service) => `recreate container ${NAME}-${service}-1 (started from ${old})`) })
    await letsIn()
    expect((await up()).changed).toEqual([])
  })
})

describe("this machine's clock", () => {
  /** Nobody's time but this program's. */
  const then = (time: string, script: string, ...args: string[]): Promise<Outcome> =>
    run('faketime', [time, process.execPath, join(import.meta.dirname, '../../dist', script), ...args, '--json'])
  const wrong = (year: string): unknown => expect.stringMatching(new RegExp(`^This machine's clock says ${year}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC, the Docker Engine's ${new Date().getUTCFullYear()}-`))

  test.each(['2019', '2031'])('%s: create makes no certificates', async (year) => {
    const outcome = await then(`${year}-03-04 05:06:07`, 'create.js', join(place.dir, 'clock'), '--tls', 'private', '--port', String(await freePort()), '--yes')
    expect(failure(outcome)).toEqual({ code: 'E_CLOCK', message: wrong(year), hint: expect.stringContaining('timedatectl set-ntp true') as string })
  })

  test("earlier than the project: nobody's certificate is made by it", async () => {
    const add = failure(await then('2019-03-04 05:06:07', 'ollama-stack.js', 'user', 'add', 'bob', '-C', dir))
    expect(add).toEqual({ code: 'E_CLOCK', message: expect.stringMatching(/CA .* is valid from 20\d\d-\S+ \S+ UTC on, and this machine's clock says 2019-03-04/) as string, hint: expect.stringContaining('timedatectl') as string })
    expect(readFileSync(file, 'utf8')).toBe(original)
    expect((JSON.parse((await stack('user', 'list')).stdout) as { name: string }[]).map(({ name }) => name)).toEqual(['ann'])
  })

  test('two years on: told as that by status, test, up and user add, and put right by the next up', async () => {
    const time = `${new Date().getUTCFullYear() + 2}-03-04 05:06:07`
    const year = time.slice(0, 4)
    expect(JSON.parse((await then(time, 'ollama-stack.js', 'status', '-C', dir)).stdout)).toMatchObject({ problems: expect.arrayContaining([expect.objectContaining({ code: 'E_CLOCK', message: wrong(year) })]) as object })
    const checks = (JSON.parse((await then(time, 'ollama-stack.js', 'test', '-C', dir)).stdout) as CreateDocument).checks
    expect(checks.at(-1)).toMatchObject({ id: 'proxy-answers', ok: false, detail: expect.stringMatching(new RegExp(`expired by this machine's clock, which says ${year}-03-04`)) as string })
    expect((await then(time, 'ollama-stack.js', 'user', 'add', 'eve', '-C', dir)).stderr).toMatch(new RegExp(`^Warning: This machine's clock says ${year}-`))
    expect((await then(time, 'ollama-stack.js', 'up', '-C', dir)).stderr).toMatch(new RegExp(`^Warning: This machine's clock says ${year}-`, 'm'))

    const now = (JSON.parse((await stack('test')).stdout) as CreateDocument).checks
    expect(now.at(-1)).toMatchObject({ ok: false, detail: expect.stringContaining("isn't valid yet by this machine's clock") as string })
    expect((await up()).changed).toEqual(['renew the server certificate'])
    await letsIn()
  })
})
