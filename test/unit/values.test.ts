import { describe, expect, test } from 'vitest'
import { address, host, isDnsName, model, modelName, nameFrom, people, port, projectName, word, rate } from '../../src/questions/values.ts'
import { refusal } from './refusal.ts'

const BIDI = 'a\u202eb'

/** What nobody may ever write into a file through us, whatever the flag. */
const HOSTILE: [string, string][] = [
  ['nothing', ''], ['a space', ' '], ['a space inside', 'a b'], ['a newline', 'a\nb'], ['a last newline', 'a\n'], ['an escaped newline', 'a\\nb'], ['CRLF', 'a\r\nb'], ['NUL', 'a\0b'],
  ['bidi', BIDI], ['a zero-width space', 'a\u200bb'], ['a soft hyphen', 'a\u00adb'], ['an escape sequence', '\x1b[2J'], ['a C1 control', '\x9b2J'], ['a line separator', 'a\u2028b'],
  ['a quote', 'a"b'], ['an apostrophe', "a'b"], ['a backtick', '`id`'], ['a dollar', '$HOME'], ['a substitution', '$(id)'], ['a Caddy placeholder', '{$HOME}.example'],
  ['a semicolon', 'a;b'], ['a pipe', 'a|b'], ['an ampersand', 'a&b'], ['a redirection', 'a>b'], ['a comment', '#a'], ['a comment inside', 'a #b'], ['a backslash', 'a\\b'],
  ['YAML map', 'a: b'], ['YAML anchor', '&a'], ['YAML alias', '*'], ['YAML tag', '!!js'], ['YAML flow', '[a]'], ['YAML braces', '{a: b}'], ['YAML block', '|'], ['YAML document', '---'], ['a percent', '%61'],
  ['nginx', 'foo;\n location /x { root /; }\n#'], ['a leading dash', '-a'], ['a flag', '--yes'], ['traversal', '../evil'], ['dots', '..'], ['an absolute path', '/etc/passwd'], ['a colon first', ':a'], ['a comma', 'a,b'],
]

describe.each<[string, (text: string) => unknown, string, RegExp]>([
  ['a project name', projectName, 'E_NAME', /--name/],
  ['a person', (text) => people([text]), 'E_USER_NAME', /--user/],
  ['an address', address, 'E_BIND', /--bind/],
  ['a port', port, 'E_PORT', /--port/],
  ['a host', host, 'E_HOST', /--host/],
  ['a model', modelName, 'E_MODEL_NAME', /model name/],
  ['a rate', rate, 'E_RATE', /--rate/],
  ['a login', (text) => word('--auth', text, ['basic', 'bearer']), 'E_VALUE', /--auth/],
])('%s refuses', (_, parse, code, names) => {
  test.each(HOSTILE)('%s', (_, text) => {
    const error = refusal(() => parse(text))
    // "a: b" is a person called a with a role that there isn't.
    expect([code, text.includes(':') ? 'E_VALUE' : code]).toContain(error.code)
    expect(error.exit).toBe(2)
    if (error.code === code) expect(`${error.message} ${error.hint}`).toMatch(names)
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u)
  })
  test('10,000 letters, with a short message', () => {
    const error = refusal(() => parse('a'.repeat(10_000)))
    expect(error.code).toBe(code)
    expect(error.message.length).toBeLessThan(200)
  })
})

describe('words', () => {
  test.each([['basci', 'basic'], ['BASIC', 'basic'], ['bear', 'bearer'], ['tls', 'mtls']])('%s means %s', (text, near) => {
    expect(refusal(() => word('--auth', text, ['basic', 'bearer', 'mtls'])).hint).toBe(`Did you mean ${near}? Choose one of: basic, bearer, mtls.`)
  })
  test.each(['oauth2', 'constructor', '__proto__', 'toString', 'none'])('%s is nothing of the kind', (text) => {
    expect(refusal(() => word('--auth', text, ['basic', 'bearer', 'mtls'])).hint).toBe('Choose one of: basic, bearer, mtls.')
  })
})

