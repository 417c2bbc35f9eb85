import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { bytes } from '../../src/ui/bytes.ts'
import { callable } from '../../src/cli/callable.ts'
import { curlCommand } from '../../src/start/curl.ts'
import { shellWord } from '../../src/ui/shell-word.ts'
import { parseCompose } from '../../src/compose.ts'
import { exposure } from '../../src/running/exposure.ts'
import { junit } from '../../src/checks/junit.ts'
import { overlaps, subnetFor } from '../../src/net/subnet.ts'

describe('bytes', () => {
  test.each([[0, '0 B'], [999, '999 B'], [1000, '1 kB'], [815_319_791, '815 MB'], [3_338_801_804, '3.3 GB'], [999_600, '1 MB'], [12_000_000, '12 MB']])('%d is %s', (count, text) => {
    expect(bytes(count)).toBe(text)
  })
})

describe('subnet', () => {
  test('is stable, small, and differs between names', () => {
    expect(subnetFor('home')).toBe(subnetFor('home'))
    expect(subnetFor('home')).not.toBe(subnetFor('work'))
    expect(subnetFor('home')).toMatch(/^10\.2[0-3]\d\.\d{1,3}$/)
  })
  test('moves on when its address is taken', () => {
    const first = subnetFor('home')
    const second = subnetFor('home', [`${first}.0/24`])
    expect(second).not.toBe(first)
    expect(overlaps(`${second}.0/29`, `${first}.0/24`)).toBe(false)
  })
  test.each([
    ['10.1.0.0/16', '10.1.2.0/29', true],
    ['10.1.2.8/29', '10.1.2.0/29', false],
    ['0.0.0.0/0', '10.1.2.0/29', true],
    ['fd00::/8', '10.1.2.0/29', false],
  ])('%s and %s overlap: %s', (a, b, expected) => expect(overlaps(a, b)).toBe(expected))
})

describe('curl', () => {
  const project = { dir: '/home/ann/my stack', url: 'https://localhost:8443', ca: '/home/ann/my stack/certs/ca.crt' }
  test('sends headers', () => {
    expect(curlCommand({ ...project, ca: null, url: 'http://127.0.0.1:8880' }, { login: { headers: { Authorization: 'Bearer abc' } }, files: null }))
      .toBe("curl -sS -H 'Authorization: Bearer abc' http://127.0.0.1:8880/api/tags")
  })
  test('name and password as people know it', () => {
    expect(curlCommand({ ...project, ca: null, url: 'http://127.0.0.1:8880' }, { login: { headers: { Authorization: `Basic ${btoa('ann:a b')}` } }, files: null }))
      .toBe("curl -sS -u 'ann:a b' http://127.0.0.1:8880/api/tags")
  })
  test('presents a certificate, with quoted paths', () => {
    expect(curlCommand(project, { login: { headers: {}, cert: 'PEM', key: 'PEM' }, files: { cert: 'certs/clients/ann.crt', key: 'certs/clients/ann.key', p12: 'p' } }))
      .toBe("curl -sS --cacert '/home/ann/my stack/certs/ca.crt' --cert '/home/ann/my stack/certs/clients/ann.crt' --key '/home/ann/my stack/certs/clients/ann.key' https://localhost:8443/api/tags")
  })
  test('quotes what a shell would read', () => {
    expect(shellWord("a'b$(c)")).toBe("'a'\\''b$(c)'")
  })
})

describe('commands to paste', () => {
  test.each([
    ['Start it: ollama-stack up', '/p', '/p', 'Start it: ./ollama-stack up'],
    ['Start it: ./ollama-stack up', '/p', '/home', 'Start it: /p/ollama-stack up'],
    ['All: ollama-stack --help', '/my stack', '/', "All: '/my stack/ollama-stack' --help"],
    ['ollama-stack COMMAND --help', '/p', '/p', './ollama-stack COMMAND --help'],
    ['npx create-ollama-stack@latest --help, create-ollama-stack up', '/p', '/p', 'npx create-ollama-stack@latest --help, create-ollama-stack up'],
    ['/x/ollama-stack up', '/p', '/p', '/x/ollama-stack up'],
    ['npx -p create-ollama-stack@latest ollama-stack upgrade -C .', '/p', '/p', 'npx -p create-ollama-stack@latest ollama-stack upgrade -C .'],
    ['npx --package create-ollama-stack ollama-stack connect URL', '/p', '/p', 'npx --package create-ollama-stack ollama-stack connect URL'],
    ['ollama-stack up', undefined, '/p', 'ollama-stack up'],
  ])('%s', (text, project, cwd, pasted) => expect(callable(text, project, cwd)).toBe(pasted))
})

