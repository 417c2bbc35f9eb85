// `client`, as a person or a script calls it, on projects that no engine has seen.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parse as parseYaml } from 'yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { StackConfig } from '../../stacks/stack.ts'
import { clients } from '../../src/clients/index.ts'
import type { Guide } from '../../src/clients/guide.ts'
import { writeChange } from '../../src/clients/settings-file.ts'
import { applyChange } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'
import { refusal } from './refusal.ts'

let place: string
let home: string
beforeAll(() => { place = mkdtempSync(join(tmpdir(), 'ollama-stack-client-')) })
afterAll(() => rmSync(place, { recursive: true, force: true }))
beforeEach(() => { home = mkdtempSync(join(place, 'home-')) })

async function projectOf(id: string, more: Partial<StackConfig> = {}): Promise<string> {
  const stack = stacks[id]
  if (!stack) throw new Error(`no stack ${id}`)
  const dir = mkdtempSync(join(place, `${id}-`))
  const { files } = await render(stack, config(stack, more), [{ name: 'bob', role: 'user' }, { name: 'ann', role: 'admin' }], { now: new Date() })
  applyChange(dir, files)
  return dir
}
const client = (dir: string, words: string[], stdin?: string) => ran(dir, ['client', ...words, '-C', dir], { env: { HOME: home }, ...(stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }) })
const guideOf = async (dir: string, words: string[], stdin?: string): Promise<Guide & { written?: { path: string; changed: boolean; backup: string | null } }> => {
  const { code, out } = await client(dir, [...words, '--json'], stdin)
  expect(code, out).toBe(0)
  return JSON.parse(out) as Guide
}

