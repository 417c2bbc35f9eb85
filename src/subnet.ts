// The addresses of the networks backend and edge, 16 in a row. Fixed, so that the proxy finds a
// recreated Ollama at once and knows Docker's own address among its clients'; derived from the project's name, so that two projects don't meet; small, and away from
// the ranges that home routers, VPNs and Kubernetes use (10.0-10.8, 10.42, 10.43, 10.88, 10.96, 10.244).

import { createHash } from 'node:crypto'

/** First three bytes, such as `10.213.7`; the nth candidate that `taken` (CIDRs) leaves free. */
export function subnetFor(name: string, taken: readonly string[] = []): string {
  for (let attempt = 0; attempt < 64; attempt++) {
    const digest = createHash('sha256').update(`${name}\n${attempt}`).digest()
    const prefix = `10.${200 + (digest[0] ?? 0) % 40}.${digest[1] ?? 0}`
    if (!taken.some((cidr) => overlaps(cidr, `${prefix}.0/28`))) return prefix
  }
  return subnetFor(name)
}

/** Whether two IPv4 networks share an address. IPv6 and nonsense never do. */
export function overlaps(a: string, b: string): boolean {
  const first = range(a)
  const second = range(b)
  return first !== null && second !== null && first[0] <= second[1] && second[0] <= first[1]
}

function range(cidr: string): [number, number] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  if (!match) return null
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map(Number)
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  const start = address - (address % size)
  return [start, start + size - 1]
}
