// Allowed addresses: what is taken, what it becomes, and whom it means.

import { expect, test } from 'vitest'
import { allowed, isAllowed } from '../../src/questions/allowed.ts'
import { toConfig } from '../../src/questions/config.ts'
import { FIELDS, KEYS, type Answers } from '../../src/questions/fields.ts'
import { subnetFor } from '../../src/net/subnet.ts'
import { geoLines, remoteIpLines } from '../../stacks/allow.ts'
import { refusal } from './refusal.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'], ['192.168.1.0/24', '192.168.1.0/24'], ['192.168.1.128/25', '192.168.1.128/25'], ['10.0.0.0/8', '10.0.0.0/8'], ['203.0.113.7/32', '203.0.113.7'],
  ['fd00::/8', 'fd00::/8'], ['FD00:0:0::/48', 'fd00::/48'], ['2001:db8::7/128', '2001:db8::7'], ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7'], ['2001:db8:8000::/33', '2001:db8:8000::/33'],
  ['::ffff:192.168.1.5', '192.168.1.5'], ['::ffff:192.168.1.0/120', '192.168.1.0/24'], ['128.0.0.0/1', '128.0.0.0/1'],
])('%s is %s', (text, expected) => expect(allowed(text)).toBe(expected))

test.each([
  ['', /neither an IP address/], ['localhost', /neither/], ['192.168.1', /neither/], ['192.168.1.0/', /neither/], ['192.168.1.0/33', /neither/], ['192.168.1.0/024', /neither/], ['192.168.1.0/-1', /neither/],
  ['192.168.1.0/24/24', /neither/], ['192.168.1.0/255.255.255.0', /neither/], ['192.168.01.0/24', /neither/], ['0x7f.0.0.1', /neither/], ['192.168.1.5-9', /neither/], ['192.168.1.0 /24', /neither/],
  ['1.2.3.4; allow all', /neither/], ['1.2.3.4\n0.0.0.0/0 1', /neither/], ['fe80::1%eth0', /neither/], ['fd00::/129', /neither/], ['[fd00::1]', /neither/], ['all', /neither/], ['*', /neither/], ['private_ranges', /neither/],
  ['0.0.0.0/0', /is everybody/], ['::/0', /is everybody/], ['1.2.3.4/0', /is everybody/], ['::ffff:0.0.0.0/96', /is everybody/],
  ['192.168.1.5/24', /Write 192\.168\.1\.0\/24 for the whole range, or 192\.168\.1\.5 /], ['fd00::5/64', /Write fd00::\/64 for the whole range/], ['::ffff:1.2.3.4/90', /wider than all of IPv4/],
])('%j is refused', (text, says) => {
  const { code, message, hint } = refusal(() => allowed(text))
  expect(code).toBe('E_ALLOW')
  expect(`${message} ${hint}`).toMatch(says)
})

test.each([
  [['192.168.1.0/24'], '192.168.1.255', true], [['192.168.1.0/24'], '192.168.2.0', false], [['203.0.113.7'], '203.0.113.7', true], [['203.0.113.7'], '203.0.113.70', false],
  [['fd00::/8'], 'fdff::1', true], [['fd00::/8'], 'fe80::1', false], [[], '127.0.0.1', false], [['192.168.1.0/24'], 'nonsense', false],
])('%j has %s: %s', (entries, ip, expected) => expect(isAllowed(entries, ip)).toBe(expected))

test('as the proxies read it', () => {
  expect(geoLines([])).toBe('default 1;\n')
  expect(geoLines(['192.168.1.0/24', 'fd00::/8'])).toBe('default 0;\n192.168.1.0/24 1;\nfd00::/8 1;\n')
  expect(remoteIpLines([])).toBe('# Everybody.\n')
  expect(remoteIpLines(['192.168.1.0/24', 'fd00::/8'])).toMatch(/^@elsewhere not remote_ip 192\.168\.1\.0\/24 fd00::\/8\n[^]*error @elsewhere 403\n$/)
})

const machine = { names: [], addresses: [{ ip: '192.168.1.5', network: 'eth0', kind: 'lan' as const }, { ip: 'fd00::5', network: 'eth0', kind: 'lan' as const }] }
function config(known: Partial<Answers>): string[] {
  const answers = { ...known } as Answers
  for (const key of KEYS) if (!(key in answers)) Object.assign(answers, { [key]: FIELDS[key].fallback(answers, { cwd: '/srv', machine }) })
  return [...toConfig(answers, machine).allow ?? []]
}

test.each<[string, string[], string[]]>([
  ['0.0.0.0', [], []], ['0.0.0.0', ['192.168.0.0/16'], ['192.168.0.0/16']], ['0.0.0.0', ['203.0.113.7'], ['203.0.113.7', '192.168.1.5']], ['::', ['203.0.113.7'], ['203.0.113.7', 'fd00::5']],
  ['192.168.1.5', ['203.0.113.7'], ['203.0.113.7', '192.168.1.5']],
])('this machine, published on %s, is on the list %j itself', (bind, allow, expected) => expect(config({ bind, allow })).toEqual(expected))

test.each<[string, string[], string[]]>([
  ['0.0.0.0', [], []], ['0.0.0.0', ['203.0.113.7'], ['203.0.113.7', '127.0.0.1']], ['::', ['203.0.113.7'], ['203.0.113.7', '::1']],
  ['0.0.0.0', ['192.168.0.0/16'], ['192.168.0.0/16']], ['127.0.0.1', ['127.0.0.0/8'], ['127.0.0.0/8']], ['192.168.1.5', ['203.0.113.7'], ['203.0.113.7', '192.168.1.5']],
])('with --host-network it is so by its loopback address: %s, %j', (bind, allow, expected) => expect(config({ bind, allow, hostNetwork: true })).toEqual(expected))

test("Docker's own addresses are never on the list", () => {
  expect(subnetFor('home', ['10.0.0.0/8'])).toMatch(/^172\.(?:28|29|30|31)\./)
  expect(subnetFor('home', ['10.0.0.0/8', '172.16.0.0/12'])).toMatch(/^192\.168\.2[0-4]\d$/)
  expect(subnetFor('home', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])).toBe(null)
  const first = subnetFor('home')
  expect(subnetFor('home', [`${first}.11`])).not.toBe(first)
})