describe.each(Object.keys(stacks))('%s', (login) => {
  let dir: string
  beforeAll(async () => { dir = await projectOf(login, { tls: 'private', port: 8443 }) })

  test('the list names all of them, and what works', async () => {
    const { code, out } = await client(dir, [])
    expect(code).toBe(0)
    for (const { id, logins } of clients) expect(out).toMatch(new RegExp(`^${id} .* ${logins[login] ? 'yes +(run|source|documentation|derived)' : 'use connect$'}`, 'm'))
    const document = JSON.parse((await client(dir, ['--json'])).out) as { login: string; clients: { id: string; possible: boolean; verified: string | null }[] }
    expect(document.login).toBe(login)
    expect(document.clients.map(({ id }) => id)).toEqual(clients.map(({ id }) => id))
    for (const { possible, verified } of document.clients) expect(verified !== null).toBe(possible)
  })

  test.each(clients.map(({ id }) => id))('%s: complete, or the line for connect', async (id) => {
    const guide = await guideOf(dir, [id])
    expect(guide).toMatchObject({ id, login, user: 'ann', url: 'https://127.0.0.1:8443' })
    const text = JSON.stringify(guide)
    expect(text).not.toMatch(/<(?:URL|KEY|PASS|CA|CERT|B64|MODEL|USER)>/)
    // Nothing secret was given, so nothing that looks like one is there.
    expect(text).not.toMatch(/olsk_[A-Za-z0-9_-]{43}/)
    if (guide.possible) expect(guide.steps.map((step) => step.text).join('\n')).toContain(id === 'curl' || guide.login === 'mtls' ? '' : '127.0.0.1:8443')
    else expect([guide.steps, guide.verified]).toEqual([[], null])
    const own = login === 'basic' ? ' --user ann' : ''
    const files = login === 'mtls' ? ` --cert ${dir}/certs/clients/ann.crt --key ${dir}/certs/clients/ann.key` : ''
    const trusted = clients.find((one) => one.id === id)?.trust
    if (guide.possible && trusted) expect(guide.workaround).toBeNull()
    else {
      expect(guide.workaround?.command.replace(join(dir, 'ollama-stack'), 'ollama-stack').replace('./ollama-stack', 'ollama-stack')).toBe(`ollama-stack connect https://127.0.0.1:8443${own} --ca ${dir}/certs/ca.crt${files}`)
      expect(guide.workaround?.steps.map((step) => step.text).join('\n')).toMatch(/127\.0\.0\.1:11434|curl|^$/)
    }
    if (guide.possible && !trusted) expect(guide.warnings.join('\n')).toMatch(/trust a private CA hasn't been verified/)
  })

  test('for people: paste-ready at the margin, and where the rest is', async () => {
    const { code, out, err } = await client(dir, ['continue'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^In ~\/\.continue\/config\.yaml:\n\nname: Local Config$/m)
    expect(out).toMatch(/^Verified: run \(@continuedev\/cli [\d.]+, 20\d\d-\d\d-\d\d\)$/m)
    expect(out).toContain(`${dir}/certs/ca.crt (the CA)`)
    expect(out).toContain('client continue --user ann --write\n')
    if (login !== 'mtls') expect(out).toMatch(/^- YOUR_\w+ stands for ann's \w+\. It was shown once, .*user rotate ann$/m)
  })
})

describe('values', () => {
  test('the first admin, or who is named; the model; files on another machine', async () => {
    const dir = await projectOf('mtls')
    expect((await guideOf(dir, ['curl', '--user', 'bob'])).steps[0]?.text).toContain('/certs/clients/bob.key')
    const moved = await guideOf(dir, ['claude-code', '--files', '/home/x y/', '--model', 'qwen3:8b'])
    expect(JSON.parse(moved.steps[0]?.text ?? '')).toEqual({ env: expect.objectContaining({ CLAUDE_CODE_CLIENT_CERT: '/home/x y/ann.crt', NODE_EXTRA_CA_CERTS: '/home/x y/ca.crt' }) as object })
    expect(moved.steps[1]?.text).toBe('claude --model qwen3:8b')
    expect(moved.files.map(({ path }) => path)).toEqual([`${dir}/certs/ca.crt`, `${dir}/certs/clients/ann.crt`, `${dir}/certs/clients/ann.key`])
  })
  test('what would write the file is for the same person', async () => {
    expect((await client(await projectOf('bearer'), ['continue', '--user', 'bob'])).out).toContain('ollama-stack client continue --user bob --write')
  })
  test('a handed-over certificate is missed, not made up', async () => {
    const dir = await projectOf('mtls')
    rmSync(join(dir, 'certs/clients/ann.key'))
    expect((await guideOf(dir, ['curl'])).warnings.join()).toMatch(/ann\.key .* isn't there\. If it was handed over, say where it lies: --files DIR/)
    const { code, out } = await client(dir, ['curl', '--write', '--yes', '--json'])
    expect([code, JSON.parse(out)]).toMatchObject([2, { error: { code: 'E_CLIENT_FILE' } }])
    expect(readdirSync(home)).toEqual([])
  })
  test('plain HTTP: no CA anywhere; IPv6 in brackets', async () => {
    const dir = await projectOf('bearer', { bind: '::1', hosts: ['::1', 'localhost'] })
    for (const { id } of clients) {
      const text = JSON.stringify(await guideOf(dir, [id]))
      expect(text, id).not.toMatch(/ca\.crt|CA_CERT|cacert|https:\/\/\[/)
    }
    expect((await guideOf(dir, ['openai-python'])).steps[0]?.text).toContain("base_url='http://[::1]:8880/v1',")
    expect((await guideOf(dir, ['continue'])).steps[0]?.text).not.toContain('requestOptions')
    expect((await guideOf(dir, ['zed'])).workaround).toBeNull()
  })
  test('a secret from stdin stands everywhere it belongs, and nobody is told of placeholders', async () => {
    const dir = await projectOf('basic')
    const secret = `s"e'c$r\\e t`
    const guide = await guideOf(dir, ['ollama-js', '--secret-stdin'], `${secret}\n`)
    expect(guide.steps.map(({ text }) => text).join()).toContain(`Basic ${Buffer.from(`ann:${secret}`).toString('base64')}`)
    expect(JSON.stringify(guide)).not.toContain('YOUR_')
    const url = (JSON.parse((await guideOf(dir, ['zed', '--secret-stdin'], 'p@s/s:?#%41 ü')).steps[0]?.text ?? '') as { language_models: { ollama: { api_url: string } } }).language_models.ollama.api_url
    expect([new URL(url).host, decodeURIComponent(new URL(url).password)]).toEqual(['127.0.0.1:8880', 'p@s/s:?#%41 ü'])
    expect((await guideOf(dir, ['curl', '--secret-stdin'], secret)).steps[0]?.text).toBe(`user = "ann:s\\"e'c$r\\\\e t"`)
  })
  test('a container, a phone and a web view are warned of', async () => {
    const dir = await projectOf('bearer')
    const warnings = async (id: string): Promise<string> => (await guideOf(dir, [id])).warnings.join('\n')
    expect(await warnings('open-webui')).toMatch(/a container has a 127\.0\.0\.1 of its own/)
    expect(await warnings('enchanted')).toMatch(/a phone can't reach it/)
    expect(await warnings('page-assist')).toMatch(/--origin page-assist/)
    expect((await guideOf(await projectOf('mtls', { bind: '0.0.0.0', hosts: ['nas.lan'] }), ['n8n'])).warnings.join()).toMatch(/let connect listen for it too \(--bind/)
    const open = await projectOf('bearer', { bind: '0.0.0.0', tls: 'private', hosts: ['nas.lan'], origins: ORIGINS })
    for (const id of ['open-webui', 'enchanted', 'page-assist']) expect((await guideOf(open, [id])).warnings.join('\n'), id).not.toMatch(/127\.0\.0\.1|can't reach|--origin/)
  })
})
const ORIGINS = ['moz-extension://*']

describe('refused with exit 2, with nothing written', () => {
  test.each<[string, string[], string, RegExp]>([
    ['an unknown client', ['crul'], 'E_CLIENT', /Did you mean curl\?/],
    ['one that is like none', ['xxxxxxxx'], 'E_CLIENT', /All of them: .*client\..*client other/],
    ['an unknown person', ['curl', '--user', 'anne'], 'E_USER_UNKNOWN', /Did you mean ann\?/],
    ['a model with spaces', ['curl', '--model', 'a b'], 'E_MODEL_NAME', /isn't a model name/],
    ['flags without a client', ['--write'], 'E_ARGUMENT', /Name it: .*client ID --write/],
    ['--file without --write', ['continue', '--file', 'x'], 'E_FLAG', /--write/],
    ['nobody to ask', ['claude-code', '--write'], 'E_SECRET', /--secret-stdin/],
    ['a secret that has no place', ['ollama-cli', '--secret-stdin'], 'E_FLAG', /has no place to go/],
    ['nothing to write to', ['ollama-js', '--write', '--yes'], 'E_CLIENT_FILE', /no file that settings could be written to/],
    ['a file that only its owner knows', ['librechat', '--write', '--yes'], 'E_CLIENT_FILE', /--file PATH/],
    ['a login that the client has not', ['ollaman', '--write', '--yes'], 'E_CLIENT_FILE', /can't log in with this login/],
  ])('%s', async (_, words, code, message) => {
    const dir = await projectOf('bearer')
    const { code: exit, out } = await client(dir, [...words, '--json'])
    const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string } }
    expect([exit, error.code, `${error.message} ${error.hint}`]).toEqual([2, code, expect.stringMatching(message)])
    expect(readdirSync(home)).toEqual([])
  })
})

describe('--write', () => {
  let dir: string
  beforeAll(async () => { dir = await projectOf('bearer') })
  const file = (): string => join(home, '.continue', 'config.yaml')
  const mode = (path: string): number => statSync(path).mode & 0o777

  test('a new file, for its owner alone; the difference is shown without the secret; a second time changes nothing', async () => {
    const { code, out, err } = await client(dir, ['continue', '--write', '--yes', '--secret-stdin'], 'olsk_secret')
    expect(code, err).toBe(0)
    expect(out).toBe(`Written: ${file()}\n`)
    expect(err).toContain('+    apiKey: ***')
    expect(err).not.toContain('olsk_secret')
    expect(parseYaml(readFileSync(file(), 'utf8'))).toMatchObject({ models: [{ name: 'home', apiBase: 'http://127.0.0.1:8880/', apiKey: 'olsk_secret' }] })
    expect(mode(file())).toBe(0o600)
    const before = statSync(file()).mtimeMs
    const again = await guideOf(dir, ['continue', '--write', '--yes', '--secret-stdin'], 'olsk_secret')
    expect(again.written).toEqual({ path: file(), changed: false, backup: null })
    expect([statSync(file()).mtimeMs, readdirSync(join(home, '.continue'))]).toEqual([before, ['config.yaml']])
  })

  test('somebody else\'s file: what was there stays, the old one is kept, and it is closed to others; an old key is not shown', async () => {
    mkdirSync(join(home, '.continue'))
    const old = '# mine\nname: Mine\nmodels:\n  - name: other\n    provider: openai\n    apiKey: sk-other\n  - name: home\n    apiKey: olsk_old_key\n    provider: ollama\n'
    writeFileSync(file(), old, { mode: 0o644 })
    const { code, err } = await client(dir, ['continue', '--write', '--yes', '--secret-stdin'], 'olsk_new_key')
    expect(code, err).toBe(0)
    expect(err).toContain('-    apiKey: *** (until now)\n+    apiKey: ***\n')
    expect(err).not.toMatch(/olsk_|sk-other/)
    expect(err).toMatch(/^ {5}apiKey: \*\*\*$/m)
    const after = readFileSync(file(), 'utf8')
    expect(after.startsWith(old.slice(0, old.indexOf('    apiKey: olsk')))).toBe(true)
    expect(after).toContain('apiKey: olsk_new_key')
    const kept = readdirSync(join(home, '.continue')).filter((name) => /^config\.yaml\.20\d\d-\d\d-\d\dT\d\d-\d\d-\d\d\.bak$/.test(name))
    expect(kept.map((name) => [readFileSync(join(home, '.continue', name), 'utf8'), mode(join(home, '.continue', name))])).toEqual([[old, 0o600]])
    expect(mode(file())).toBe(0o600)
  })

  test('settings that need no secret show none of those that go, nor of those beside them', async () => {
    const mtls = await projectOf('mtls', { tls: 'private', port: 8443 })
    mkdirSync(join(home, '.continue'))
    const old = 'models:\n  - name: other\n    apiBase: https://eve:hunter2@other.example/\n  - name: home\n    apiKey: olsk_old_key\n    apiBase: http://ann:hunter3@127.0.0.1/\n    requestOptions:\n      headers:\n        Authorization: Basic b2xkOmtleQ==\n'
    writeFileSync(file(), old, { mode: 0o600 })
    const { code, err } = await client(mtls, ['continue', '--write', '--yes'])
    expect(code, err).toBe(0)
    expect(err).toContain('-    apiKey: *** (until now)')
    expect(err).toMatch(/^ .*https:\/\/eve:\*\*\*@other/m)
    expect(err).not.toMatch(/olsk_|hunter|b2xkOmtleQ/)
    expect(readFileSync(file(), 'utf8')).not.toMatch(/olsk_old|b2xkOmtleQ/)
  })

  test('a link is followed, and stays one', async () => {
    const real = join(home, 'dotfiles.json')
    writeFileSync(real, '{ "model": "opus" }\n')
    mkdirSync(join(home, '.claude'))
    symlinkSync(real, join(home, '.claude', 'settings.json'))
    const { written } = await guideOf(dir, ['claude-code', '--write', '--yes', '--secret-stdin'], 'olsk_k')
    expect(written).toMatchObject({ path: real, changed: true })
    expect(JSON.parse(readFileSync(join(home, '.claude', 'settings.json'), 'utf8'))).toMatchObject({ model: 'opus', env: { ANTHROPIC_AUTH_TOKEN: 'olsk_k' } })
  })

  test('settings without a secret keep the mode; what is left to do is printed', async () => {
    mkdirSync(join(home, '.config/opencode'), { recursive: true })
    const path = join(home, '.config/opencode/opencode.json')
    writeFileSync(path, '{"theme":"x"}', { mode: 0o640 })
    const { code, out } = await client(dir, ['opencode', '--write', '--yes'])
    expect(code).toBe(0)
    expect(out).toContain('export OLLAMA_KEY=YOUR_KEY')
    expect([mode(path), JSON.parse(readFileSync(path, 'utf8'))]).toMatchObject([0o640, { theme: 'x', provider: { home: { options: { apiKey: '{env:OLLAMA_KEY}' } } } }])
  })

  test('what somebody else wrote meanwhile is not lost', () => {
    const path = join(home, 'settings.json')
    writeFileSync(path, 'theirs')
    expect(refusal(() => writeChange({ path, before: 'as it was', after: 'ours', secret: false, hidden: [] }, new Date()))).toMatchObject({ code: 'E_CLIENT_FILE' })
    expect([readFileSync(path, 'utf8'), readdirSync(home)]).toEqual(['theirs', ['settings.json']])
  })

  test('--file: where it lies; nobody there to ask means nothing is written, but the difference is shown', async () => {
    const { code, err } = await client(dir, ['litellm', '--write', '--file', join(home, 'my.yaml')])
    expect([code, err]).toEqual([2, expect.stringMatching(/\+model_list:[\s\S]*nothing was written/)])
    expect(existsSync(join(home, 'my.yaml'))).toBe(false)
    expect((await guideOf(dir, ['litellm', '--write', '--yes', '--file', join(home, 'my.yaml')])).written).toEqual({ path: join(home, 'my.yaml'), changed: true, backup: null })
  })

  test('a file that can\'t be merged stays as it is, and the way by hand is named', async () => {
    mkdirSync(join(home, '.continue'))
    writeFileSync(file(), 'models: [1\n')
    const { code, out } = await client(dir, ['continue', '--write', '--yes', '--secret-stdin', '--json'], 'k')
    expect([code, JSON.parse(out)]).toMatchObject([2, { error: { code: 'E_CLIENT_FILE', hint: expect.stringMatching(/by hand: .*client continue/) as string } }])
    expect([readFileSync(file(), 'utf8'), readdirSync(join(home, '.continue'))]).toEqual(['models: [1\n', ['config.yaml']])
  })
})
