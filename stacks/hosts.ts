import { isIP } from 'node:net'

/** The names that a stack answers to, in lower case, each once. Addresses pass by their shape. */
export function ownNames(hosts: readonly string[]): string[] {
  return [...new Set(['localhost', 'host.docker.internal', ...hosts.filter((host) => isIP(host) === 0).map((host) => host.toLowerCase())])]
}
