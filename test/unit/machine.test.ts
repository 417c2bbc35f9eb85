import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { Answers } from '../../src/questions/fields.ts'
import { allHosts } from '../../src/questions/hosts.ts'
import { isEverywhere, isLoopback, isPrivate, thisMachine, type Machine } from '../../src/questions/machine.ts'

const at = (address: string): NetworkInterfaceInfo => ({
  address, internal: address === '127.0.0.1' || address === '::1', mac: '00:00:00:00:00:00', cidr: null,
  ...(address.includes(':') ? { family: 'IPv6', netmask: 'ffff:ffff:ffff:ffff::', scopeid: 0 } : { family: 'IPv4', netmask: '255.255.255.0' }),
})
const addressesOf = (interfaces: Record<string, string[]>) =>
  thisMachine('nas', Object.fromEntries(Object.entries(interfaces).map(([name, ips]) => [name, ips.map(at)]))).addresses

describe('names', () => {
  test.each<[string, string[]]>([
    ['nas', ['nas', 'nas.local']],
    ['NAS', ['nas', 'nas.local']],
    ['nas.local', ['nas', 'nas.local']],
    ['nas.example.com', ['nas', 'nas.example.com', 'nas.local']],
    ['nas.example.com.', ['nas', 'nas.example.com', 'nas.local']],
    ['localhost', []],
    ['localhost.localdomain', []],
    ['', []],
    ['Ann\'s MacBook', []],
    ['my_pc', []],
    ['my_pc.example.com', []],
    ['192.168.1.5', []],
    ['nas;reboot', []],
    ['nas\n', []],
  ])('%j', (hostname, names) => expect(thisMachine(hostname, {}).names).toEqual(names))
})

describe('addresses', () => {
  test.each<[string, string, 'lan' | 'vpn']>([
    ['eth0', '192.168.1.5', 'lan'],
    ['wlp3s0', '10.0.0.7', 'lan'],
    ['br0', '192.168.1.6', 'lan'],
    ['en0', '2001:db8::5', 'lan'],
    ['tailscale0', '100.101.102.103', 'vpn'],
    ['Tailscale', '100.101.102.103', 'vpn'],
    ['wg0', '10.8.0.1', 'vpn'],
    ['utun4', 'fd7a:115c:a1e0::1', 'vpn'],
    ['ztabcdef12', '10.147.17.1', 'vpn'],
    ['wt0', '100.80.0.1', 'vpn'],
    // What a mobile or satellite carrier gives its customers (RFC 6598): nothing encrypts it.
    ['wwan0', '100.64.0.2', 'lan'],
    ['eth0', '100.127.255.254', 'lan'],
  ])('%s %s is %s', (network, ip, kind) => expect(addressesOf({ [network]: [ip] })).toEqual([{ ip, network, kind }]))

  test.each<[string, string]>([
    ['lo', '127.0.0.1'], ['lo', '::1'], ['eth0', '169.254.10.1'], ['eth0', 'fe80::1'], ['eth0', 'febf::1'], ['utun0', 'fe80::1'],
    ['docker0', '172.17.0.1'], ['docker_gwbridge', '172.18.0.1'], ['br-0123456789ab', '172.19.0.1'], ['veth12', '10.0.0.1'], ['virbr0', '192.168.122.1'],
    ['cni0', '10.244.0.1'], ['podman0', '10.88.0.1'], ['lxdbr0', '10.1.1.1'], ['incusbr0', '10.1.2.1'], ['nerdctl0', '10.4.0.1'], ['vEthernet (WSL)', '172.20.0.1'], ['vmnet8', '192.168.5.1'],
  ])('%s %s is left out', (network, ip) => expect(addressesOf({ [network]: [ip] })).toEqual([]))

  test('IPv4 comes first, each in the order of the system', () => {
    expect(addressesOf({ eth0: ['2001:db8::5', '192.168.1.5'], wg0: ['10.8.0.1'] }).map(({ ip }) => ip)).toEqual(['192.168.1.5', '10.8.0.1', '2001:db8::5'])
  })

  test('an interface without entries is none', () => expect(thisMachine('nas', { eth0: undefined }).addresses).toEqual([]))
})

const machine: Machine = {
  names: ['nas', 'nas.local'],
  addresses: [{ ip: '192.168.1.5', network: 'eth0', kind: 'lan' }, { ip: '100.101.102.103', network: 'tailscale0', kind: 'vpn' }],
}

describe('what plain HTTP is private on', () => {
  test.each([
    ['127.0.0.1', true], ['127.0.0.53', true], ['::1', true], ['100.101.102.103', true],
    ['192.168.1.5', false], ['0.0.0.0', false], ['::', false], ['10.9.9.9', false], ['1.127.0.1', false], ['::127', false],
  ])('%s: %s', (ip, expected) => expect(isPrivate(ip, machine)).toBe(expected))
  test.each([['0.0.0.0', true], ['::', true], ['127.0.0.1', false], ['::1', false]])('everywhere is %s: %s', (ip, expected) => {
    expect([isEverywhere(ip), isLoopback(ip)]).toEqual([expected, !expected])
  })
})

describe('hosts, the first one for the URL', () => {
  test.each<[string, string[], string[]]>([
    ['127.0.0.1', [], ['127.0.0.1', 'localhost', '::1', 'nas', 'nas.local']],
    ['::1', [], ['::1', '127.0.0.1', 'localhost', 'nas', 'nas.local']],
    ['192.168.1.5', [], ['192.168.1.5', 'nas', 'nas.local', '127.0.0.1', 'localhost', '::1']],
    ['0.0.0.0', [], ['192.168.1.5', '100.101.102.103', 'nas', 'nas.local', '127.0.0.1', 'localhost', '::1']],
    ['0.0.0.0', ['ai.example.com', 'nas'], ['ai.example.com', 'nas', '192.168.1.5', '100.101.102.103', 'nas.local', '127.0.0.1', 'localhost', '::1']],
  ])('bound to %s, asked for %j', (bind, hosts, expected) => expect(allHosts({ bind, hosts } as Answers, machine)).toEqual(expected))
})
