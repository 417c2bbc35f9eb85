// Every command that the pages show, on real stacks: one of keys, as the README makes it, and for the README that a
// project is given also one of passwords and one of certificates. What a page shows as output is held to what is printed.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { create, docker, freePort, ollamaStack, run, workspace, type CreateDocument, type Outcome } from '../engine/project.ts'
import { commandsOf, pages, root, words, type Command, type Page } from './pages.ts'
import { runOf, taskOf, type Run } from './rules.ts'

const NAME = 'test-docs'
const PASSPHRASE = 'correct horse battery staple'
const place = workspace()
const dir = join(place.dir, 'my-ollama')
const home = join(place.dir, 'home')
let url: string
let key: string
/** What `create` printed. */
let created: string
/** With TLS and certificates, never started. */
let files: CreateDocument
/** Passwords and certificates, for their own READMEs. */
let others: CreateDocument[]

beforeAll(async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  mkdirSync(home)
  const other = async (name: string, port: number, ...more: string[]): Promise<CreateDocument> => {
    const { stdout } = await create([join(place.dir, name), '--name', `${NAME}-${name}`, '--tls', 'private', '--host', 'localhost', '--user', 'ann', '--port', String(port), '--no-start', '--yes', '--json', ...more])
    const document = JSON.parse(stdout) as CreateDocument
    expect(document.error).toBeUndefined()
    return document
  }
  const started = async (auth: string, port: number): Promise<CreateDocument> => {
    const document = await other(auth, port, '--auth', auth, '--model', 'none')
    const { code, stderr } = await ollamaStack(['up', '-C', document.project.dir])
    expect(code, stderr).toBe(0)
    return document
  }
  const [first, ...rest] = await Promise.all([
    // As docs/commands.md has it.
    create(['my-ollama', '--user', 'ann', '--user', 'bob', '--yes', '--name', NAME, '--port', String(ports[0])], { cwd: place.dir }),
    other('files', ports[1], '--auth', 'mtls', '--bind', '192.168.1.20'),
    started('basic', ports[2]),
    started('mtls', ports[3]),
  ])
  expect(first.code, first.stderr).toBe(0)
  created = `${first.stdout}\n${first.stderr}`
  url = /^URL +(\S+)$/m.exec(created)?.[1] ?? ''
  key = /^admin +ann +key: (\S+)$/m.exec(created)?.[1] ?? ''
  const [unstarted, ...up] = rest
  files = unstarted
  others = up
})

afterAll(async () => {
  await Promise.all([dir, ...others.map(({ project }) => project.dir)].map(async (one) => {
    const { code, stderr } = await ollamaStack(['down', '--volumes', '--yes', '-C', one])
    expect(code, stderr).toBe(0)
  }))
  place.remove()
})

const own = (folder: string): Page => ({ name: 'a project\'s README.md', text: readFileSync(join(folder, 'README.md'), 'utf8') })
const all = (): Command[] => [...pages, own(dir)].flatMap(commandsOf)

const inputs: Record<NonNullable<Run['input']>, () => string> = { key: () => key, passphrase: () => PASSPHRASE }

/** Somebody to rotate or remove, nobody in the way of somebody new. */
async function people([noun, verb, name = '']: readonly string[]): Promise<void> {
  if (noun !== 'user' || name === '') return
  const { stdout } = await ollamaStack(['user', 'list', '--json', '-C', dir])
  const there = (JSON.parse(stdout) as { name: string }[]).some((one) => one.name === name)
  if (verb === 'add' && there) await ollamaStack(['user', 'remove', name, '-C', dir])
  if (verb !== 'add' && !there) await ollamaStack(['user', 'add', name, '-C', dir])
}

async function carryOut({ args, input, where }: Run): Promise<Outcome> {
  await people(args)
  return ollamaStack([...args], { cwd: where === 'files' ? files.project.dir : dir, env: { HOME: home }, ...(input ? { input: inputs[input]() } : {}) })
}

