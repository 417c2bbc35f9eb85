// A project that is changed after the fact, without an engine: what the owner edited and every secret stay
// byte for byte, what is refused changes nothing, and what is cut short is finished.

import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { FileEntry } from '../../stacks/stack.ts'
import { applyWhole } from '../../src/project/journal.ts'
import { loadProject } from '../../src/project/project.ts'
import { ran } from '../unit/ran.ts'

let place: string
beforeAll(() => { place = mkdtempSync(join(tmpdir(), 'ollama-stack-configure-')) })
afterAll(() => rmSync(place, { recursive: true, force: true }))

interface Configured {
  changed: string[]
  removed: string[]
  kept: string[]
  conflicts: { file: string; lines: [number, number]; mine: string; theirs: string | null }[]
  aside: string | null
  left: string[]
  diff?: string
  users: { name: string; role: string; secret: string; files: { p12: string } | null }[]
  project: { url: string; auth: string; ca: string | null }
  error?: { code: string; message: string; hint: string }
}

let count = 0
async function make(...flags: string[]): Promise<{ dir: string; users: Configured['users'] }> {
  const dir = join(place, `p${count++}`)
  const { code, out } = await ran(place, ['create', dir, '--name', 'home', '--no-start', '--yes', '--json', '--user', 'ann:admin', '--user', 'bob', ...flags])
  expect(code, out).toBe(0)
  return { dir, users: (JSON.parse(out) as Configured).users }
}
async function configure(dir: string, ...flags: string[]): Promise<Configured & { code: number }> {
  const { code, out } = await ran(dir, ['configure', '--json', ...(flags.includes('--dry-run') ? [] : ['--yes', '--no-start']), ...flags])
  return { code, ...(JSON.parse(out) as Configured) }
}
async function done(dir: string, ...flags: string[]): Promise<Configured> {
  const { code, ...document } = await configure(dir, ...flags)
  expect([code, document.error]).toEqual([0, undefined])
  return document
}
/** Path -> mode, owner and content, without the copy of the program and what `configure` notes for itself. */
function tree(dir: string, skip = /^\.ollama-stack(?:-state)?(?:\/|$)/): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => !skip.test(path)).sort()
  return Object.fromEntries(paths.map((path) => {
    const { mode, uid } = lstatSync(join(dir, path))
    return [path, `${mode.toString(8)} ${uid} ${lstatSync(join(dir, path)).isFile() ? readFileSync(join(dir, path), 'base64') : ''}`]
  }))
}
const text = (dir: string, path: string): string => readFileSync(join(dir, path), 'utf8')
const edit = (dir: string, path: string, from: string | RegExp, to: string): void => {
  const before = text(dir, path)
  expect(before).toMatch(from)
  writeFileSync(join(dir, path), before.replace(from, to))
}
const main = (auth: string): string => `proxy/${auth === 'mtls' ? 'Caddyfile' : 'nginx.conf'}`

