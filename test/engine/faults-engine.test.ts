// An engine that is stopped, killed, or out of space while a command is at work: on a second engine. Every fault ends
// with a message that says what to do, with whole files, and with a next command that works.

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dockerOk, run, workspace, type CreateDocument, type Outcome } from './project.ts'
import { rootOk, secondEngine, type SecondEngine } from './second-engine.ts'

type Failure = NonNullable<CreateDocument['error']>

const place = workspace()
const name = 'test-faults-engine'
/** A small disk of its own. */
const disk = join(place.dir, 'disk')
const dir = join(disk, name)
const file = join(dir, 'compose.yaml')
const images = join(place.dir, 'images')
const REGISTRY = '127.0.0.1:5000'
let engine: SecondEngine
let registry: ChildProcess

const program = (script: string, args: string[]): [string, string[]] =>
  engine.inside('env', `DOCKER_HOST=${engine.env.DOCKER_HOST}`, process.execPath, join(import.meta.dirname, '../../dist', script), ...args)
const stack = (...args: string[]): Promise<Outcome> => run(...program('ollama-stack.js', [...args, '-C', dir, '--json']))
const there = (...args: string[]): Promise<string> => dockerOk('--host', engine.env.DOCKER_HOST, ...args)
const label = `label=com.docker.compose.project=${name}`
const containers = (): Promise<string> => there('ps', '-a', '--format', '{{.Names}} {{.State}}', '--filter', label)
const nothing = async (): Promise<void> => {
  const [networks, volumes] = [await there('network', 'ls', '-q', '--filter', label), await there('volume', 'ls', '-q', '--filter', label)]
  expect([await containers(), networks, volumes]).toEqual(['', '', ''])
}
const failure = ({ code, stdout }: Outcome, exit = 1): Failure => {
  const { error } = JSON.parse(stdout) as { error: Failure }
  expect([code, error.code === 'E_UNEXPECTED', error.hint === '' && exit === 1], stdout).toEqual([exit, false, false])
  return error
}

interface Running {
  outcome: Promise<Outcome>
  until(done: () => boolean | Promise<boolean>): Promise<void>
  interrupt(): Promise<string>
}

/** Started, and not waited for. */
function begin(...args: string[]): Running {
  const [command, words] = program('ollama-stack.js', [...args, '-C', dir, '--json'])
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return {
    outcome: new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))),
    until: async (done) => {
      for (const end = Date.now() + 20_000; !(await done()); await sleep(20)) {
        if (child.exitCode !== null || Date.now() > end) throw new Error(`it ended, or nothing came in 20 s: ${stdout}${stderr}`)
      }
    },
    // nsenter and env leave their process to the program; sudo hands signals on.
    interrupt: () => rootOk('kill', '-INT', String(child.pid)),
  }
}

/** The registry stops in the middle of each large layer while `work` runs. */
async function held<T>(work: (stopped: () => boolean) => Promise<T>): Promise<T> {
  const hold = join(images, 'hold')
  writeFileSync(hold, '')
  try {
    return await work(() => readFileSync(hold, 'utf8') !== '')
  } finally {
    rmSync(hold)
  }
}