/** What differs from stack to stack: the project's name and place. */
const anywhere = (text: string): string => text.replaceAll(dir, '/home/ann/my-ollama').replaceAll(files.project.dir, '/home/ann/nas').replaceAll(files.project.name, 'nas').replaceAll(NAME, 'my-ollama')

/** The words with which a line begins, up to what is of that very run. */
function leading(line: string): string {
  const finding = /^ {2}(?:ok|WARN|FAIL) +([A-Z][^:]+):/.exec(line)?.[1]
  const check = /^ok +([A-Z][^(]+) /.exec(line)?.[1]
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d proxy \| \S+ \S+ +[A-Z]+ \S+ +\d{3} in [\d.]+ m?s\b/.test(line)) return 'a request'
  return finding ?? check ?? /^\W*[A-Za-z][\w-]*/.exec(line)?.[0].trim() ?? ''
}

/** Lines that the page shows, those that go on with another aside, and that nothing of the kind is printed for. */
function missing(sample: readonly string[], printed: string): string[] {
  const lines = new Set(anywhere(printed).split('\n').map(leading))
  return sample.filter((line) => (!line.startsWith(' ') || /^ {2}(?:ok|WARN|FAIL) /.test(line)) && leading(line) !== '' && !lines.has(leading(line)))
}

test('the program: each command ends well, and prints what the page shows', async () => {
  const wanted = new Map<string, { run: Run; shown: Command[] }>()
  for (const command of all()) {
    const task = taskOf(command.line)
    const how = task?.kind === 'ours' ? runOf(task.args) : undefined
    if (how === undefined || typeof how === 'string') continue
    const id = how.args.join(' ')
    const one = wanted.get(id) ?? { run: how, shown: [] }
    one.shown.push(command)
    wanted.set(id, one)
  }
  expect(wanted.size).toBeGreaterThan(25)
  const order = [...wanted.values()].toSorted((a, b) => (a.run.last ?? 0) - (b.run.last ?? 0))
  const wrong: string[] = []
  const judge = async ({ run: how, shown }: (typeof order)[number]): Promise<void> => {
    const { code, stdout, stderr } = await carryOut(how)
    const at = shown.map((one) => one.at).join(', ')
    if (code !== 0) wrong.push(`${at}: ${how.args.join(' ')}: exit ${code}: ${stderr}`)
    // Where the page shows trouble on purpose or a newer program, these are what it has in common with this run.
    const sample = shown.flatMap((one) => one.sample)
    if (how.args[0] !== 'upgrade') wrong.push(...missing(sample, `${stdout}\n${stderr}`).map((line) => `${at}: nothing like this is printed: ${line}`))
  }
  // Those that only look go side by side.
  const looks = ({ run: { args, last } }: (typeof order)[number]): boolean => last === undefined && args[0] !== 'user' && args[0] !== 'backup' && args[0] !== 'test'
  const queue = order.filter(looks)
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await judge(next)
  }))
  for (const one of order.filter((one) => !looks(one))) await judge(one)
  // After `down`.
  expect((await ollamaStack(['up', '-C', dir])).code).toBe(0)
  expect(wrong).toEqual([])
})

test('create: each line would make a project, and the one that was run prints what the page shows', async () => {
  const lines = all().flatMap((command) => {
    const task = taskOf(command.line)
    const args = task?.kind === 'create' ? task.args : task?.kind === 'ours' && task.args[0] === 'create' ? task.args.slice(1) : undefined
    return args && !args.includes('--help') ? [{ ...command, args }] : []
  })
  expect(lines.length).toBeGreaterThan(8)
  const wrong = await Promise.all(lines.map(async ({ at, line, args }) => {
    const { code, stderr } = await create([...args.filter((word) => !/^(?:--yes|-y|--dry-run)$/.test(word)), '--yes', '--dry-run'], { cwd: home })
    return code === 0 ? [] : [`${at}: ${line}: exit ${code}: ${stderr}`]
  }))
  expect(wrong.flat()).toEqual([])
  expect(missing(lines.flatMap(({ sample }) => sample), created)).toEqual([])
})

