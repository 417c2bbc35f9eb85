import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conflicts, toConfig, unusedPermission } from '../../src/questions/config.ts'
import { UsageError, throwAll } from '../../src/errors.ts'
import { FIELDS, KEYS, type Answers } from '../../src/questions/fields.ts'
import type { Machine } from '../../src/questions/machine.ts'
import { failure } from './refusal.ts'

const machine: Machine = {
  names: ['nas', 'nas.local'],
  addresses: [{ ip: '192.168.1.5', network: 'eth0', kind: 'lan' }, { ip: '100.101.102.103', network: 'tailscale0', kind: 'vpn' }],
}
const VPN = '100.101.102.103'
const codes = (known: Partial<Answers>, ownPassword = false): string[] => conflicts(known, ownPassword, machine).map(({ code }) => code)

let dir: string
beforeAll(() => { dir = mkdtempSync(join(tmpdir(), 'ollama-stack-config-')) })
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('what goes together, and what does not', () => {
  test.each<[string, Partial<Answers>, string[]]>([
    ['nothing known', {}, []],
    ['--auth mtls', { auth: 'mtls' }, []],
    ['--auth mtls --tls private', { auth: 'mtls', tls: 'private' }, []],
    ['--auth mtls --rate 60/m', { auth: 'mtls', rate: '60/m' }, ['E_RATE']],
    ['--auth basic --rate 60/m', { auth: 'basic', rate: '60/m' }, []],
    ['--auth mtls --tls off', { auth: 'mtls', tls: 'off' }, ['E_TLS']],
    ['--auth mtls --tls off --bind 127.0.0.1', { auth: 'mtls', tls: 'off', bind: '127.0.0.1' }, ['E_TLS']],
    ['--auth mtls --tls off --bind 0.0.0.0', { auth: 'mtls', tls: 'off', bind: '0.0.0.0' }, ['E_TLS']],
    ['--auth mtls --tls off --insecure-http', { auth: 'mtls', tls: 'off', insecureHttp: true }, ['E_TLS']],
    ['--tls off', { tls: 'off' }, []],
    ['--tls off on loopback', { tls: 'off', bind: '127.0.0.1' }, []],
    ['--tls off on ::1', { tls: 'off', bind: '::1' }, []],
    ['--tls off on the VPN', { tls: 'off', bind: VPN }, []],
    ['--tls off on the LAN', { tls: 'off', bind: '192.168.1.5' }, ['E_INSECURE']],
    ['--tls off everywhere', { tls: 'off', bind: '0.0.0.0' }, ['E_INSECURE']],
    ['--tls off everywhere in IPv6', { tls: 'off', bind: '::' }, ['E_INSECURE']],
    ['--tls off on an address of the VPN range that is not ours', { tls: 'off', bind: '100.64.0.1' }, ['E_INSECURE']],
    ['--tls off everywhere --insecure-http', { tls: 'off', bind: '0.0.0.0', insecureHttp: true }, []],
    ['--tls off on the LAN --no insecure-http', { tls: 'off', bind: '192.168.1.5', insecureHttp: false }, ['E_INSECURE']],
    ['--allow on the LAN', { allow: ['192.168.1.0/24'], bind: '0.0.0.0' }, []],
    ['--allow on loopback', { allow: ['192.168.1.0/24'], bind: '127.0.0.1' }, ['E_ALLOW']],
    ['--allow loopback', { allow: ['127.0.0.0/8'], bind: '0.0.0.0' }, ['E_ALLOW']],
    ['--allow loopback --host-network', { allow: ['127.0.0.0/8'], bind: '0.0.0.0', hostNetwork: true }, []],
    ['--allow on loopback --host-network', { allow: ['192.168.1.0/24'], bind: '127.0.0.1', hostNetwork: true }, []],
    ['--host-network --tls private', { hostNetwork: true, tls: 'private', port: 8443 }, []],
    ['--host-network --tls acme', { hostNetwork: true, tls: 'acme', bind: '0.0.0.0', port: 443 }, ['E_HOST_NETWORK']],
    ['--host-network --port 1023', { hostNetwork: true, port: 1023 }, ['E_HOST_NETWORK']],
    ['--host-network --port 1024', { hostNetwork: true, port: 1024 }, []],
    ['--port 443', { hostNetwork: false, port: 443 }, []],
    ['--tls private everywhere', { tls: 'private', bind: '0.0.0.0' }, []],
    ['--tls private --tls-cert', { tls: 'private', tlsCert: '/x' }, ['E_TLS']],
    ['--tls off --acme-email', { tls: 'off', acmeEmail: 'a@example.com' }, ['E_TLS']],
    ['--tls files without files', { tls: 'files', tlsCert: null, tlsKey: null }, ['E_TLS']],
    ['--tls files without a key', { tls: 'files', tlsCert: '/x', tlsKey: null }, ['E_TLS']],
    ['--tls files with files that are not there', { tls: 'files', tlsCert: '/nowhere/x', tlsKey: '/nowhere/y' }, ['E_TLS_FILES']],
    ['--tls acme', { tls: 'acme', bind: '0.0.0.0', hosts: ['203.0.113.7', 'ai.example.com', 'b.example.com'] }, []],
    ['--tls acme with an address behind a name', { tls: 'acme', hosts: ['ai.example.com', '203.0.113.7'] }, ['E_ACME']],
    ['--tls acme on loopback', { tls: 'acme', bind: '127.0.0.1' }, ['E_ACME']],
    ['--tls acme on port 80', { tls: 'acme', port: 80 }, ['E_ACME']],
    ['--tls acme without a name', { tls: 'acme', hosts: [] }, ['E_ACME']],
    ['--tls acme for a name of the LAN', { tls: 'acme', hosts: ['nas.local'] }, ['E_ACME']],
    ['--tls acme for a short name', { tls: 'acme', hosts: ['ai.example.com', 'nas'] }, ['E_ACME']],
    ['--tls acme for an address of the LAN', { tls: 'acme', hosts: ['192.168.1.5'] }, ['E_ACME']],
    ['--tls acme for fd00::5', { tls: 'acme', hosts: ['fd00::5'] }, ['E_ACME']],
    ["--tls acme with a company's own CA", { tls: 'acme', hosts: ['nas.lan', 'nas'], acmeDirectory: 'https://ca.lan/acme' }, []],
    ["--tls acme with a company's own CA for what Caddy keeps to itself", { tls: 'acme', hosts: ['192.168.1.5', 'nas.local', 'nas.home.arpa'], acmeDirectory: 'https://ca.lan/acme' }, ['E_ACME']],
    ["--acme-root for Let's Encrypt", { tls: 'acme', acmeRoot: '/nowhere/x', acmeDirectory: null }, ['E_ACME', 'E_TLS_FILES']],
  ])('%s', (_, known, expected) => expect(codes(known)).toEqual(expected))

  test.each([['basic', []], ['bearer', ['E_PASSWORD']], ['mtls', ['E_PASSWORD']]])('--password-stdin with --auth %s', (auth, expected) => {
    expect(codes({ auth }, true)).toEqual(expected)
    expect(codes({ auth }, false)).toEqual([])
  })

  test.each<[Partial<Answers>, RegExp | null]>([
    [{ insecureHttp: true }, null],
    [{ insecureHttp: true, tls: 'off' }, null],
    [{ insecureHttp: false, tls: 'private' }, null],
    [{ insecureHttp: true, tls: 'private' }, /but --tls is private\. Leave .* write --tls off as well\.$/],
    [{ insecureHttp: true, auth: 'mtls' }, /but --auth mtls is always encrypted\. Leave --insecure-http out\.$/],
  ])('a permission without a use: %j', (known, says) => {
    const found = unusedPermission(known).map(({ message, hint }) => `${message} ${hint}`)
    expect(found).toEqual(says ? [expect.stringMatching(says)] : [])
  })

  test('a directory that is taken counts too', () => {
    mkdirSync(join(dir, 'taken'))
    writeFileSync(join(dir, 'taken', 'compose.yaml'), '')
    expect(codes({ directory: join(dir, 'taken'), auth: 'mtls', tls: 'off' }, true)).toEqual(['E_DIR_NOT_EMPTY', 'E_TLS', 'E_PASSWORD'])
    expect(codes({ directory: join(dir, 'new') })).toEqual([])
  })

  test('each says what to do', () => {
    for (const { message, hint, exit } of conflicts({ auth: 'bearer', tls: 'off', bind: '0.0.0.0' }, true, machine)) {
      expect(exit).toBe(2)
      expect(message).toMatch(/^--\w.*\.$/)
      expect(hint).toMatch(/--\w/)
    }
    const [insecure, password] = conflicts({ auth: 'bearer', tls: 'off', bind: '0.0.0.0' }, true, machine)
    expect(insecure?.message).toBe('--tls off on 0.0.0.0 would send every credential and prompt readable over the network.')
    expect(password?.hint).toBe('Leave it out, or take --auth basic.')
  })
})

