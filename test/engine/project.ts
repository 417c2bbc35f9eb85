// A throwaway project made by the built program, the way a script would make it.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Login, Role } from '../../stacks/stack.ts'
import type { Door } from '../../src/net/http.ts'

const dist = join(import.meta.dirname, '../../dist')

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
    // A command that reads no input may be gone before it is offered any.
    child.stdin?.on('error', (error: NodeJS.ErrnoException) => { if (error.code !== 'EPIPE') reject(error) })
    child.stdin?.end(options.input ?? '')
  })
}

export const create = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {}): Promise<Outcome> =>
  run(process.execPath, [join(dist, 'create.js'), ...args], options)

export const ollamaStack = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {}): Promise<Outcome> =>
  run(process.execPath, [join(dist, 'ollama-stack.js'), ...args], options)

/** Under root's rights, which CI machines give through sudo. */
export const asRoot = (...command: string[]): [string, string[]] => {
  const [first = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command]
  return [first, rest]
}

export const docker = (...args: string[]): Promise<Outcome> => run('docker', args)

/** Runs docker and throws on failure. */
export async function dockerOk(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(...args)
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

export interface CreateDocument {
  project: { dir: string; name: string; auth: string; url: string; tls: string; ca: string | null }
  users: { name: string; role: Role; secret: string | null; files: { cert: string; key: string; p12: string } | null }[]
  started: boolean
  model: string | null
  checks: { id: string; title: string; ok: boolean | null; detail: string; ms: number }[]
  error?: { code: string; message: string; hint: string }
}

/** A directory for one test file, and what removes it. */
export function workspace(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'ollama-stack-'))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

export function door(document: CreateDocument): Door {
  const { url, ca } = document.project
  return { url, connect: { host: '127.0.0.1', port: Number(new URL(url).port) }, ca: ca === null ? null : readFileSync(ca, 'utf8') }
}

/** How the person of `create --json` logs in, from nothing but that document. */
export function loginOf({ project }: CreateDocument, user: CreateDocument['users'][number]): Login {
  if (user.files) return { headers: {}, cert: readFileSync(user.files.cert, 'utf8'), key: readFileSync(user.files.key, 'utf8') }
  const secret = user.secret ?? ''
  const basic = `Basic ${Buffer.from(`${user.name}:${secret}`).toString('base64')}`
  return { headers: { Authorization: project.auth === 'basic' ? basic : `Bearer ${secret}` } }
}

/** Containers and networks that carry the project's label. */
export async function remains(name: string): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${name}`
  const containers = await dockerOk('ps', '-aq', '--filter', filter)
  const networks = await dockerOk('network', 'ls', '-q', '--filter', filter)
  return `${containers}\n${networks}`.split('\n').filter((id) => id !== '')
}
