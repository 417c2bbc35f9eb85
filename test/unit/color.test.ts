// Colours: who decides, and that none carries a meaning alone.

import { execFileSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { colored } from '../../src/configure/diff.ts'
import { logText } from '../../src/running/log-text.ts'
import { hasColors } from '../../src/ui/color.ts'

const terminal = { isTTY: true as const, hasColors: (env: object) => !('NO_COLOR' in env) } as unknown as NodeJS.WriteStream
const pipe = new PassThrough() as unknown as NodeJS.WriteStream

test.each<[string, NodeJS.WriteStream, Record<string, string>, boolean]>([
  ['a terminal', terminal, {}, true],
  ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
  ['a pipe', pipe, {}, false],
  ['a pipe with FORCE_COLOR=1', pipe, { FORCE_COLOR: '1' }, true],
  ['a pipe with FORCE_COLOR=0', pipe, { FORCE_COLOR: '0' }, false],
  ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
])('%s', (_, stream, env, expected) => expect(hasColors(stream, env)).toBe(expected))

test('lines of services differ by their name, requests by their status', () => {
  const line = (service: string, status: number): string =>
    logText({ service, stream: 'stdout', line: '', time: '2026-11-21T15:28:16Z' }, service === 'proxy' ? { person: 'bob', address: '192.0.2.9', method: 'GET', path: '/api/tags', status, seconds: 0, firstByte: null, bytes: 1, refused: null, at: '' } as never : null, { color: true, services: ['proxy', 'ollama'] })
  const lines = [line('proxy', 200), line('proxy', 401), line('proxy', 502), line('ollama', 0)]
  expect(lines.every((one) => one.includes('\x1b['))).toBe(true)
  expect(lines.map((one) => /(proxy|ollama) +\|.*?( \d{3} |$)/.exec(stripVTControlCharacters(one))?.slice(1, 3).map((part) => part.trim()))).toEqual([['proxy', '200'], ['proxy', '401'], ['proxy', '502'], ['ollama', '']])
})

/** Node.js asks its own environment, so another one is asked. */
const diffIn = (env: Record<string, string>): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', "import { styleText } from 'node:util'; process.stdout.write(styleText('green', '+ new', { stream: process.stdout }))"], { env: { ...env, PATH: process.env['PATH'] ?? '' }, encoding: 'utf8' })

test('a diff has its signs without colours, and its colours by the same variables', () => {
  const diff = '--- a\n+++ a\n@@ -1 +1 @@\n-old\n+new\nremoved:  b\nnew:      c'
  expect(colored(diff, pipe)).toBe(diff)
  expect([diffIn({}), diffIn({ FORCE_COLOR: '1' }), diffIn({ NO_COLOR: '1' })]).toEqual(['+ new', '\x1b[32m+ new\x1b[39m', '+ new'])
})