describe.each(Object.values(stacks))('$id: what was edited and every secret stay', ({ id, limitsRate, needsTls }) => {
  const own = '# mine, and not to be touched\n'
  const changes: [string[], string[]][] = [
    ...(limitsRate ? [[['--rate', '60/m'], ['--no-rate']] as [string[], string[]]] : []),
    [['--origin', 'https://chat.example.com', '--origin', 'obsidian'], ['--no-origin']],
    [['--port', '9999'], ['--port', '8700']],
    [['--host', 'nas.example.com', '--host', '203.0.113.9'], ['--no-host']],
    [['--host-network'], ['--no-host-network']],
    [['--model', 'none'], ['--model', 'gemma3:1b']],
    ...(needsTls ? [] : [[['--tls', 'private'], ['--tls', 'off']] as [string[], string[]]]),
    [['--bind', '0.0.0.0', '--allow', '192.168.1.0/24', ...(needsTls ? [] : ['--insecure-http'])], ['--no-allow', '--bind', '127.0.0.1', '--no-insecure-http']],
  ]
  test('there and back again, for every question', async () => {
    const { dir } = await make('--auth', id, '--port', '8700')
    edit(dir, main(id), /^/, own)
    edit(dir, 'compose.yaml', /pids_limit: 4096\n/, 'pids_limit: 2048 # mine\n')
    edit(dir, 'README.md', /$/, '\nMy own words.\n')
    writeFileSync(join(dir, 'notes.txt'), 'mine')
    chmodSync(join(dir, main(id)), 0o640)
    for (const [there, back] of changes) {
      const before = tree(dir)
      const { changed, kept } = await done(dir, ...there)
      expect(changed.length, there.join(' ')).toBeGreaterThan(0)
      expect(kept.sort()).toEqual(['README.md', 'compose.yaml', main(id)].map((path) => join(dir, path)).sort())
      const between = tree(dir)
      expect(between, there.join(' ')).not.toEqual(before)
      expect([text(dir, main(id)).startsWith(own), text(dir, 'compose.yaml').includes('pids_limit: 2048 # mine'), text(dir, 'README.md').endsWith('\nMy own words.\n'), (lstatSync(join(dir, main(id))).mode & 0o777)]).toEqual([true, true, true, 0o640])
      expect((await done(dir, ...there)).changed, 'the second time').toEqual([])
      expect(tree(dir)).toEqual(between)
      await done(dir, ...back)
      const after = tree(dir)
      for (const path of Object.keys(between).filter((one) => /^(?:credentials|certs\/(?:ca|clients))/.test(one))) expect([path, after[path]]).toEqual([path, between[path]])
      // What it took to get there may be kept: a CA, and new certificates of the server's.
      for (const [path, was] of Object.entries(before)) if (!/^certs(?:\/server.*)?$/.test(path)) expect([path, after[path]], there.join(' ')).toEqual([path, was])
      expect(Object.keys(after).filter((path) => !(path in before) && !path.startsWith('certs')), there.join(' ')).toEqual([])
    }
  })
})

describe('encryption', () => {
  test('a CA once made is kept, and new names get a certificate of it', async () => {
    const { dir } = await make('--auth', 'basic')
    await done(dir, '--tls', 'private')
    const [ca, key] = [text(dir, 'certs/ca.crt'), text(dir, 'certs/ca.key')]
    await done(dir, '--tls', 'off')
    await done(dir, '--tls', 'private', '--host', 'nas.example.com')
    expect([text(dir, 'certs/ca.crt'), text(dir, 'certs/ca.key'), text(dir, 'certs/server/ca.crt')]).toEqual([ca, key, ca])
    const leaf = new X509Certificate(text(dir, 'certs/server/server.crt'))
    expect([leaf.checkHost('nas.example.com'), leaf.verify(new X509Certificate(ca).publicKey)]).toEqual(['nas.example.com', true])
    const before = text(dir, 'certs/server/server.crt')
    await done(dir, '--port', '9443')
    expect(text(dir, 'certs/server/server.crt')).toBe(before)
  })
  test('the CA\'s key is kept elsewhere: refused while it is needed, and only then', async () => {
    const { dir } = await make('--auth', 'bearer', '--tls', 'private')
    rmSync(join(dir, 'certs/ca.key'))
    const before = tree(dir)
    expect(await configure(dir, '--host', 'nas.example.com')).toMatchObject({ code: 2, error: { code: 'E_NO_CA', message: expect.stringContaining('certs/ca.key') } })
    expect(tree(dir)).toEqual(before)
    await done(dir, '--rate', '60/m')
  })
  test('a certificate of the owner\'s own is put aside before another takes its place', async () => {
    const { dir } = await make('--auth', 'bearer', '--tls', 'private', '--host', 'nas.example.com')
    for (const name of ['server.crt', 'server.key']) cpSync(join(dir, 'certs/server', name), join(place, name))
    const other = await make('--auth', 'bearer', '--bind', '0.0.0.0', '--tls', 'files', '--tls-cert', join(place, 'server.crt'), '--tls-key', join(place, 'server.key'), '--host', 'nas.example.com')
    const key = text(other.dir, 'certs/server/server.key')
    expect((await done(other.dir, '--rate', '5/s')).changed.filter((path) => path.includes('certs'))).toEqual([])
    const { aside } = await done(other.dir, '--tls', 'private')
    expect(readFileSync(join(aside ?? '', 'certs/server/server.key'), 'utf8')).toBe(key)
    expect(text(other.dir, 'certs/server/server.key')).not.toBe(key)
  })
  test('to ACME and back: what only that needs comes and goes', async () => {
    const { dir } = await make('--auth', 'basic', '--tls', 'private')
    await done(dir, '--tls', 'acme', '--bind', '0.0.0.0', '--host', 'ollama.example.com', '--acme-email', 'ann@example.com')
    expect([existsSync(join(dir, 'tls/certificates.caddy')), text(dir, 'compose.yaml').includes('\n  tls:\n')]).toEqual([true, true])
    expect((await done(dir, '--no-acme-email')).changed).toEqual([join(dir, 'tls/certificates.caddy')])
    await done(dir, '--tls', 'private', '--bind', '127.0.0.1', '--no-host')
    expect([existsSync(join(dir, 'tls')), text(dir, 'compose.yaml').includes('certified')]).toEqual([false, false])
  })
})

