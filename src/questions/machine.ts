// This machine as others see it: its name and its addresses.

import os from 'node:os'
import { BlockList, isIP } from 'node:net'
import { isDnsName } from './values.ts'

export interface Address {
  ip: string
  /** Such as `eth0` or `tailscale0`. */
  network: string
  kind: 'lan' | 'vpn'
}

export interface Machine {
  /** Lower-case DNS names, the short one first; empty when the machine's name isn't one. */
  names: string[]
  /** Without loopback, link-local and containers' networks. */
  addresses: Address[]
}

/**
 * Tailscale, WireGuard, ZeroTier, OpenVPN, Netbird, Nebula; macOS calls all of them utun. The
 * name decides, never the address: 100.64.0.0/10 is Tailscale's, but also what mobile and
 * satellite carriers give their customers (RFC 6598), with nothing encrypted.
 */
const VPN = /^(tailscale|wg|zt|tun|utun|nebula|wt\d)/i
/** Bridges and pairs that Docker, libvirt, Kubernetes, LXC and Podman make: nobody outside comes in through them. */
const VIRTUAL = /^(docker|br-|veth|virbr|cni|flannel|cali|cilium|lxc|lxd|incus|podman|nerdctl|tunl|vnet|vboxnet|vmnet|vEthernet)/

export function thisMachine(hostname = os.hostname(), interfaces = os.networkInterfaces()): Machine {
  const full = hostname.toLowerCase().replace(/\.$/, '')
  const [label = ''] = full.split('.')
  // mDNS answers to NAME.local on macOS and on most Linux desktops.
  const names = label === 'localhost' || !isDnsName(label) ? [] : [label, full, `${label}.local`].filter(isDnsName)
  const addresses = Object.entries(interfaces).flatMap(([network, entries = []]) =>
    VIRTUAL.test(network) ? [] : entries
      .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address))
      .map(({ address: ip }): Address => ({ ip, network, kind: VPN.test(network) ? 'vpn' : 'lan' })))
  // IPv4 first: it is what people type.
  return { names: [...new Set(names)], addresses: addresses.sort((a, b) => isIP(a.ip) - isIP(b.ip)) }
}

export const isLoopback = (ip: string): boolean => ip === '::1' || ip.startsWith('127.')
/** The loopback address of the same family. */
export const loopback = (ip: string): string => (isIP(ip) === 6 ? '::1' : '127.0.0.1')
export const isEverywhere = (ip: string): boolean => ip === '0.0.0.0' || ip === '::'

/** RFC 1918, 6598, 3927, 5735, 1112; RFC 4193, 4291. */
const NOT_PUBLIC = new BlockList()
for (const [net, bits] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.168.0.0', 16], ['224.0.0.0', 3]] as const) NOT_PUBLIC.addSubnet(net, bits)
for (const [net, bits] of [['::', 127], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8]] as const) NOT_PUBLIC.addSubnet(net, bits, 'ipv6')

/** Whether the whole internet may know that address. */
export const isPublicAddress = (ip: string): boolean => !NOT_PUBLIC.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')

/** Whether what goes there can be read on the way only by this machine or is encrypted already. */
export function isPrivate(ip: string, { addresses }: Machine): boolean {
  return isLoopback(ip) || addresses.some((one) => one.ip === ip && one.kind === 'vpn')
}
