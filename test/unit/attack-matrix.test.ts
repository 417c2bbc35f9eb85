// Each given attack case has a place where it is met, and each place exists.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/attacks/judge.ts'
import { CLASSES } from '../../src/attacks/matrix.ts'
import type { Case } from '../../src/attacks/case.ts'
import { parse, type RawReply } from '../../src/attacks/raw.ts'
import { answersOf } from '../../src/attacks/container.ts'
import { stacks } from '../../stacks/index.ts'
import type { MadeCredential, Stack } from '../../stacks/stack.ts'
import { MET } from '../attack-ids.ts'

interface Given {
  id: string
  /** A request, or what to do. */
  request: string
  appliesTo: string[]
  mustNotReachUpstream: boolean
}

const tests = join(import.meta.dirname, '..')
const given = JSON.parse(readFileSync(join(tests, 'attack-cases.json'), 'utf8')) as Given[]
const KEY = `olsk_${'Ab'.repeat(21)}z`
const ORIGINS = ['https://app.example.com', 'onlyoffice://*']
const valid: MadeCredential = { name: 'ann', role: 'user', secret: KEY, files: null, login: { headers: {} } }

const casesOf = (stack: Stack): Map<string, Case> => new Map(
  CLASSES.flatMap(({ cases }) => cases({ stack, valid, origins: ORIGINS, hosts: [] })).map((one) => [one.id, one]))
const tables = new Map(Object.values(stacks).map((stack) => [stack.id, casesOf(stack)]))

test('no row is about an id that nobody gave', () => {
  expect(given).toHaveLength(179)
  expect(Object.keys(MET).filter((id) => !given.some((one) => one.id === id))).toEqual([])
})

test.each(given)('$id is met', ({ id, request, appliesTo, mustNotReachUpstream }) => {
  const where = MET[id]
  if (!where) throw new Error(`${id} has no row in test/attack-ids.ts`)
  if ('file' in where) {
    const file = join(tests, where.file)
    expect(existsSync(file), file).toBe(true)
    return expect(readFileSync(file, 'utf8').replaceAll("\\'", "'")).toContain(where.title)
  }
  for (const stack of appliesTo) {
    const one = tables.get(stack)?.get(where.case)
    if (!one) throw new Error(`${stack} has no case "${where.case}"`)
    if (mustNotReachUpstream) expect(one.upstream).toBe('never')
    // The same request line; the rest is what the two call it.
    const line = /^(.*) HTTP\/\d/.exec(request)?.[1]
    if (line !== undefined) expect([id, one.first?.replace(/ HTTP\/.*/, '') ?? `${one.method} ${one.target}`]).toEqual([id, SIMILAR.has(id) ? expect.any(String) : line.replace('{{KEY}}', KEY)])
  }
})

/** The same trick on another route. */
const SIMILAR = new Set(['SMUG-032', 'SMUG-038', 'SMUG-044'])

describe('the table', () => {
  test.each([...tables])('%s: no two cases share an id, and each has a status to expect', (id, table) => {
    const stack = stacks[id]
    if (!stack) throw new Error(id)
    const all = CLASSES.flatMap(({ cases }) => cases({ stack, valid, origins: ORIGINS, hosts: [] }))
    expect(all.length).toBe(table.size)
    expect(all.filter(({ expect: statuses }) => statuses.length === 0)).toEqual([])
  })

  test('what could do harm is only sent where a recording server answers', () => {
    const [stack] = Object.values(stacks)
    if (!stack) throw new Error('no stack')
    const sent = [...casesOf(stack).values()].filter(({ recorded, upstream }) => !recorded && upstream !== 'never')
    // Nothing that Ollama could pull, delete or run: no name, or one that nobody has.
    for (const { id, body = '' } of sent) expect(body.replaceAll(/"no-such-model-anywhere"/g, ''), id).not.toMatch(/"(?:model|name|source|from)":"[^"]/)
    expect(sent.some(({ method, target }) => method === 'POST' && target.startsWith('/api/blobs/'))).toBe(false)
  })

  test('without origins and without a first one there are still foreign pages', () => {
    const web = CLASSES.find(({ id }) => id === 'attack-origins')
    const [stack] = Object.values(stacks)
    expect(stack && web?.cases({ stack, valid, origins: [], hosts: [] }).every(({ allowed }) => allowed === undefined)).toBe(true)
  })

  test('what the owner allowed is no attack: an origin, a name', () => {
    const [stack] = Object.values(stacks)
    if (!stack) throw new Error('no stack')
    const refused = (id: string, more: { origins?: string[]; hosts?: string[] }): Case[] =>
      (CLASSES.find((one) => one.id === id)?.cases({ stack, valid, origins: [], hosts: [], ...more }) ?? []).filter(({ expect: statuses }) => !statuses.includes(200))
    const asks = (origin: string, cases: Case[]): boolean => cases.some(({ headers }) => headers?.['Origin'] === origin)
    const web = refused('attack-origins', { origins: ['chrome-extension://*', 'http://localhost'] }).filter(({ allowed }) => allowed === undefined)
    expect([asks('chrome-extension://foreign', web), asks('http://localhost', web), asks('https://foreign.example', web)]).toEqual([false, false, true])
    const names = refused('attack-hosts', { hosts: ['Ollama', 'proxy'] }).map(({ host }) => host)
    expect([names.includes('ollama'), names.includes('ollama:11434'), names.includes('foreign.example')]).toEqual([false, false, true])
  })

  test('base64 without its padding is among the spellings that are refused', () => {
    const spelling = stacks['basic']?.spellings({ ...valid, name: 'ab' }).find(({ id }) => id === 'without padding')
    expect(spelling).toMatchObject({ expect: [401] })
    expect(spelling?.lines.join()).toMatch(/^Authorization: Basic [A-Za-z0-9+/]+$/)
  })

  test('a folded Authorization is among the spellings that are refused, where there is one', () => {
    for (const id of ['basic', 'bearer']) expect(stacks[id]?.spellings(valid).find((one) => one.id === 'a folded line')?.expect).not.toContain(200)
  })
})