describe('another login', () => {
  const pairs = Object.keys(stacks).flatMap((from) => Object.keys(stacks).filter((to) => to !== from).map((to) => [from, to] as const))
  test.each(pairs)('%s to %s: names, roles and ends go along, no secret does, and the old files are put aside', async (from, to) => {
    const { dir, users } = await make('--auth', from, '--tls', 'private')
    const add = (...args: string[]) => ran(dir, ['user', 'add', '--json', ...args])
    expect((await add('eve', '--role', 'admin', '--expires', '2027-01-31')).code).toBe(0)
    expect((await add('gone', '--expires', '1s')).code).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const before = tree(dir)
    const people = JSON.parse((await ran(dir, ['user', 'list', '--json'])).out) as { name: string; role: string; expires: string }[]
    const shown = await configure(dir, '--auth', to, '--dry-run')
    expect([tree(dir), shown.diff?.includes('olsk_'), shown.users]).toEqual([before, false, undefined])
    const changed = await done(dir, '--auth', to)
    expect(changed.users.map(({ name, role }) => `${name}:${role}`).sort()).toEqual(['ann:admin', 'bob:user', 'eve:admin'])
    expect([changed.left, changed.project.auth, new Set([...users, ...changed.users].map(({ secret }) => secret)).size]).toEqual([['gone'], to, 5])
    const after = JSON.parse((await ran(dir, ['user', 'list', '--json'])).out) as typeof people
    for (const { name, role, expires } of after) {
      const was = people.find((one) => one.name === name)
      expect([name, role]).toEqual([name, was?.role])
      if (was?.expires) expect(expires).toBe(was.expires)
    }
    // Nothing of the old login lies where a proxy looks, and all of it lies aside, for its owner alone.
    const old = Object.keys(before).filter((path) => /^(?:credentials|certs\/clients)\/.*\.\w+$|^credentials\/(?:keys|htpasswd)$/.test(path))
    expect(old.length).toBeGreaterThan(0)
    const now = tree(dir)
    for (const path of old) {
      expect([path, now[path] !== before[path]]).toEqual([path, true])
      expect(readFileSync(join(changed.aside ?? '', path)).toString('base64')).toBe(before[path]?.split(' ')[2])
      expect(lstatSync(join(changed.aside ?? '', path)).mode & 0o777).toBe(0o600)
    }
    expect(lstatSync(changed.aside ?? '').mode & 0o777).toBe(0o700)
    expect([now['certs/ca.crt'], now['certs/ca.key']]).toEqual([before['certs/ca.crt'], before['certs/ca.key']])
    // As create would have made it, but for the words of its own.
    const fresh = await make('--auth', to, '--tls', 'private')
    const names = (of: string): string[] => Object.keys(tree(of)).filter((path) => !/^(?:credentials|certs)\//.test(path))
    expect(names(dir)).toEqual(names(fresh.dir))
  })
  test('an edit of a file that the other login has no use for: refused, until the owner lets it go', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, 'proxy/lua/rate.lua', /^/, '-- mine\n')
    const before = tree(dir)
    const { code, error, conflicts } = await configure(dir, '--auth', 'basic')
    expect([code, error?.code, conflicts.map(({ file }) => file)]).toEqual([2, 'E_MERGE', [join(dir, 'proxy/lua/rate.lua')]])
    expect(tree(dir)).toEqual(before)
    await done(dir, '--auth', 'basic', '--take-new', 'proxy/lua/rate.lua')
    expect([existsSync(join(dir, 'proxy/lua/rate.lua')), text(dir, 'proxy/lua/rate.lua.orig').startsWith('-- mine\n')]).toEqual([false, true])
  })
})