describe('project names', () => {
  test.each(['a', '0', 'home-ollama', 'a_b', 'x-', 'a'.repeat(63), 'true', 'null', '1e3'])('%s', (text) => expect(projectName(text)).toBe(text))
  test.each(['A', '_abc', 'ollama.stack', 'bücher', 'a'.repeat(64)])('not %s', (text) => expect(refusal(() => projectName(text)).code).toBe('E_NAME'))
  test.each([
    ['My Stack', 'my-stack'], ['ollama.stack', 'ollama-stack'], ['-x-', 'x'], ['__x', 'x'], ['日本', 'ollama-stack'], ['', 'ollama-stack'], ['...', 'ollama-stack'],
    ['a\nb', 'a-b'], ['Ünïcode', 'n-code'], ['a'.repeat(99), 'a'.repeat(63)], [`${'a'.repeat(62)}--b`, `${'a'.repeat(62)}-`],
  ])('from %j comes %s', (directory, name) => {
    expect(nameFrom(directory)).toBe(name)
    expect(projectName(name)).toBe(name)
  })
})

describe('people', () => {
  test.each<[string[], string]>([
    [['ann'], 'ann:admin'], [['ann', 'bob'], 'ann:admin bob:user'], [['ann:user', 'bob'], 'ann:user bob:user'], [['ann', 'bob:admin'], 'ann:admin bob:admin'],
    [['a.b_c@d-e'], 'a.b_c@d-e:admin'], [['0'], '0:admin'], [['a'.repeat(64)], `${'a'.repeat(64)}:admin`], [['constructor', '1e3'], 'constructor:admin 1e3:user'],
  ])('%j', (texts, expected) => expect(people(texts).map(({ name, role }) => `${name}:${role}`).join(' ')).toBe(expected))

  test.each<[string[], string, RegExp]>([
    [[], 'E_USER_NAME', /at least one person/],
    [['a'.repeat(65)], 'E_USER_NAME', /can't be a user name/],
    [['ünï'], 'E_USER_NAME', /can't be a user name/],
    [['__proto__'], 'E_USER_NAME', /can't be a user name/],
    [['ann:admin:x'], 'E_USER_NAME', /too many colons/],
    [['ann:'], 'E_VALUE', /^The role in --user ann can't be ""/],
    [['ann:Admin'], 'E_VALUE', /Did you mean admin\?/],
    [['ann:root'], 'E_VALUE', /Choose one of: admin, user\./],
    [['ann', 'ann'], 'E_USER_EXISTS', /already a user ann\./],
    [['Ann', 'aNN'], 'E_USER_EXISTS', /differs only in case/],
    [['Ollama-Stack-Test-x'], 'E_USER_NAME', /smoke tests/],
  ])('not %j', (texts, code, says) => {
    const error = refusal(() => people(texts))
    expect([error.code, `${error.message} ${error.hint}`]).toEqual([code, expect.stringMatching(says)])
  })
})

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'], ['0.0.0.0', '0.0.0.0'], ['255.255.255.255', '255.255.255.255'], ['::', '::'], ['0:0:0:0:0:0:0:0', '::'], ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'], ['fd7a:115c:a1e0::1', 'fd7a:115c:a1e0::1'], ['::ffff:127.0.0.1', '127.0.0.1'], ['::FFFF:0:0', '0.0.0.0'], ['::ffff:c0a8:105', '192.168.1.5'],
  ])('%s is %s', (text, expected) => expect(address(text)).toBe(expected))
  test.each(['010.0.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '127.1', '1.2.3', '1.2.3.4.5', '256.0.0.1', '1.2.3.4/24', '1.2.3.4:80', '[::1]', '::1%lo', 'fe80::1%eth0', ':::', '::g', '１２７.0.0.1', 'localhost', 'eth0', ' 127.0.0.1', '*'])('not %s', (text) => {
    expect(refusal(() => address(text)).code).toBe('E_BIND')
  })
  test('localhost has its own advice', () => expect(refusal(() => address('localhost')).hint).toBe('Write --bind 127.0.0.1 for this machine only.'))
})