describe('all problems at once', () => {
  const first = new UsageError('E_PORT', 'Bad port.', 'Give another.')
  test('none is none', () => expect(throwAll([])).toBeUndefined())
  test('one stays itself', () => expect(() => throwAll([first])).toThrow(first))
  test('two are one error with exit 2', () => {
    const error = failure(() => throwAll([first, new UsageError('E_HOST', 'Bad host.')]))
    expect([error.code, error.exit, error.message]).toEqual(['E_INPUT', 2, '2 things are wrong:\n- Bad port. Give another.\n- Bad host.'])
  })
})

describe('defaults', () => {
  const defaults = (known: Partial<Answers>): Answers => {
    const answers = { directory: '/srv/My Stack', ...known } as Answers
    for (const key of KEYS) if (!(key in answers)) Object.assign(answers, { [key]: FIELDS[key].fallback(answers, { cwd: '/srv', machine }) })
    return answers
  }
  test.each<[Partial<Answers>, Partial<Answers>]>([
    [{}, { name: 'my-stack', auth: 'bearer', people: [{ name: 'admin', role: 'admin' }], bind: '127.0.0.1', tls: 'off', port: 8880, model: 'gemma3:1b', start: true, insecureHttp: false, hosts: [] }],
    [{ auth: 'mtls' }, { tls: 'private', port: 8443 }],
    [{ tls: 'private' }, { port: 8443 }],
    [{ bind: VPN }, { tls: 'off', port: 8880 }],
    [{ bind: '192.168.1.5' }, { tls: 'private', port: 8443 }],
    [{ bind: '0.0.0.0' }, { tls: 'private' }],
    [{ bind: '0.0.0.0', insecureHttp: true }, { tls: 'private' }],
    [{ bind: '::' }, { tls: 'private' }],
    // Somebody else's models are theirs to choose.
    [{ ollama: 'http://host:11434' }, { model: null }],
  ])('%j', (known, expected) => {
    expect(defaults(known)).toMatchObject(expected)
    expect(conflicts(defaults(known), false, machine)).toEqual([])
  })
  test.each<[Partial<Answers>, string[]]>([
    [{}, ['off', 'private']], [{ bind: VPN }, ['off', 'private']], [{ auth: 'mtls' }, ['private']], [{ bind: '0.0.0.0' }, ['private', 'acme', 'files']], [{ bind: '0.0.0.0', insecureHttp: true }, ['off', 'private', 'acme', 'files']], [{ bind: '0.0.0.0', insecureHttp: true, auth: 'mtls' }, ['private', 'acme', 'files']],
  ])('the wizard offers nothing that would be refused: %j', (known, expected) => {
    const { question } = FIELDS.tls
    const options = question?.kind === 'choice' ? question.options(defaults(known), { cwd: '/srv', machine }) : []
    expect(options.map(({ value }) => value)).toEqual(expected)
    // Only what is really encrypted on its way is said to be.
    expect(options[0]?.hint).toMatch(known.bind === VPN ? /VPN/ : /^(?!.*VPN)/)
  })
  test.each([['::', 'fd00::5'], ['0.0.0.0', '192.168.1.5']])('published on %s, the URL has an address that is published: %s', (bind, first) => {
    const both: Machine = { names: ['nas'], addresses: [{ ip: '192.168.1.5', network: 'eth0', kind: 'lan' }, { ip: 'fd00::5', network: 'eth0', kind: 'lan' }] }
    expect(toConfig(defaults({ bind }), both).hosts[0]).toBe(first)
  })
  test('the configuration holds no person, and every name once', () => {
    expect(toConfig(defaults({ bind: '0.0.0.0', hosts: ['ai.example.com', 'nas'] }), machine)).toEqual({
      name: 'my-stack', auth: 'bearer', bind: '0.0.0.0', port: 8443, tls: 'private', acme: null, insecureHttp: false, origins: [], allow: [], hostNetwork: false, rate: null, model: 'gemma3:1b',
      hosts: ['ai.example.com', 'nas', '192.168.1.5', VPN, 'nas.local', '127.0.0.1', 'localhost', '::1'],
    })
  })
})
