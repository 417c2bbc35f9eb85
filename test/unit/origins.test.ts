import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { origins, ORIGIN_PRESETS } from '../../src/questions/origins.ts'
import { originPattern } from '../../stacks/origins.ts'

const refused = (text: string): string => {
  try {
    origins(text)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'E_ORIGIN') return error.message
    throw error
  }
  throw new Error(`${text} was taken`)
}

test.each([
  ['https://app.example.com', 'https://app.example.com'], ['https://App.Example.com/', 'https://app.example.com'], ['https://app.example.com:443', 'https://app.example.com'],
  ['http://app.example.com:80', 'http://app.example.com'], ['http://app.example.com:443', 'http://app.example.com:443'], ['https://app.example.com:8443', 'https://app.example.com:8443'],
  ['http://localhost:3000', 'http://localhost:3000'], ['http://192.168.1.5', 'http://192.168.1.5'], ['http://[FD00:0::2]:3000', 'http://[fd00::2]:3000'], ['https://münchen.de', 'https://xn--mnchen-3ya.de'],
  ['onlyoffice://*', 'onlyoffice://*'], ['app://obsidian.md', 'app://obsidian.md'], ['capacitor://localhost*', 'capacitor://localhost'], ['file://', 'file://*'], ['file://*', 'file://*'],
  ['chrome-extension://jfgfiigpkhlkbnfnbobbkinehhfdhndo', 'chrome-extension://jfgfiigpkhlkbnfnbobbkinehhfdhndo'], ['moz-extension://*', 'moz-extension://*'],
])('%s is %s', (text, origin) => expect(origins(text)).toEqual([origin]))

test('a pasted OLLAMA_ORIGINS list, with the spaces that people put there', () => {
  expect(origins('chrome-extension://*, capacitor://localhost*,https://chat.example.com')).toEqual(['chrome-extension://*', 'capacitor://localhost', 'https://chat.example.com'])
  expect(refused('https://chat.example.com,http://*')).toContain('"http://*"')
})

test.each([
  ['*', /every web page/], ['null', /sandboxed/], ['', /empty/], ['https://a.example,', /empty/], ['http://*', /a \*/], ['https://*.example.com', /a \*/], ['http://localhost:*', /a \*/], ['http://localhost*', /a \*/],
  ['app.example.com', /no scheme/], ['https://', /no host/], ['https://a.example/x', /no path/], ['https://a.example?x', /no path/], ['https://u@a.example', /no path/], ['https://a.example:0', /no host/], ['https://a.example:99999', /65535/],
  ['https://a..example', /no host/], ['https://a_b.example', /no host/], ['https://1.2.3', /no host/], ['https://a.example;', /no host/], ['https://a"b', /no host/], ['https://a b', /no host/], ['https://a\nb', /no scheme/],
  ['~^https://.*', /no scheme/], ['constructor', /no scheme/], ['__proto__', /no scheme/], ['toString', /no scheme/], ['wss://a.example', /http or https/], ['javascript://*', /no origin/], ['x://a b', /every page/], ['x://a*b', /every page/], ['x://"', /every page/], ['x://a;}', /every page/], ['1x://*', /no scheme/], ['https://{env.X}', /no host/],
])('not %j', (text, why) => expect(refused(text)).toMatch(why))

describe('the pattern', () => {
  const allows = (list: string[], origin: string): boolean => new RegExp(originPattern(list)).test(origin)
  test('exactly what was allowed', () => {
    const list = ['https://app.example.com', 'onlyoffice://*', 'http://[fd00::2]:3000']
    for (const origin of ['https://app.example.com', 'onlyoffice://x', 'onlyoffice://', 'http://[fd00::2]:3000']) expect(allows(list, origin), origin).toBe(true)
    for (const origin of ['https://appXexample.com', 'https://app.example.com.evil.io', 'https://evilapp.example.com', 'https://app.example.com:8443', 'http://app.example.com', 'https://APP.example.com', 'https://app.example.com\n', 'onlyoffice:x', 'xonlyoffice://x', 'onlyoffice://a b', 'null', '']) {
      expect(allows(list, origin), origin).toBe(false)
    }
  })
  test('every preset is in its own grammar', () => {
    for (const { origins: list } of Object.values(ORIGIN_PRESETS)) expect(list.flatMap(origins)).toEqual(list)
  })
})
