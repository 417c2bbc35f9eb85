// Settings into files that people wrote: what they wrote stays, and what can't be merged safely is left alone.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Format, Value } from '../../src/clients/client.ts'
import { additions, applied, leftovers } from '../../src/clients/edits.ts'
import { clients } from '../../src/clients/index.ts'
import { merge } from '../../src/clients/merge.ts'
import { diffOfFile } from '../../src/configure/diff.ts'

const merged = (format: Format, text: string | null, value: Value, others: Value[] = []): string => {
  const result = merge(format, text, { whole: value, value }, others)
  if ('cannot' in result) throw new Error(result.cannot)
  return result.text
}
const cannot = (format: Format, text: string, value: Value): string => {
  const result = merge(format, text, { whole: value, value }, [])
  return 'cannot' in result ? result.cannot : `merged: ${result.text}`
}

describe('comments, order and everything else stay', () => {
  const ZED = `// Zed settings
{
  "theme": "One Dark", // dark
  /* models */
  "language_models": {
    "openai": { "api_url": "https://api.example.com" },
  },
  "vim_mode": true,
}
`
  test('JSON with comments and commas at the end', () => {
    const after = merged('json', ZED, { language_models: { ollama: { api_url: 'http://h' } } })
    // The lines beside a new one are laid out anew, no more than that.
    const words = (text: string): string => text.replace(/\s+/g, '')
    expect(words(after)).toBe(words(ZED).replace('"https://api.example.com"},', '"https://api.example.com"},"ollama":{"api_url":"http://h"},'))
    expect(after.split('\n').slice(0, 4)).toEqual(ZED.split('\n').slice(0, 4))
    expect(after.endsWith('  "vim_mode": true,\n}\n')).toBe(true)
    expect(merged('json', after, { language_models: { ollama: { api_url: 'http://h' } } })).toBe(after)
  })
  test('JSON with tabs and Windows line breaks', () => {
    const after = merged('json', '{\r\n\t"a": 1\r\n}\r\n', { b: { c: 'x' } })
    expect(after).toBe('{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": "x"\r\n\t}\r\n}\r\n')
  })
  test('YAML', () => {
    const before = `# mine
name: My config # keep
models:
  # the first one
  - name: other
    provider: openai
    apiKey: "sk-1"
  - { name: home, provider: ollama, model: old }
rules: [a, b]
`
    const after = merged('yaml', before, { models: [{ name: 'home', provider: 'ollama', model: 'new', requestOptions: { caBundlePath: '/ca' } }] })
    expect(after).toBe(before.replace('model: old }', 'model: new, requestOptions: {caBundlePath: /ca}}').replace('{ name: home', '{name: home'))
    expect(merged('yaml', 'models:\n', { models: [{ name: 'home' }] })).toBe('models:\n  - name: home\n')
    expect(merged('yaml', '# only a comment\n', { a: 'b' })).toBe('# only a comment\n\na: b\n')
  })
  test('TOML, if it has no comments: nothing would keep them', () => {
    const before = 'model = "gpt"\n\n[model_providers.other]\nname = "x"\n'
    const after = merged('toml', before, { model: 'gpt', model_providers: { home: { name: 'home', base_url: 'http://h' } } })
    expect(after).toBe(`${before}\n[model_providers.home]\nname = "home"\nbase_url = "http://h"\n`)
    expect(merged('toml', after, { model_providers: { home: { base_url: 'http://h' } } })).toBe(after)
    expect(merged('toml', after, { model_providers: { home: { base_url: 'http://i' } } })).toBe(after.replace('http://h', 'http://i'))
    const said = `# mine\n${before}`
    expect(merged('toml', said, { model: 'gpt' })).toBe(said)
    for (const text of [said, before.replace('"x"', "'x'"), before.replace('[model_providers.other]\nname', 'model_providers.other.name')]) expect(cannot('toml', text, { model: 'other' })).toMatch(/comments or a layout of its own/)
  })
  test('a compose.yaml: dollars doubled, once', () => {
    const value = { services: { ui: { environment: { KEY: 'a$b' } } } }
    const after = merged('compose', 'services:\n  ui:\n    image: x # pinned\n', value)
    expect(after).toBe('services:\n  ui:\n    image: x # pinned\n    environment:\n      KEY: a$$b\n')
    expect(merged('compose', after, value)).toBe(after)
  })
  test('lists: by name, and NAME=value by NAME', () => {
    expect(merged('yaml', 'set-env:\n  - OTHER=1\n  - URL=old\n', { 'set-env': ['URL=new'] })).toBe('set-env:\n  - OTHER=1\n  - URL=new\n')
    expect(merged('json', '[{"name":"a","x":1}]', [{ name: 'b' }])).toMatch(/^\[\s*\{\s*"name": ?"a",\s*"x": ?1\s*\},\s*\{\s*"name": "b"\s*\}\s*\]$/)
  })
  test('no file, or an empty one: the whole of it', () => {
    for (const text of [null, '', '\n']) expect(merged('json', text, { a: 1 })).toBe('{\n  "a": 1\n}\n')
  })
})