describe('edits by hand', () => {
  test('where one touches the change: file and lines are named, nothing is written, and either version can be had', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, 'proxy/origins.conf', '# None.\n', '"~^https://mine\\.example$" allowed;\n')
    const before = tree(dir)
    const refused = await configure(dir, '--origin', 'https://chat.example.com', '--rate', '60/m')
    expect(refused).toMatchObject({ code: 2, changed: expect.not.arrayContaining([join(dir, 'proxy/origins.conf')]), conflicts: [{ file: join(dir, 'proxy/origins.conf'), lines: [3, 3], mine: expect.stringContaining('mine'), theirs: expect.stringContaining('chat') }] })
    expect(`${refused.error?.message}\n${refused.error?.hint}`).toMatch(/proxy\/origins\.conf, line 3: [^]*--take-new proxy\/origins\.conf[^]*--keep-mine/)
    expect(tree(dir)).toEqual(before)

    const other = `${dir}-other`
    cpSync(dir, other, { recursive: true })
    await done(dir, '--origin', 'https://chat.example.com', '--take-new', 'proxy/origins.conf')
    expect([text(dir, 'proxy/origins.conf').includes('mine'), text(dir, 'proxy/origins.conf').includes('chat'), text(dir, 'proxy/origins.conf.orig').includes('mine')]).toEqual([false, true, true])
    expect((await done(other, '--origin', 'https://chat.example.com', '--keep-mine', 'proxy/origins.conf')).kept).toEqual([join(other, 'proxy/origins.conf')])
    expect([tree(other)['proxy/origins.conf'], loadProject(other).origins]).toEqual([before['proxy/origins.conf'], ['https://chat.example.com']])
  })
  test('facts in compose.yaml: the proxy\'s files follow with --yes alone, and a change beside them goes in', async () => {
    const { dir } = await make('--auth', 'basic')
    edit(dir, 'compose.yaml', /$/, '  rate: 30/m # by hand\n  origins:\n    - https://chat.example.com\n')
    const { changed } = await done(dir)
    expect(changed.map((path) => path.slice(dir.length + 1)).sort()).toEqual(['proxy/origins.conf', 'proxy/rate-zone.conf', 'proxy/rate.conf'])
    expect(text(dir, 'proxy/rate-zone.conf')).toContain('rate=30r/m')
    await done(dir, '--port', '9001')
    expect(text(dir, 'compose.yaml')).toMatch(/ {2}rate: 30\/m # by hand\n {2}origins:\n {4}- https:\/\/chat\.example\.com\n$/)
    await done(dir, '--no-rate')
    expect([loadProject(dir).rate, loadProject(dir).origins, text(dir, 'proxy/rate-zone.conf').includes('30r')]).toEqual([null, ['https://chat.example.com'], false])
  })
  test('the port by hand, then another question: the port stays', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, 'compose.yaml', /published: "\d+"/, 'published: "9002"')
    await done(dir, '--rate', '60/m')
    expect([loadProject(dir).port, loadProject(dir).rate, text(dir, 'README.md').includes(':9002')]).toEqual([9002, '60/m', true])
  })
  test('an origin added by hand as the file says: it stays beside those of --origin', async () => {
    const { dir } = await make('--auth', 'basic')
    edit(dir, 'proxy/origins.conf', /$/, '"~^https://mine\\.example$" allowed;\n')
    await done(dir, '--origin', 'https://chat.example.com')
    expect(text(dir, 'proxy/origins.conf')).toMatch(/chat.*allowed;\n.*mine.*allowed;\n$/)
  })
  test('the digests that up writes are no edit', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, 'compose.yaml', /$/, '  images:\n    ollama/ollama:0.32.15: "ollama/ollama@sha256:0"\n')
    expect((await done(dir, '--rate', '60/m')).kept).toEqual([])
    expect(text(dir, 'compose.yaml')).toMatch(/images:\n {4}ollama\/ollama:0\.32\.15: "ollama\/ollama@sha256:0"\n {2}rate: "60\/m"\n$/)
  })
  test('compose.yaml edited past what can be said there: refused by name', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, 'compose.yaml', /host_ip: &published_on "[\d.]+"\n {8}target: 8080\n {8}published: "\d+"/, 'host_ip: &published_on "127.0.0.1"\n        published: "9003"\n        target: 8080')
    const before = tree(dir)
    expect(await configure(dir, '--port', '9004')).toMatchObject({ code: 2, error: { code: 'E_MERGE' } })
    expect(tree(dir)).toEqual(before)
    await done(dir, '--port', '9004', '--take-new', 'compose.yaml')
    expect([loadProject(dir).port, text(dir, 'compose.yaml.orig').includes('9003')]).toEqual([9004, true])
  })
  test('bytes that are no UTF-8: refused where they would be lost, kept elsewhere', async () => {
    const { dir } = await make('--auth', 'basic')
    for (const path of ['proxy/rate.conf', 'proxy/gate.conf']) writeFileSync(join(dir, path), Buffer.concat([Buffer.from('# m\xfcde\n', 'latin1'), readFileSync(join(dir, path))]))
    const before = tree(dir)
    expect(await configure(dir, '--rate', '60/m')).toMatchObject({ code: 2, error: { code: 'E_MERGE', message: expect.stringContaining('proxy/rate.conf') } })
    expect(tree(dir)).toEqual(before)
    await done(dir, '--origin', 'obsidian')
    expect(tree(dir)['proxy/gate.conf']).toBe(before['proxy/gate.conf'])
  })
  test('without a record of what was made, edits stay all the same', async () => {
    const { dir } = await make('--auth', 'bearer')
    rmSync(join(dir, '.ollama-stack-state'), { recursive: true })
    edit(dir, 'proxy/nginx.conf', /^/, '# mine\n')
    const { kept } = await done(dir, '--origin', 'https://chat.example.com')
    expect([kept, text(dir, 'proxy/nginx.conf').startsWith('# mine\n'), existsSync(join(dir, '.ollama-stack-state/made.json'))]).toEqual([[join(dir, 'proxy/nginx.conf')], true, true])
  })
  test('files that another version of the program wrote: that is for upgrade', async () => {
    const { dir } = await make('--auth', 'bearer')
    edit(dir, '.ollama-stack-state/made.json', /"version":"[^"]*"/, '"version":"0.0.1"')
    expect(await configure(dir, '--rate', '60/m')).toMatchObject({ code: 2, error: { code: 'E_VERSION' } })
  })
})

