import { isIP } from 'node:net'
import type { StackConfig } from './stack.ts'

/** The names that a stack answers to, in lower case, each once. Addresses pass by their shape. */
export function ownNames(hosts: readonly string[]): string[] {
  return [...new Set(['localhost', 'host.docker.internal', ...hosts.filter((host) => isIP(host) === 0).map((host) => host.toLowerCase())])]
}

/** Ends that nobody outside can reach, or that nobody has (RFC 6761, RFC 6762, RFC 8375, RFC 9476, and what home routers use). */
const LOCAL = /(?:^|\.)(?:localhost|local|internal|lan|home|corp|private|intranet|arpa|test|invalid|example|onion|alt)$/

/** Whether a public CA could give a certificate for that name: a DNS name below a public end. */
export function isPublicName(name: string): boolean {
  return isIP(name) === 0 && name.includes('.') && !LOCAL.test(name)
}

/** Browsers that once saw them over TLS shall not go back. Only with a certificate from elsewhere: the project's own CA is for the few who have its file. */
export function hstsNames({ tls, hosts }: Pick<StackConfig, 'tls' | 'hosts'>): string[] {
  return tls === 'files' || tls === 'acme' ? ownNames(hosts).filter(isPublicName) : []
}