describe('what is wrong with an answer', () => {
  const one: Case = { id: 'x', who: 'user', method: 'GET', target: '/api/tags', expect: [403], upstream: 'never' }
  const reply = (text: string, closed = true): RawReply => ({ ...parse(text), closed })
  const good = 'HTTP/1.1 403 Forbidden\r\nVary: Origin\r\nContent-Length: 13\r\n\r\n{"error":"x"}'
  const wrong = (text: string, more: Partial<Case> = {}, closed = true): string[] => judge({ ...one, ...more }, reply(text, closed), /^Bearer$/)

  test('nothing', () => expect(wrong(good)).toEqual([]))
  test('another status', () => expect(wrong(good.replace('403', '200'))).toEqual(['answered 200, expected 403']))
  test('no answer', () => expect(wrong('')).toEqual(['answered nothing, expected 403']))
  test('two answers', () => expect(wrong(good + good)).toEqual(['2 answers, 403, 403, expected 403']))
  test('no JSON', () => expect(wrong(good.replace('{"error":"x"}', '<html></html>'))).toEqual(['403 without a JSON error: <html></html>']))
  test('an answer without Vary: Origin is wrong', () => expect(wrong(good.replace('Vary: Origin\r\n', ''))).toEqual(['Vary: none']))
  test('a permission that nobody gave', () => expect(wrong(good.replace('Vary', 'Access-Control-Allow-Origin: *\r\nVary'))).toEqual(['answered with access-control-allow-origin']))
  test('a permission for somebody else, or two', () => {
    const allowed = (...values: string[]): string => good.replace('Vary', `${values.map((value) => `Access-Control-Allow-Origin: ${value}\r\n`).join('')}Vary`)
    expect(wrong(allowed('https://a'), { allowed: 'https://a' })).toEqual([])
    expect(wrong(allowed('*'), { allowed: 'https://a' })).toEqual(['Access-Control-Allow-Origin: *'])
    expect(wrong(allowed('https://a', 'https://a'), { allowed: 'https://a' })).toEqual(['Access-Control-Allow-Origin: https://a | https://a'])
  })
  test('401 without a challenge', () => expect(wrong(good.replace('403', '401'), { expect: [401] })).toEqual(['401 with WWW-Authenticate: none']))
  test('an open connection after what could not be read', () => {
    expect(wrong(good.replace('403', '400'), { expect: [400], loose: true }, false)).toEqual(['the connection stays open after 400'])
  })
  test('"go on" is no answer, "switching protocols" is one', () => {
    expect(wrong(`HTTP/1.1 100 Continue\r\n\r\n${good}`)).toEqual([])
    expect(wrong('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n')[0]).toBe('answered 101, expected 403')
  })
  test('chunks, and bytes behind a body', () => {
    expect(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n').body).toBe('abcde')
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 400 Bad Request\r\n\r\n')).toMatchObject({ body: 'ab', statuses: [200, 400] })
  })
  test('what another container saw, place by place', () => {
    expect([...answersOf('== a:1\nHTTP/1.1 200 OK\n\n{}\n== b:2\n\n')]).toEqual([['a:1', 'HTTP/1.1 200 OK\n\n{}\n'], ['b:2', '\n']])
  })
})