test('from where: the URL that the README names below each line is the one that it makes', async () => {
  const readme = pages.find(({ name }) => name === 'README.md')?.text ?? ''
  const recipes = [...(/^## From where$([^]*?)^## /m.exec(readme)?.[1] ?? '').matchAll(/^npx create-ollama-stack@latest my-stack (.*)\n```\n\n(.*)$/gm)]
  // Plain HTTP only where the address is a VPN's, and here is none: test/unit/machine.test.ts.
  const here = recipes.filter(([, flags]) => flags?.includes('--bind 100.') === false)
  expect([recipes.length, here.length]).toEqual([4, 3])
  const urls = await Promise.all(here.map(async ([, flags = ''], index) => {
    const { stdout } = await create([join(place.dir, `recipe${index}`), ...words(flags), '--no-start', '--json'])
    return (JSON.parse(stdout) as CreateDocument).project.url
  }))
  here.forEach(([, , expected = ''], index) => expect(expected).toContain(`\`${urls[index]}\``))
})

test('curl: what the READMEs of all three logins show lets in', async () => {
  const shown = [{ folder: dir, config: `header = "Authorization: Bearer ${key}"` }, ...others.map(({ project, users: [ann] }) => ({ folder: project.dir, config: ann?.secret && project.auth === 'basic' ? `user = "ann:${ann.secret}"` : '' }))]
  for (const { folder, config } of shown) {
    const [first] = commandsOf(own(folder)).filter(({ line }) => taskOf(line)?.kind === 'curl')
    // The secret comes on stdin.
    const args = words(first?.line ?? '').slice(1).map((word) => word.replace(/\bNAME\b/, 'ann'))
    const at = args.findIndex((word) => word === '-u' || word === '-H')
    const { code, stdout, stderr } = await run('curl', ['-sS', ...(at < 0 ? args : args.toSpliced(at, 2)), '-K', '-'], { cwd: folder, input: config })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toHaveProperty('models')
  }
  // Elsewhere it is shown in part, or with a key of the page's.
  const foreign = pages.flatMap(commandsOf).filter(({ line }) => taskOf(line)?.kind === 'curl').filter(({ line }) => !line.endsWith('...') && !/^curl -sS -H 'Authorization: Bearer olsk_[\w-]{43}' http:\/\/127\.0\.0\.1:8880\/api\/tags$/.test(line))
  expect(foreign).toEqual([])
})

test('connect: a bare Ollama at a local port, with the key', async () => {
  const port = await freePort()
  const child = spawn(process.execPath, [join(root, 'dist/ollama-stack.js'), 'connect', url, '--port', String(port)], { env: { ...process.env, HOME: home, OLLAMA_STACK_SECRET: key }, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    // Read on to the end: a program whose output nobody takes any more ends.
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    await expect.poll(() => said, { timeout: 10_000 }).toContain(`Listening on http://127.0.0.1:${port}`)
    expect((await fetch(`http://127.0.0.1:${port}/api/tags`)).status).toBe(200)
  } finally {
    const ended = once(child, 'close')
    child.kill('SIGINT')
    await ended
  }
})

test('docker compose acts on the same containers', async () => {
  const lines = new Set(all().flatMap(({ line }) => {
    const task = taskOf(line)
    return task?.kind === 'compose' && !task.args.includes('-f') ? [task.args.join(' ')] : []
  }))
  expect([...lines]).toEqual(expect.arrayContaining(['up -d', 'ps', 'down', 'restart proxy']))
  // `down` last but for `up`.
  const order = [...lines].toSorted((a, b) => Number(/^(?:down|up)/.test(a)) - Number(/^(?:down|up)/.test(b)) || a.localeCompare(b))
  for (const line of order) {
    const { code, stderr } = await run('docker', ['compose', ...line.split(' ')], { cwd: dir })
    expect(code, `docker compose ${line}: ${stderr}`).toBe(0)
  }
  expect((await docker('ps', '-q', '--filter', `label=com.docker.compose.project=${NAME}`)).stdout.trim().split('\n').length).toBe(2)
})
