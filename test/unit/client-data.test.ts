// The rows of the clients hold together, and what they print is of the language it says, whatever the values are.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Access, Client, Setting } from '../../src/clients/client.ts'
import { fillText, fillValue, TOKEN, TOKENS, type Tokens } from '../../src/clients/fill.ts'
import { clients } from '../../src/clients/index.ts'
import { renderSetting } from '../../src/clients/render.ts'
import { codeString, dotenv, exports, writeFormat } from '../../src/clients/syntax.ts'
import { ORIGIN_PRESETS } from '../../src/questions/origins.ts'

const accesses: [string, Client, Access][] = clients.flatMap((client) => Object.entries(client.logins).flatMap(([login, access]) => (access ? [[`${client.id}, ${login}`, client, access] as [string, Client, Access]] : [])))
const settings: [string, Setting][] = [
  ...accesses.flatMap(([title, , access]) => access.settings.map((one): [string, Setting] => [title, one])),
  ...clients.flatMap(({ id, connected = [] }) => connected.map((one): [string, Setting] => [`${id}, connected`, one])),
]
const tokens = (more: Partial<Tokens> = {}): Tokens => ({
  URL: 'https://[fd00::1]:8443', LOGIN_URL: 'https://ann%40home:p%40ss@[fd00::1]:8443', HOST: '[fd00::1]:8443', PORT: '11434', NAME: 'home', USER: 'ann@home', PASS: 'p@ss', KEY: 'olsk_x', B64: 'YW5uOnA=',
  CA: '/srv/ca.crt', 'CA?': '', CERT: '/srv/ann.crt', CERTKEY: '/srv/ann.key', MODEL: 'gemma3:1b', ...more,
})

describe('the rows', () => {
  test('are at least 15, each with a name of its own that can be typed', () => {
    const ids = clients.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z][a-z0-9-]+$/.test(id))).toEqual([])
    expect(clients.filter(({ logins }) => Object.values(logins).some((access) => access !== null)).length).toBeGreaterThanOrEqual(15)
  })
  // A new stack may come before its rows: until then `connect` is what its clients are told.
  const logins = [...new Set(clients.flatMap((client) => Object.keys(client.logins)))].sort()
  test('are about the logins that there are', () => {
    expect(logins.length).toBeGreaterThanOrEqual(3)
    expect(logins.filter((login) => !(login in stacks))).toEqual([])
  })
  test.each(clients.map((client) => [client.id, client] as const))('%s says something for every login, or why not', (_, client) => {
    expect(Object.keys(client.logins).sort()).toEqual(logins)
    const cant = Object.values(client.logins).includes(null)
    expect(client.why !== undefined, 'why').toBe(cant)
    if (client.origin !== undefined) expect(Object.keys(ORIGIN_PRESETS)).toContain(client.origin)
    expect(client.evidence.filter((link) => !/^https:\/\/[\w.-]+\.[a-z]+\/\S*$/.test(link))).toEqual([])
  })
  test.each(accesses)('%s: evidence, and one file at most', (_, client, access) => {
    expect(['run', 'source', 'documentation', 'derived']).toContain(access.verified)
    expect(access.ran !== undefined).toBe(access.verified === 'run')
    if (access.ran) expect(access.ran).toEqual({ version: expect.stringMatching(/\d/) as string, on: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) as string })
    else expect(client.evidence).not.toEqual([])
    expect(access.settings).not.toEqual([])
    expect(access.settings.filter((one) => 'file' in one).length).toBeLessThanOrEqual(1)
  })
  test.each(settings)('%s: tokens are known, and stand where their escapes are right', (_, setting) => {
    // Not =>, and not a type in code.
    const found = [...JSON.stringify(setting).matchAll(/<([A-Za-z0-9_ ?-]+)>/g)].map(([, name]) => name)
    expect(found.filter((name) => !(TOKENS as readonly (string | undefined)[]).includes(name))).toEqual([])
    if ('env' in setting) expect(Object.keys(setting.env).filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([])
    if ('command' in setting) for (const word of setting.command) if (typeof word === 'object' && !Array.isArray(word)) expect(word.raw).not.toMatch(TOKEN)
    if (!('code' in setting)) return
    for (const line of setting.code) {
      const outside = line.replace('<CA?>', '').replace(/'(?:[^'\\]|\\.)*'/g, '')
      expect(outside.match(TOKEN), line).toBeNull()
    }
  })
})

