// The x-ollama-stack block of compose.yaml as its owner may have edited it: what isn't understood is told. A list of
// addresses that was read as none would open the stack to everybody at the next `configure`.

import { describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { projectOf, type Project } from '../../src/project/project.ts'
import { plainFiles } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { failure } from './refusal.ts'

const stack = stacks['bearer']
if (!stack) throw new Error('no stack called bearer')
const files = plainFiles(stack, config(stack, { rate: '60/m', allow: ['192.168.1.0/24'], origins: ['https://chat.example.com'] }))
const compose = String(files.get('compose.yaml')?.content)

function edited(from: RegExp, to: string): Project {
  expect(compose).toMatch(from)
  return projectOf('/p', compose.replace(from, to), (path) => files.has(path))
}

describe('x-ollama-stack', () => {
  test('as it was written', () => {
    expect(edited(/$/, '')).toMatchObject({ tls: 'off', rate: '60/m', allow: ['192.168.1.0/24'], origins: ['https://chat.example.com'], hosts: ['127.0.0.1', 'localhost'], insecureHttp: false, model: 'gemma3:1b' })
  })

  test('what may be left out', () => {
    expect(edited(/^ {2}(?:rate|allow|origins|hosts|model):.*\n/gm, '')).toMatchObject({ rate: null, allow: [], origins: [], hosts: [], model: null })
    expect(edited(/^ {2}allow:.*$/m, '  allow:')).toMatchObject({ allow: [] })
  })

  test.each<[what: string, from: RegExp, to: string, says: RegExp]>([
    ['one address in place of a list', /allow: .*/, 'allow: 192.168.1.5', /^compose\.yaml:\d+: x-ollama-stack\.allow must be a list/],
    ['addresses by name', /allow: .*/, 'allow: {home: 192.168.1.5}', /allow must be a list/],
    ['an address that is none', /allow: .*/, 'allow: ["192.168.1.300"]', /x-ollama-stack\.allow can't be "192\.168\.1\.300": it is neither an IP address/],
    ['a range that begins elsewhere', /allow: .*/, 'allow: ["192.168.1.7/24"]', /allow can't be "192\.168\.1\.7\/24"/],
    ['everybody', /allow: .*/, 'allow: ["0.0.0.0/0"]', /allow 0\.0\.0\.0\/0 is everybody/],
    ['a number as rate', /rate: .*/, 'rate: 60', /x-ollama-stack\.rate must be text/],
    ['another rate', /rate: .*/, 'rate: "60 per minute"', /rate can't be "60 per minute"/],
    ['an origin with more behind it', /origins: .*/, `origins: ['https://a.example" allowed; "']`, /origins can't be /],
    ['a host that is none', /^ {2}hosts: .*/m, '  hosts: ["localhost 1; default"]', /hosts can't be "localhost 1; default"/],
    ['encryption of another kind', /tls: "off"/, 'tls: "privat"', /x-ollama-stack\.tls must be one of off, private, files, acme/],
    ['encryption that YAML 1.1 takes for false', /tls: "off"/, 'tls: false', /tls must be one of/],
    ['no encryption at all', /^ {2}tls: .*\n/m, '', /tls must be one of/],
    ['a permission that is no yes or no', /tls: "off"/, 'tls: "off"\n  insecure-http: "no"', /insecure-http must be true or false/],
    ['a key with a slip in it', /allow: (.*)/, 'alow: $1', /^compose\.yaml:\d+: x-ollama-stack\.alow isn't known\. Did you mean allow\?$/],
    ['a key like no other', /rate: .*/, 'quota: "1"', /^compose\.yaml:\d+: x-ollama-stack\.quota isn't known\.$/],
    ['a number as model', /model: .*/, 'model: 3', /x-ollama-stack\.model must be text/],
  ])('%s is refused, with its line', (_, from, to, says) => {
    const error = failure(() => edited(from, to))
    expect({ code: error.code, exit: error.exit }).toEqual({ code: 'E_COMPOSE_INVALID', exit: 2 })
    expect(error.message).toMatch(says)
    expect(error.hint).not.toBe('')
    const line = Number(/^compose\.yaml:(\d+): /.exec(error.message)?.[1])
    const key = /x-ollama-stack\.([\w-]+)/.exec(error.message)?.[1] ?? ''
    expect(compose.replace(from, to).split('\n')[line - 1]).toMatch(new RegExp(`^  ${key}:|^x-ollama-stack:`))
  })
})