describe('ports', () => {
  test.each(['1', '80', '8880', '65535'])('%s', (text) => expect(port(text)).toBe(Number(text)))
  test.each(['0', '-1', '+80', '65536', '99999', '100000', '080', '80a', '0x50', '8e3', '80.0', '1_000', '٨٠', '８０', '1 2', '80\n', 'http', 'NaN', 'Infinity'])('not %j', (text) => expect(refusal(() => port(text)).code).toBe('E_PORT'))
})

describe('hosts', () => {
  const label = 'a'.repeat(63)
  test.each([
    ['localhost', 'localhost'], ['OLLAMA.Example.COM', 'ollama.example.com'], ['a', 'a'], ['nas-1.local', 'nas-1.local'], ['1password.com', '1password.com'], ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['münchen.de', 'xn--mnchen-3ya.de'], ['日本.jp', 'xn--wgv71a.jp'], [`${label}.com`, `${label}.com`], ['192.168.1.5', '192.168.1.5'], ['2001:DB8::1', '2001:db8::1'], ['::ffff:10.0.0.1', '10.0.0.1'], ['host.docker.internal', 'host.docker.internal'],
  ])('%s is %s', (text, expected) => expect(host(text)).toBe(expected))
  test.each([
    'a.com.', '.a.com', 'a..b', 'a_b.com', '-a.com', 'a-.com', '*.a.com', `a${label}.com`, `${`${label}.`.repeat(4)}com`, 'https://a.com', 'ftp://a.example', 'a.com:8443', 'a.com/x', 'a@b.com', 'a?b', '[::1]', '::1%lo',
    '127.1', '010.0.0.1', '0x7f000001', '0x7f.1', 'a.0x1', '2130706433', 'example.1', '１２７.０.０.１', 'xn--a', 'a。b', '0.0.0.0', '::', '::ffff:0:0', "foo'bar", 'a.com b.com',
  ])('not %s', (text) => expect(refusal(() => host(text)).code).toBe('E_HOST'))
  test('everywhere is a --bind, not a --host', () => expect(refusal(() => host('0.0.0.0')).hint).toMatch(/--bind 0\.0\.0\.0/))
  test.each(['0x7f', '127', 'a.0x', 'UPPER', ''])('isDnsName(%j) is false', (name) => expect(isDnsName(name)).toBe(false))
})

describe('models', () => {
  test.each(['gemma3:1b', 'llama3', 'Org/Model', 'hf.co/org/model:Q4_K_M', 'localhost:5000/org/model:tag', 'a.b-c_d', '1e3', 'constructor', 'a'.repeat(256)])('%s', (text) => expect(modelName(text)).toBe(text))
  test.each(['..', 'a..b', 'a/../b', 'a/..', '/a', 'a/', 'a//b', 'a:', 'a:b:c', ':b', '.a', '_a', 'a/.b', 'a@sha256:0', 'bücher', 'https://ollama.com/x', 'a'.repeat(257)])('not %s', (text) => expect(refusal(() => modelName(text)).code).toBe('E_MODEL_NAME'))
  test.each([['none', null], ['None', 'None'], ['gemma3:1b', 'gemma3:1b']])('%s is %s', (text, expected) => expect(model(text)).toBe(expected))
  test('a long near-miss is refused at once', () => {
    const start = performance.now()
    expect(refusal(() => modelName(`${'a/'.repeat(100_000)}!`)).code).toBe('E_MODEL_NAME')
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('rate', () => {
  test.each(['1/s', '60/m', '999999/m'])('%s', (text) => expect(rate(text)).toBe(text))
  test.each(['0/s', '60', '/m', '60/h', '-1/s', '1.5/s', '0r/s', '1.5r/s', '-1r/s', 'abc', '1e9r/s', '1e9/s', '60/m;', '60 /m', '1000000/m', '60/M', '6٠/m', '60/m\n'])('not %j', (text) => expect(refusal(() => rate(text)).code).toBe('E_RATE'))
})
