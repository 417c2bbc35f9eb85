// How this machine reaches the stack's published address: as a client would, but without
// depending on DNS for the names that the owner gave it.

import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import { isAllowed } from '../questions/allowed.ts'
import { readPlain } from '../project/disk.ts'
import { codeOf, StackError } from '../errors.ts'
import type { Door } from '../net/http.ts'
import { isEverywhere, loopback, thisMachine } from '../questions/machine.ts'
import type { Project } from '../project/project.ts'
import { servedCert } from './server-cert.ts'

export function doorOf(project: Project): Door {
  return {
    url: project.url,
    connect: { host: nearest(project), port: project.port },
    ca: project.tls === 'off' ? null : trusted(project),
  }
}

/** Loopback, or with an allowlist the address that this machine is on it with: it comes from where it goes to. */
function nearest({ bind, allow, hostNetwork }: Project): string {
  if (!isEverywhere(bind)) return bind
  const near = loopback(bind)
  if (allow.length === 0 || (hostNetwork && isAllowed(allow, near))) return near
  return thisMachine().addresses.find(({ ip }) => isIP(ip) === isIP(bind) && isAllowed(allow, ip))?.ip ?? near
}

/**
 * Our own CA; else the very certificate that lies in the project, whoever made it. What Caddy keeps to
 * itself must be one that everybody trusts.
 */
function trusted(project: Project): string {
  return project.ca === null ? servedCert(project) ?? rootCertificates.join('\n') : caOf(project.ca)
}

function caOf(path: string): string {
  try {
    return readPlain(path)
  } catch (cause) {
    const hint = codeOf(cause) === 'EACCES' ? 'Run the command as the owner of the project, or with sudo.' : 'Put it back from your backup. With a CA of the project\'s own, the same certificate is in certs/server/ca.crt.'
    throw new StackError('E_NO_CA', `${path}, by which this project's server is known, can't be read: ${(cause as Error).message.split(', ')[0]}.`, { hint, cause })
  }
}
