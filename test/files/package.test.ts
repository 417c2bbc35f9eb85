// The package as npm and a stranger's machine see it. `npm run build` made dist/.

import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform, type Metafile } from 'esbuild'
import { publint } from 'publint'
import { afterAll, describe, expect, test } from 'vitest'
import { licenceOf, metaFile, packagesIn } from '../../src/build/notices.mjs'
import { RANGE } from '../../src/cli/node-version.ts'
import { helpTexts } from '../../src/manual.ts'
import { readTexts } from '../../src/texts.ts'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown> & { version: string; bin: Record<string, string> }
const PROGRAMS = ['create.js', 'ollama-stack.js']
const folder = mkdtempSync(join(tmpdir(), 'ollama-stack-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Packed { files: { path: string; size: number; mode: number }[] }

describe('what npm packs', () => {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], shell: process.platform === 'win32' })) as [Packed]
  const { files } = packed

  test('only what is meant to be in it', () => {
    const others = files.map(({ path }) => path).filter((path) => !/^dist\/[\w.-]+\.mjs$/.test(path))
    expect(others.filter((path) => path !== 'CHANGELOG.md').sort()).toEqual(['LICENSE', 'README.md', 'dist/THIRD-PARTY-LICENSES.txt', 'dist/create.js', 'dist/help.json.br', 'dist/ollama-stack.js', 'dist/package.json', 'dist/stacks.json.br', 'package.json'])
    expect(files.filter(({ mode }) => mode & 0o111).map(({ path }) => path).sort()).toEqual(['dist/create.js', 'dist/ollama-stack.js'])
  })

  test('small: by bytes, and on a disk with blocks of 4 KB', () => {
    const sizes = files.map(({ size }) => size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_048_576)
    expect(sizes.reduce((sum, size) => sum + Math.ceil(size / 4096), 0) * 4).toBeLessThan(1127)
    expect(files.length).toBeLessThan(50)
  })

  test('one package, and nothing of it runs when it is installed', () => {
    for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) expect(about).not.toHaveProperty(key)
    const scripts = Object.keys(about['scripts'] as object)
    expect(scripts.filter((name) => /^(pre|post)?install$|^(pre|post)?prepare$|uninstall/.test(name))).toEqual([])
    expect(about).toMatchObject({ bin: { 'create-ollama-stack': 'dist/create.js', 'ollama-stack': 'dist/ollama-stack.js' }, engines: { node: RANGE }, publishConfig: { access: 'public', provenance: true } })
  })

  test('publint has nothing to say', async () => {
    const { messages } = await publint({ pkgDir: 'package', strict: true, pack: { files: files.map(({ path }) => ({ name: `package/${path}`, data: readFileSync(join(root, path)) })) } })
    expect(messages).toEqual([])
  })
})