beforeAll(async () => {
  mkdirSync(images)
  mkdirSync(disk)
  await rootOk('mount', '-t', 'tmpfs', '-o', 'size=8m,mode=777', 'none', disk)
  engine = await secondEngine(join(place.dir, 'engine'))
  await engine.start()
  const made = await run(...program('create.js', [dir, '--user', 'ann:admin', '--port', '28931', '--model', 'none', '--no-start', '--yes', '--json']))
  expect(made.code, made.stdout).toBe(0)
  const text = readFileSync(file, 'utf8')
  const used = [...text.matchAll(/image: (\S+)/g)].map(([, image = '']) => image)
  await dockerOk('save', '-o', join(images, 'images.tar'), ...used)
  await rootOk('tar', '-xf', join(images, 'images.tar'), '-C', images)
  writeFileSync(file, text.replaceAll(/image: (\S+)/g, `image: ${REGISTRY}/$1`))
  registry = spawn(...engine.inside(process.execPath, join(import.meta.dirname, 'registry.mjs'), images, REGISTRY.split(':')[1] ?? ''), { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => registry.stdout?.once('data', resolve))
})

afterAll(async () => {
  registry?.kill()
  await engine?.remove()
  await rootOk('umount', disk)
  place.remove()
})

test("Docker's disk fills up during a pull: told as that, and nothing half-made", async () => {
  const free = Number((await rootOk('df', '--output=avail', '-k', engine.data)).split('\n')[1])
  await rootOk('fallocate', '-l', `${free - 20_000}K`, join(engine.data, 'fill'))
  expect(failure(await stack('up'))).toEqual({
    code: 'E_DISK_FULL', message: expect.stringMatching(/^127\.0\.0\.1:5000\S+ could not be pulled\. The disk that Docker keeps its data on is full\.$/) as string, hint: expect.stringContaining('docker image prune') as string,
  })
  await rootOk('rm', join(engine.data, 'fill'))
  await nothing()
})

test('Ctrl-C during a pull', async () => {
  await held(async (stopped) => {
    const up = begin('up')
    await up.until(stopped)
    await up.interrupt()
    expect(failure(await up.outcome, 130)).toMatchObject({ code: 'E_CANCELLED', message: 'Cancelled. The engine is left as it is.' })
  })
  await nothing()
})

test('the engine is stopped during a pull; then it says that none answers', async () => {
  await held(async (stopped) => {
    const up = begin('up')
    await up.until(stopped)
    await engine.end('TERM')
    expect(failure(await up.outcome)).toEqual({ code: 'E_ENGINE_LOST', message: expect.stringMatching(/^The Docker Engine stopped answering: /) as string, hint: expect.stringContaining('docker info') as string })
  })
  for (const command of ['status', 'up']) {
    expect(failure(await stack(command))).toMatchObject({ code: 'E_ENGINE_NOT_FOUND', message: expect.stringContaining('there is no such socket') as string, hint: expect.stringContaining('Start it') as string })
  }
  await engine.start()
})

test("the project's disk is full when the digests are to be written: the file is as it was", async () => {
  const before = readFileSync(file)
  // One page is left: for the lock.
  await rootOk('sh', '-c', `dd if=/dev/zero of=${disk}/fill bs=4k 2>/dev/null; truncate -s -4096 ${disk}/fill`)
  expect(failure(await stack('up'))).toMatchObject({ code: 'E_DISK_FULL', message: `The disk is full: ${file} could not be written. The earlier version is intact.`, hint: expect.stringContaining(`df -h ${dir}`) as string })
  expect(readFileSync(file).equals(before)).toBe(true)
  await nothing()
  await rootOk('rm', `${disk}/fill`)
  expect(readdirSync(dir).filter((one) => /\.tmp$|\.lock/.test(one))).toEqual([])
})

test('and then it starts, with the digests', async () => {
  const up = await stack('up')
  expect(up.code, up.stdout).toBe(0)
  expect(readFileSync(file, 'utf8').match(/: "sha256:[0-9a-f]{64}"/g)).toHaveLength(2)
})

test('the engine is stopped and started: the stack is up again by itself, and up finds nothing to do', async () => {
  await engine.end('TERM')
  await engine.start()
  await expect.poll(async () => (JSON.parse((await stack('status')).stdout) as { services: { health: string }[] }).services.map(({ health }) => health), { timeout: 30_000 }).toEqual(['healthy', 'healthy'])
  expect(JSON.parse((await stack('up')).stdout)).toMatchObject({ running: true, changed: [], problems: [] })
  const { code, stdout } = await stack('test')
  expect([code, (JSON.parse(stdout) as CreateDocument).checks.filter(({ ok }) => ok !== true)]).toEqual([0, []])
})

test('the engine is killed while up replaces a container: it says what may be left, and the next up puts it right', async () => {
  writeFileSync(file, readFileSync(file, 'utf8').replace('pids_limit: 4096', 'pids_limit: 2048'))
  const up = begin('up')
  await up.until(async () => /_test-faults-engine-ollama-1/.test(await containers()))
  await engine.end('KILL')
  expect(failure(await up.outcome)).toEqual({
    code: 'E_ENGINE_LOST', message: expect.stringMatching(/^The Docker Engine stopped answering: .*\.\nLeft on the engine: .*container [0-9a-f]{12}_test-faults-engine-ollama-1/) as string, hint: expect.stringContaining('goes on from what is there') as string,
  })
  expect(existsSync(join(dir, '.ollama-stack.lock'))).toBe(false)
  await engine.start()
  const again = await stack('up')
  expect(again.code, again.stdout).toBe(0)
  expect((await containers()).split('\n').sort()).toEqual([`${name}-ollama-1 running`, `${name}-proxy-1 running`])
  expect(await there('inspect', '-f', '{{.HostConfig.PidsLimit}}', `${name}-ollama-1`)).toBe('2048')
  expect(JSON.parse((await stack('up')).stdout)).toMatchObject({ changed: [] })
  expect((await stack('down', '--volumes', '--yes')).code).toBe(0)
  await nothing()
})
