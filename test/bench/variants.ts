// Each login with many people, without login at all, and as the guides have it.

import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stacks } from '../../stacks/index.ts'
import type { MadeCredential, StackConfig } from '../../stacks/stack.ts'
import { render } from '../../src/project/render.ts'
import { proxyUser } from '../../src/project/proxy-user.ts'
import { writeProject } from '../../src/project/scaffold.ts'
import type { Proxy, Rig } from './rig.ts'
import type { Client } from './streamer.ts'

const COUNTS: Record<string, number[]> = { bearer: [10, 1000, 10_000, 100_000], basic: [10, 1000, 10_000, 100_000], mtls: [10, 1000, 10_000] }
/** So many have a key in the naive configuration too. */
const NAIVE = 10_000

export interface Variants {
  none: Proxy
  counts: [number, Proxy][]
  naive: [string, Proxy][]
  /** For a flood: a wrong credential of a known name. */
  wrong: string[]
}

/** A proxy just as it is generated, with one person, and what a client needs for it. */
export async function onePerson(rig: Rig, id: string): Promise<{ proxy: Proxy; client: Client }> {
  const { project, ann } = await written(rig, id)
  const proxy = await rig.proxy(id, project, {}, loginOf(ann, rig.dir))
  const { headers, cert, key } = ann.login
  return { proxy, client: cert === undefined || key === undefined ? { headers } : { headers, cert, key, ca: readFileSync(join(project, 'certs/ca.crt'), 'utf8') } }
}

async function written(rig: Rig, id: string): Promise<{ project: string; ann: MadeCredential }> {
  const stack = stacks[id]
  if (!stack) throw new Error(`no stack called ${id}`)
  const project = join(rig.dir, id)
  const tls: StackConfig['tls'] = stack.needsTls ? 'private' : 'off'
  const config = { name: `bench-${id}`, auth: id, bind: '127.0.0.1', port: 8880, tls, hosts: ['127.0.0.1'], model: null, user: proxyUser(), subnet: '10.213.7' } satisfies StackConfig
  const { files, credentials } = await render(stack, config, [{ name: 'ann', role: 'user' }], { now: new Date() })
  writeProject(project, files)
  return { project, ann: credentials[0] as MadeCredential }
}

export async function variantsOf(rig: Rig, id: string): Promise<Variants> {
  const { project, ann } = await written(rig, id)
  const login = loginOf(ann, rig.dir)
  const none = join(rig.dir, `${id}-none`)
  cpSync(join(project, 'proxy'), none, { recursive: true })
  WITHOUT[id]?.(none)
  const counts: [number, Proxy][] = []
  for (const count of COUNTS[id] ?? []) {
    const folder = join(rig.dir, `${id}-${count}`)
    cpSync(join(project, 'credentials'), folder, { recursive: true })
    FILL[id]?.(folder, count)
    own(folder)
    counts.push([count, await rig.proxy(`${id}-${count}`, project, { '/credentials': folder }, login)])
  }
  return {
    none: await rig.proxy(`${id}-none`, project, { '/proxy': none }, login),
    counts,
    naive: await (NAIVE_OF[id]?.(rig, project, ann, login) ?? []),
    wrong: id === 'basic' ? ['-A', `ann:${randomBytes(12).toString('hex')}`] : ['-H', `Authorization: Bearer olsk_${randomBytes(32).toString('base64url')}`],
  }
}

