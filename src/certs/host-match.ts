// Whether a certificate speaks for a host (RFC 9525, 6.3): the same name or address, or a wildcard for one label.

import { isIP } from 'node:net'

export function covers(names: readonly string[], host: string): boolean {
  return names.some((name) => sameHost(name, host) || (name.startsWith('*.') && isIP(host) === 0 && host.includes('.') && sameHost(name.slice(2), host.slice(host.indexOf('.') + 1))))
}

/** The two spellings of an IPv6 address are one, and so are two cases of a name. */
function sameHost(a: string, b: string): boolean {
  const plain = (name: string): string => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase())
  return plain(a) === plain(b)
}
