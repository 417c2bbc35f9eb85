// How this machine reaches the stack's published address: as a client would, but without
// depending on DNS for the names that the owner gave it.

import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { Door } from './http.ts'
import type { Project } from './project.ts'
import { servedCert } from './server-cert.ts'

export function doorOf(project: Project): Door {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return {
    url: project.url,
    connect: { host: everywhere[project.bind] ?? project.bind, port: project.port },
    ca: project.tls === 'off' ? null : trusted(project),
  }
}

/**
 * Our own CA; else the very certificate that lies in the project, whoever made it. What Caddy keeps to
 * itself must be one that everybody trusts.
 */
function trusted(project: Project): string {
  if (project.ca !== null) return readFileSync(project.ca, 'utf8')
  return servedCert(project) ?? rootCertificates.join('\n')
}