test('what another login had put there goes: it would win', () => {
  const before = 'models:\n  - name: home\n    model: m\n    requestOptions:\n      headers:\n        Authorization: Basic x\n      timeout: 9\n'
  const wanted = { models: [{ name: 'home', model: 'm', apiKey: 'k' }] }
  const other = { models: [{ name: 'home', model: 'm', requestOptions: { headers: { Authorization: 'Basic y' } } }] }
  expect(leftovers({ models: [{ name: 'home', requestOptions: { headers: {} } }] }, { models: [{ name: 'home', requestOptions: {} }] }, other)).toEqual([{ path: ['models', 0, 'requestOptions', 'headers'], value: undefined }])
  const after = merged('yaml', before, wanted, [other])
  expect(after).not.toContain('Basic')
  expect(after).toContain('apiKey: k')
  expect(merged('yaml', after, wanted, [other])).toBe(after)
})

describe('left alone, with the reason', () => {
  test.each<[string, Format, string, Value, RegExp]>([
    ['broken JSON', 'json', '{\n  "a": 1,\n  "b"\n', { a: 2 }, /mistake in its JSON, in line \d/],
    ['broken YAML', 'yaml', 'a: [1\nb: 2\n', { a: 2 }, /mistake in its YAML/],
    ['several documents', 'yaml', 'a: 1\n---\nb: 2\n', { a: 2 }, /mistake in its YAML/],
    ['broken TOML', 'toml', 'a = \n', { a: '2' }, /./],
    ['a list where a name belongs', 'yaml', 'models: {a: 1}\n', { models: [{ name: 'x' }] }, /^models holds something else there/],
    ['a text where names belong', 'json', '{"env": "x"}', { env: { A: 'b' } }, /^env holds something else there/],
    ['names where a text belongs', 'toml', '[a.b]\nc = 1\n', { a: { b: 'x' } }, /^a\.b holds something else there/],
    ['a list at the top', 'json', '[]', { a: 1 }, /^the whole file holds something else/],
    ['only a text', 'yaml', 'hello\n', { a: 1 }, /something else than settings/],
    ['a name that comes twice', 'json', '{"a": {"x": 1}, "a": {"x": 2}}', { a: { x: 3 } }, /no safe way/],
    ['an anchor that others use', 'yaml', 'base: &b {x: 1}\nmodels: *b\n', { models: { x: 2 } }, /./],
  ])('%s', (_, format, text, value, reason) => {
    expect(cannot(format, text, value)).toMatch(reason)
    expect(cannot(format, text, value)).not.toMatch(/^merged/)
  })
})

describe('for any file', () => {
  const key = fc.oneof(fc.constantFrom('provider', 'ollama', 'options', 'env', 'models', '__proto__', 'constructor'), fc.string({ minLength: 1, maxLength: 6 }))
  const tree = fc.letrec<{ value: unknown; record: Record<string, unknown> }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string({ maxLength: 6 }), fc.integer(), fc.boolean(), fc.array(tie('value'), { maxLength: 3 }), tie('record')),
    record: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  })).record
  const wanted = { provider: { ollama: { options: { url: 'u' }, models: [{ name: 'm', x: 1 }] } }, env: { A: 'a' } } satisfies Value

  test.each(['json', 'yaml'] as const)('%s: it then says what it said and what was wanted, and a second time changes nothing', (format) => {
    let through = 0
    fc.assert(fc.property(tree, (now) => {
      const text = JSON.stringify(now, null, 2)
      const result = merge(format, text, { whole: wanted, value: wanted }, [])
      if ('cannot' in result) return
      through += 1
      expect(merge(format, result.text, { whole: wanted, value: wanted }, [])).toMatchObject({ text: result.text, edits: [] })
      const back = JSON.parse(format === 'json' ? result.text : JSON.stringify(applied(now, additions(now, wanted)))) as Record<string, unknown>
      for (const [name, value] of Object.entries(now)) if (!(name in wanted)) expect(Object.hasOwn(back, name) && back[name]).toEqual(value)
    }), { numRuns: 300 })
    expect(through).toBeGreaterThan(50)
  })

  test('every file of every client merges into an empty project of its format, and into itself', () => {
    let files = 0
    for (const setting of clients.flatMap(({ logins }) => Object.values(logins).flatMap((access) => access?.settings ?? []))) {
      if (!('file' in setting) || setting.format === 'curl') continue
      files += 1
      const once = merged(setting.format, null, setting.value)
      expect(merged(setting.format, once, setting.value)).toBe(once)
    }
    expect(files).toBeGreaterThan(15)
  })
})

test('a difference: three lines around, nothing when there is none', () => {
  expect(diffOfFile('/x', 'a\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n')).toBe('--- /x\n+++ /x\n@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E')
  expect(diffOfFile('/x', null, 'a\n')).toBe('--- /dev/null\n+++ /x\n@@ -0,0 +1,1 @@\n+a')
  expect(diffOfFile('/x', 'a\n', 'a\n')).toBe('')
})