function loginOf({ login }: MadeCredential, dir: string): string[] {
  if (login.cert === undefined) return Object.entries(login.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const pem = join(dir, 'client.pem')
  writeFileSync(pem, `${login.cert}\n${login.key}`, { mode: 0o600 })
  return ['-E', pem]
}

/** Filler before the one who asks: whoever reads a file through reads all of it. */
const FILL: Record<string, (folder: string, count: number) => void> = {
  bearer: (folder, count) => prepend(join(folder, 'keys'), count, (i) => `filler-${i}:user:${createHash('sha256').update(`${i}`).digest('hex')}\n`),
  // All with one hash: a hundred thousand of their own would take hours.
  basic: (folder, count) => {
    const hash = readFileSync(join(folder, 'htpasswd'), 'utf8').split(':')[1]?.trim()
    prepend(join(folder, 'htpasswd'), count, (i) => `filler-${i}:${hash}:user\n`)
  },
  mtls: (folder, count) => {
    const [own = ''] = readdirSync(folder)
    const pem = readFileSync(join(folder, own))
    for (let i = 1; i < count; i++) writeFileSync(join(folder, `${createHash('sha256').update(`${i}`).digest('hex')}.pem`), pem)
  },
}

function prepend(path: string, count: number, line: (index: number) => string): void {
  const lines = Array.from({ length: count - 1 }, (_, index) => line(index))
  writeFileSync(path, lines.join('') + readFileSync(path, 'utf8'))
}

/** The same files with the login taken out: what is left is what both do. */
export const WITHOUT: Record<string, (proxy: string) => void> = {
  bearer: (proxy) => edit(join(proxy, 'nginx.conf'), [[/access_by_lua_block \{[^}]*\}/, '']]),
  basic: (proxy) => edit(join(proxy, 'nginx.conf'), [[/if \(\$stranger\) \{[^}]*\}/, ''], [/auth_request \/\/check;/, '']]),
  mtls: (proxy) => {
    writeFileSync(join(proxy, 'login.caddy'), '')
    edit(join(proxy, 'handshake.caddy'), [[/client_auth \{[^}]*\}/, '']])
  },
}

const NAIVE_OF: Record<string, (rig: Rig, project: string, ann: MadeCredential, login: string[]) => Promise<[string, Proxy][]>> = {
  async bearer(rig, project, ann, login) {
    const proxy = join(rig.dir, 'bearer-naive-proxy')
    cpSync(join(project, 'proxy'), proxy, { recursive: true })
    edit(join(proxy, 'nginx.conf'), [[/access_by_lua_block \{[^}]*\}/, 'access_by_lua_file /proxy/naive-keys.lua;'], [/init_worker_by_lua_block \{[^}]*\}/, '']])
    cpSync(join(import.meta.dirname, 'naive-keys.lua'), join(proxy, 'naive-keys.lua'))
    const folder = join(rig.dir, 'bearer-naive')
    mkdirSync(folder)
    const keys = Array.from({ length: NAIVE - 1 }, () => `olsk_${randomBytes(32).toString('base64url')}\n`)
    writeFileSync(join(folder, 'plain'), `${keys.join('')}${ann.secret}\n`)
    own(folder)
    return [[`a key file read at every request, ${NAIVE} keys`, await rig.proxy('bearer-naive', project, { '/proxy': proxy, '/credentials': folder }, login)]]
  },
  async basic(rig, project, _, login) {
    const proxy = join(rig.dir, 'basic-naive-proxy')
    cpSync(join(project, 'proxy'), proxy, { recursive: true })
    edit(join(proxy, 'nginx.conf'), [[/if \(\$stranger\) \{[^}]*\}/, ''], [/auth_request \/\/check;/, 'auth_basic Ollama; auth_basic_user_file /credentials/htpasswd;']])
    return [['auth_basic alone, bcrypt of cost 5', await rig.proxy('basic-naive', project, { '/proxy': proxy }, login)]]
  },
}

/** Every pattern must be there: a measurement of the wrong thing is worse than none. */
function edit(path: string, changes: [RegExp, string][]): void {
  let text = readFileSync(path, 'utf8')
  for (const [pattern, replacement] of changes) {
    if (!pattern.test(text)) throw new Error(`${path} has nothing like ${pattern}`)
    text = text.replace(pattern, replacement)
  }
  writeFileSync(path, text)
}

/** As the project's own: readable by the proxy's user and nobody else. */
function own(folder: string): void {
  if (process.getuid?.() !== 0) return
  const [uid = 0, gid = 0] = proxyUser().split(':').map(Number)
  for (const path of [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))]) {
    chownSync(path, uid, gid)
    chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
  }
}