describe('licences', () => {
  const metafile = JSON.parse(readFileSync(metaFile(root), 'utf8')) as Metafile
  const text = readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
  const packages = packagesIn(metafile)

  test('the libraries that it is made with are in it', () => {
    expect(packages).toEqual(expect.arrayContaining(['@clack/prompts', '@peculiar/x509', 'bcryptjs', 'dockerode', 'fs-extra', 'selfsigned', 'yaml'].map((name) => `node_modules/${name}`)))
  })

  // As words: one text stands for all that differ in line breaks and quotes only.
  const words = (some: string): string => some.toLowerCase().replace(/["'“”‘’`*]/g, '').replace(/\s+/g, ' ').trim()
  test.each(packages)('%s: name, version, copyright and the whole text', (path) => {
    const { title, copyright, text: licence } = licenceOf(join(root, path))
    expect(text).toContain(`${title}\n`)
    const section = text.split('-'.repeat(72)).find((part) => part.includes(`${title}\n`)) ?? ''
    for (const line of copyright) expect(section).toContain(line)
    const body = words(licence).replace(/^(#* ?)?\(?(the )?mit( license)?\)?( \(mit\))?[.:]? /, '')
    expect(body.length).toBeGreaterThan(20)
    expect(words(section)).toContain(body)
  })
})

describe('what both programs begin with', () => {
  const ran = (file: string, args: string[], { before = [] as string[], env = {} } = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...before, file, ...args], { encoding: 'utf8', env: { ...process.env, OLLAMA_STACK_PROJECT: '', ...env } })
    return { status, stdout, stderr }
  }

  test.each(PROGRAMS)('%s: Node.js 12 can read it', async (name) => {
    const code = readFileSync(join(dist, name), 'utf8')
    expect(code).toMatch(/^#!\/usr\/bin\/env node\n/)
    const written = (target: string) => transform(code, { target, supported: { 'dynamic-import': true }, platform: 'node', format: 'cjs' })
    expect((await written('node12')).code).toBe((await written('esnext')).code)
  })

  test.each([['v16.3.0', '20.19'], ['v20.18.3', '20.19'], ['v21.7.3', '22.12'], ['v22.11.0', '22.12'], ['v9.0.0', '20.19']])('on Node.js %s it says what to do', (version, least) => {
    const fake = join(folder, 'fake.cjs')
    writeFileSync(fake, `Object.defineProperty(process, 'version', { value: '${version}' })`)
    for (const [file, program] of [['create.js', 'create-ollama-stack'], ['ollama-stack.js', 'ollama-stack']] as const) {
      const message = `${program} needs Node.js ${least} or newer; this is ${version}.`
      const plain = ran(join(dist, file), ['--version'], { before: ['--require', fake] })
      expect(plain).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^Error: .*\n {2}Install a current one .*\n$/) })
      expect(plain.stderr).toContain(message)
      const json = ran(join(dist, file), ['--json'], { before: ['--require', fake] })
      expect([json.status, JSON.parse(json.stdout), json.stderr]).toEqual([1, { error: { code: 'E_NODE_VERSION', message, hint: expect.stringContaining('nodejs.org') } }, ''])
    }
  })

  test('--version needs nothing but itself, help only the texts', () => {
    for (const name of [...PROGRAMS, 'package.json']) copyFileSync(join(dist, name), join(folder, name))
    for (const name of PROGRAMS) expect(ran(join(folder, name), ['--version'])).toEqual({ status: 0, stdout: `${about.version}\n`, stderr: '' })
    for (const name of PROGRAMS) expect(JSON.parse(ran(join(folder, name), ['--version', '--json']).stdout)).toEqual({ version: about.version })
    copyFileSync(join(dist, 'help.json.br'), join(folder, 'help.json.br'))
    expect(ran(join(folder, 'ollama-stack.js'), [])).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^ {2}create /m) })
    for (const args of [['--help'], ['help'], ['up', '--help'], ['help', 'user', 'add'], ['user', '-h']]) {
      expect(ran(join(folder, 'ollama-stack.js'), args)).toEqual({ status: 0, stdout: expect.stringMatching(/^Usage: ollama-stack/m), stderr: '' })
    }
    for (const args of [['--help'], ['help'], ['my-stack', '-h']]) {
      expect(ran(join(folder, 'create.js'), args)).toEqual({ status: 0, stdout: expect.stringMatching(/^Usage: create-ollama-stack/m), stderr: '' })
    }
    expect(ran(join(folder, 'create.js'), ['--help'], { env: { OLLAMA_STACK_PROJECT: '/srv/nas' } }).stdout).toContain('/srv/nas/ollama-stack COMMAND --help')
    expect(ran(join(folder, 'create.js'), ['--auth', 'basic']).stderr).toContain('main.mjs')
  })

  // npm run bench -- start measures it closer; what is loaded is tested above.
  test('--version and --help take as long as a bare node, in turns, on a machine that may be busy', { retry: 1 }, () => {
    const lines = [['-e', '0'], [join(dist, 'create.js'), '--version'], [join(dist, 'ollama-stack.js'), '--help']]
    const times = lines.map((): number[] => [])
    for (let round = 0; round < 9; round++) for (const [index, args] of lines.entries()) {
      const start = performance.now()
      expect(spawnSync(process.execPath, args).status).toBe(0)
      times[index]?.push(performance.now() - start)
    }
    const [bare = 0, ...ours] = times.map((all) => all.sort((one, other) => one - other)[4] ?? 0)
    for (const median of ours) expect(median / bare).toBeLessThan(1.7)
  })

  test('help.json.br holds what is rendered from the commands', async () => {
    expect(readTexts(join(dist, 'help.json.br'))).toEqual(await helpTexts())
  })

  test('each part of the bundle is one that something loads', () => {
    const texts = readdirSync(dist).filter((name) => /\.m?js$/.test(name)).map((name) => readFileSync(join(dist, name), 'utf8')).join('\n')
    const chunks = readdirSync(dist).filter((name) => name.endsWith('.mjs'))
    expect(chunks.length).toBeGreaterThan(10)
    expect(chunks.filter((name) => !texts.includes(`./${name}`))).toEqual([])
    expect(chunks.every((name) => statSync(join(dist, name)).size > 0)).toBe(true)
  })
})

test('certificates of the built program hold: the libraries that make them are only there in part', () => {
  const dir = join(folder, 'made')
  const run = (...args: string[]) => JSON.parse(execFileSync(process.execPath, [join(dist, 'ollama-stack.js'), ...args, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as { users?: { files: { cert: string } }[]; files?: { cert: string } }
  const { users = [] } = run('create', dir, '--auth', 'mtls', '--host', 'nas.lan', '--user', 'ann', '--user', 'bob', '--user', 'carl', '--yes', '--no-start')
  // A request of one's own too: its signature is checked by the same libraries.
  execFileSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'dora.key'), '-subj', '/CN=x', '-out', join(folder, 'dora.csr')], { stdio: 'ignore' })
  const more = [run('user', 'add', 'dora', '--csr', join(folder, 'dora.csr'), '-C', dir), run('user', 'rotate', 'bob', '-C', dir), run('user', 'add', 'emil', '-C', dir)]
  const ca = new X509Certificate(readFileSync(join(dir, 'certs/ca.crt')))
  const certs = [join(dir, 'certs/server/server.crt'), ...[...users, ...more].map(({ files }) => files?.cert ?? '')].map((file) => new X509Certificate(readFileSync(file)))
  expect(certs).toHaveLength(7)
  expect(certs.map((cert) => cert.verify(ca.publicKey))).toEqual(certs.map(() => true))
  expect(ca.verify(ca.publicKey)).toBe(true)
})