describe('printed', () => {
  const cases = settings.flatMap(([title, setting]) => [['with a private CA', tokens()], ['without', tokens({ CA: null, 'CA?': null })]].map(([how, values]) => [`${title} ${how as string}`, setting, values as Tokens] as const))
  test.each(cases)('%s: nothing is left open, and the CA stands there only if there is one', (_, setting, values) => {
    const step = renderSetting(setting, values)
    const mentions = JSON.stringify(setting).includes('<CA>')
    if (step === undefined) return expect(mentions && values.CA === null).toBe(true)
    expect(step.text).not.toMatch(/<[A-Z0-9_?]+>/)
    expect(step.text.includes('/srv/ca.crt')).toBe(mentions && values.CA !== null)
    expect(step.where).not.toBe('')
    if (step.language === 'json') JSON.parse(step.text)
    if (step.language === 'yaml') parseYaml(step.text)
    if (step.language === 'toml') parseToml(step.text)
  })

  test('shell and JavaScript are sound to their own parsers', () => {
    const place = mkdtempSync(join(tmpdir(), 'ollama-stack-clients-'))
    try {
      const steps = cases.flatMap(([, setting, values]) => renderSetting(setting, values) ?? [])
      const shell = steps.filter(({ language }) => language === 'sh').map(({ text }) => text)
      expect(() => execFileSync('sh', ['-n'], { input: shell.join('\n') })).not.toThrow()
      const programs = new Set(steps.filter(({ language }) => language === 'javascript').map(({ text }) => text))
      expect(programs.size).toBeGreaterThan(10)
      // One program of modules that are never reached.
      const bodies = [...programs].map((text) => `async () => {\n${text.replace(/^import .* from .*$/gm, '')}\n}`)
      writeFileSync(join(place, 'all.mjs'), `export default [${bodies.join(',\n')}]`)
      expect(() => execFileSync(process.execPath, ['--check', join(place, 'all.mjs')])).not.toThrow()
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  })
})

describe('no value ends its own quotes', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }),
    fc.constantFrom(`'`, `"`, '\\', '\\\'', '$HOME', '${HOME}', '$(id)', '`id`', '%41', '<KEY>', ' #x', 'a: b', '~/x', '!!js', '"""', "'''", '\\u0041', 'no', '0x1', '2026-01-01', '1_000', 'off', '<CA?>', '\u2028', '\u0085', '-n', '*a', '&a', '{{x}}'),
  )
  const one = nasty.map((text) => text.replaceAll('\0', ''))
  const line = one.map((text) => text.replace(/[\r\n]/g, ''))

  test.each(['json', 'yaml', 'compose', 'toml'] as const)('%s', (format) => {
    // Compose leaves keys alone.
    const keys = one.map((text) => (format === 'compose' ? text.replaceAll('$', '') : text))
    fc.assert(fc.property(keys, one, (key, text) => {
      const filled = fillValue({ a: { '<NAME>': ['<PASS>', { b: 'Basic <PASS>' }] }, c: '<KEY>' }, tokens({ NAME: `k${key}`, PASS: text, KEY: text })) ?? ''
      const written = writeFormat(format, filled)
      // Compose takes two for one, and a single one for a variable.
      if (format === 'compose') expect(written.match(/(?<!\$)\$(?:\$\$)*(?!\$)/)).toBeNull()
      const back: unknown = format === 'json' ? JSON.parse(written) : format === 'toml' ? parseToml(written) : parseYaml(format === 'compose' ? written.replaceAll('$$', '$') : written)
      expect(JSON.parse(JSON.stringify(back))).toEqual({ a: { [`k${key}`]: [text, { b: `Basic ${text}` }] }, c: text })
    }))
  })

  test('YAML of 1.1, which Python reads, takes no text for a date, a number or a truth', () => {
    for (const text of ['no', 'off', 'Yes', '2026-01-01', '1_000', '0o7', '010', '12:30:45', 'null', '~', '.inf']) {
      expect(parseYaml(writeFormat('yaml', { a: text }), { version: '1.1' })).toEqual({ a: text })
    }
  })

  test('JSON in a text of YAML', () => {
    fc.assert(fc.property(one, (text) => {
      const value = fillValue({ env: { $json: { 0: { key: '<KEY>' } } } }, tokens({ KEY: text })) ?? ''
      const { env } = parseYaml(writeFormat('yaml', value)) as { env: string }
      expect(JSON.parse(env)).toEqual({ 0: { key: text } })
    }))
  })

  test('code, in single quotes', () => {
    fc.assert(fc.property(one, (text) => {
      const written = fillText("return ['<KEY>', 'Basic <KEY>']", tokens({ KEY: text }), codeString) ?? ''
      expect(written).not.toMatch(/[\n\r]/)
      // A snippet is code: only running it shows what the text became.
      // oxlint-disable-next-line typescript/no-implied-eval
      expect((new Function(written) as () => unknown)()).toEqual([text, `Basic ${text}`])
    }))
  })

  test('the shell, and .env', () => {
    const values = [...fc.sample(line, 300), 'plain', "it's", '-', '--x', ' ']
    const names = values.map((_, index) => `V${index}`)
    const env = Object.fromEntries(values.map((text, index) => [`V${index}`, text]))
    const script = `${exports(env)}\nprintf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}`
    expect(execFileSync('sh', [], { input: script, env: { HOME: '/nowhere' } }).toString('utf8').split('\0').slice(0, -1)).toEqual(values)
    for (const text of values) {
      const written = dotenv({ A: text }).slice(2)
      const inner = written.slice(1, -1)
      expect(written.startsWith("'") ? inner : inner.replace(/\\(["\\$])/g, '$1')).toBe(text)
      expect(written.startsWith("'") ? inner.includes("'") : /(?<!\\)(?:\\\\)*["$]/.test(inner.replace(/\\["$]/g, ''))).toBe(false)
    }
  })

  test("a command's words", () => {
    const values = fc.sample(line.filter((text) => text !== ''), 200)
    const script = values.map((text) => renderSetting({ command: ['printf', '%s\\0', ['<PASS>']] }, tokens({ PASS: text }))?.text ?? '').join('\n')
    expect(execFileSync('sh', [], { input: script, env: { HOME: '/nowhere' } }).toString('utf8').split('\0').slice(0, -1)).toEqual(values)
  })

  test('a file for curl: what it reads back is in test/engine/clients.test.ts', () => {
    fc.assert(fc.property(one, (text) => {
      const written = writeFormat('curl', { user: text })
      const inner = /^user = "((?:[^"\\\n\r]|\\.)*)"\n$/s.exec(written)?.[1] ?? '?'
      const letters: Record<string, string> = { n: '\n', r: '\r', t: '\t', v: '\v' }
      expect(inner.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter)).toBe(text)
    }))
  })
})