describe('refused, and nothing is written', () => {
  let dir: string
  let mtls: string
  beforeAll(async () => {
    dir = (await make('--auth', 'bearer', '--rate', '60/m')).dir
    mtls = (await make('--auth', 'mtls')).dir
  })
  test.each<[string[], string, RegExp]>([
    [['--name', 'other'], 'E_NAME', /this project is home[^]*volume/],
    [['--auth', 'mtls'], 'E_INPUT', /--tls off[^]*--rate/],
    [['--auth', 'mtls', '--tls', 'private'], 'E_RATE', /as it is: .*--rate 60\/m.*--no-/],
    [['--bind', '0.0.0.0'], 'E_INSECURE', /--tls off on 0\.0\.0\.0/],
    [['--rate', '60/h'], 'E_RATE', /60\/h/],
    [['--rate', '5/s', '--no-rate'], 'E_FLAG', /don't go together/],
    [['--tls', 'acme'], 'E_INPUT', /--bind/],
    [['--tls', 'files'], 'E_TLS', /--tls-cert and --tls-key/],
    [['--tls-cert', 'x'], 'E_TLS', /--tls files/],
    [['--insecure-http', '--tls', 'private'], 'E_INSECURE', /--insecure-http/],
    [['--allow', '10.0.0.0/8'], 'E_ALLOW', /only this machine/],
    [['--user', 'eve'], 'E_FLAG', /no flag "--user"/],
    [['--take-new', '../x'], 'E_VALUE', /no file of this project/],
    [['--take-new', 'proxy'], 'E_VALUE', /"proxy" is no file of this project/],
    [['--keep-mine', '.'], 'E_VALUE', /no file of this project/],
    [['--keep-mine', 'credentials/keys'], 'E_VALUE', /could be merged/],
    [['--port', '9005', '--keep-mine', 'compose.yaml'], 'E_MERGE', /port/],
  ])('%j', async (flags, code, says) => {
    const before = tree(dir, /^$/)
    const { error, ...rest } = await configure(dir, ...flags)
    expect([rest.code, error?.code, `${error?.message} ${error?.hint}`]).toEqual([2, code, expect.stringMatching(says)])
    expect(tree(dir, /^$/)).toEqual(before)
  })
  test('a rate where nothing can count', async () => expect(await configure(mtls, '--rate', '60/m')).toMatchObject({ code: 2, error: { code: 'E_RATE' } }))
  test('nobody to ask, and no --yes', async () => {
    const before = tree(dir, /^$/)
    const { code, out } = await ran(dir, ['configure', '--no-rate', '--json'])
    expect([code, (JSON.parse(out) as Configured).error]).toEqual([2, { code: 'E_NEEDS_ANSWERS', message: expect.any(String), hint: expect.stringMatching(/--yes[^]*--dry-run/) }])
    expect(tree(dir, /^$/)).toEqual(before)
  })
})

describe('cut short', () => {
  test('whatever it had come to, the next command that reads the project finishes it', async () => {
    const { dir } = await make('--auth', 'bearer')
    const after = `${dir}-after`
    cpSync(dir, after, { recursive: true })
    await done(after, '--auth', 'basic')
    const [was, will] = [tree(dir), tree(after)]
    const paths = [...new Set([...Object.keys(was), ...Object.keys(will)])].filter((path) => was[path] !== will[path] && !lstatSync(join(path in will ? after : dir, path)).isDirectory())
    const change = paths.map((path): [string, FileEntry | null] => [path, path in will ? { content: readFileSync(join(after, path)), mode: lstatSync(join(after, path)).mode & 0o777 } : null])
    expect(change.length).toBeGreaterThan(10)
    for (const at of [0, 3, change.length]) {
      const half = `${dir}-${at}`
      cpSync(dir, half, { recursive: true })
      if (process.getuid?.() === 0) await ran(half, ['user', 'list'])
      // Something in the way, as a full disk would be.
      writeFileSync(join(half, 'wall'), '')
      const blocked = new Map([...change.slice(0, at), ['wall/x', { content: '', mode: 0o600 }], ...change.slice(at)])
      expect(() => applyWhole(half, blocked, loadProject(half).file.services['proxy']?.user ?? '')).toThrow()
      expect(() => loadProject(half)).toThrow()
      rmSync(join(half, 'wall'))
      expect(loadProject(half).stack.id).toBe('basic')
      rmSync(join(half, 'wall'), { recursive: true })
      const contents = (of: Record<string, string>): string[] => Object.entries(of).map(([path, about]) => `${path} ${about.replace(/^\d+ \d+ /, '')}`)
      expect(contents(tree(half))).toEqual(contents(will))
      expect(existsSync(join(half, '.ollama-stack-state/journal.json'))).toBe(false)
    }
  })
  test('the program is copied into a new project, the state of this one isn\'t', async () => {
    const { dir } = await make('--auth', 'bearer')
    await done(dir, '--auth', 'basic')
    mkdirSync(join(place, 'elsewhere'), { recursive: true })
    const fresh = await make('--auth', 'bearer')
    expect(readdirSync(join(fresh.dir, '.ollama-stack-state')).sort()).toEqual(['.gitignore', 'made.json'])
  })
})