describe('exposure by a hand edit', () => {
  const machine = { names: ['nas'], addresses: [{ ip: '192.168.1.5', network: 'eth0', kind: 'lan' as const }, { ip: '100.64.0.1', network: 'tailscale0', kind: 'vpn' as const }] }
  const look = (bind: string, tls: 'off' | 'private' = 'off', insecureHttp = false, { ollama = '', proxy = '', more = '' } = {}) => {
    const text = `name: x\nservices:\n  proxy:\n    image: a:1\n    ports:\n      - {mode: ingress, host_ip: "${bind}", target: 8080, published: "8880"}\n${proxy}  ollama:\n    image: a:1\n${ollama}${more}`
    return exposure({ allow: [], stack: { needsTls: false }, tls, insecureHttp, file: parseCompose(text, '/p/compose.yaml') }, machine)?.what ?? null
  }
  test.each([['127.0.0.1'], ['::1'], ['100.64.0.1']])('plain HTTP on %s stays private', (bind) => expect(look(bind)).toBeNull())
  test.each([['0.0.0.0'], ['::'], ['192.168.1.5']])('plain HTTP on %s is told', (bind) => expect(look(bind)).toContain(`port 8880 on ${bind} without TLS`))
  test('with TLS, or insisted on', () => expect([look('0.0.0.0', 'private'), look('0.0.0.0', 'off', true)]).toEqual([null, null]))
  test("Ollama's own port is told, even on this machine only", () => {
    expect(look('127.0.0.1', 'private', false, { ollama: '    ports: ["127.0.0.1:11434:11434"]\n' })).toContain('publishes a port of the service ollama')
  })
  test('a second port counts as much as the first', () => {
    for (const port of ['      - {mode: ingress, host_ip: "0.0.0.0", target: 8080, published: "9314"}\n', '      - "9314:8080"\n']) expect(look('127.0.0.1', 'off', false, { proxy: port })).toContain('port 9314 on 0.0.0.0 without TLS')
    expect(look('127.0.0.1', 'off', false, { proxy: '      - "8080"\n' })).toContain('on 0.0.0.0 without TLS')
  })
  test('a way around the proxy: another service on backend, a backend that leads outside', () => {
    const networks = 'networks:\n  backend:\n    internal: true\n'
    expect(look('127.0.0.1', 'off', false, { more: `  web:\n    image: a:1\n    networks: [backend]\n    ports: ["127.0.0.1:9315:80"]\n${networks}` })).toContain('a port of the service web')
    expect(look('127.0.0.1', 'off', false, { more: `  web:\n    image: a:1\n    ports: ["127.0.0.1:9315:80"]\n` })).toBeNull()
    expect(look('127.0.0.1', 'off', false, { more: networks.replace('true', 'false') })).toContain("isn't internal")
    expect(look('127.0.0.1', 'off', false, { more: networks })).toBeNull()
  })
  test("what listens in this machine's own network counts as published, and Ollama may not", () => {
    const front = (listen: string) => ({ proxy: `  front:\n    image: a:1\n    network_mode: host\n    environment: {LISTEN: "${listen}"}\n` })
    expect(look('127.0.0.1', 'off', false, front('127.0.0.1:8880'))).toBeNull()
    expect(look('127.0.0.1', 'private', false, front('[::]:8880'))).toBeNull()
    expect(look('127.0.0.1', 'off', false, front('[::]:8880'))).toContain('port 8880 on :: without TLS')
    expect(look('127.0.0.1', 'private', false, { ollama: '    network_mode: host\n' })).toContain("ollama in this machine's own network")
    expect(look('127.0.0.1', 'private', false, { more: '  front:\n    image: a:1\n    networks: [backend]\nnetworks: {backend: {internal: true}}\n' })).toContain('front on the network backend')
  })
  test('the address that the proxy is told', () => {
    const told = (ip: string) => ({ proxy: `    environment: {PUBLISHED_ON: "${ip}"}\n` })
    expect(look('127.0.0.1', 'off', false, told('127.0.0.1'))).toBeNull()
    expect(look('0.0.0.0', 'off', true, told('127.0.0.1'))).toContain('tells the proxy that it is 127.0.0.1')
  })
})

test('JUnit XML that a strict reader takes, whatever a detail says', () => {
  const text = junit('my-stack', [
    { id: 'a', title: 'one & two', ok: true, detail: '200', ms: 12 },
    { id: 'b', title: 'b', ok: false, detail: 'got <"500">\u0000\n', ms: 5 },
    { id: 'c', title: 'c', ok: null, detail: 'no model', ms: 0 },
  ])
  const parsed = execFileSync('python3', ['-c', 'import sys,xml.etree.ElementTree as e; r=e.fromstring(sys.stdin.buffer.read()); s=r[0]; print(s.get("tests"),s.get("failures"),s.get("skipped"),[(c.get("name"),[(i.tag,i.get("message")) for i in c]) for c in s])'], { input: text, encoding: 'utf8' })
  expect(parsed.trim()).toBe("3 1 1 [('one & two', []), ('b', [('failure', 'got <\"500\">\ufffd ')]), ('c', [('skipped', 'no model')])]")
})
