// The addresses of the networks backend and edge, 16 in a row. Fixed, so that the proxy finds a
// recreated Ollama at once and knows Docker's own address among its clients'; derived from the project's name, so that two projects don't meet; small, and away from
// the ranges that home routers, VPNs and Kubernetes use (10.0-10.8, 10.42, 10.43, 10.88, 10.96, 10.244).

import { createHash } from 'node:crypto'

/** Tried in this order, for whoever has all of 10.0.0.0/8. */
const RANGES: ((a: number, b: number) => string)[] = [(a, b) => `10.${200 + a % 40}.${b}`, (a, b) => `172.${28 + a % 4}.${b}`, (_, b) => `192.168.${200 + b % 50}`]

/** First three bytes, such as `10.213.7`; the nth candidate that `taken` (CIDRs and addresses) leaves free; null: there is none. */
export function subnetFor(name: string, taken: readonly string[] = []): string | null {
  for (const range of RANGES) {
    for (let attempt = 0; attempt < 64; attempt++) {
      const [a = 0, b = 0] = createHash('sha256').update(`${name}\n${attempt}`).digest()
      const prefix = range(a, b)
      if (!taken.some((cidr) => overlaps(cidr, `${prefix}.0/28`))) return prefix
    }
  }
  return null
}

/** Whether two IPv4 networks share an address. IPv6 and nonsense never do. */
export function overlaps(a: string, b: string): boolean {
  const first = range(a)
  const second = range(b)
  return first !== null && second !== null && first[0] <= second[1] && second[0] <= first[1]
}

function range(cidr: string): [number, number] | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr)
  if (!match) return null
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).filter((part) => part !== undefined).map(Number)
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  const start = address - (address % size)
  return [start, start + size - 1]
}
