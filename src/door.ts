// How this machine reaches the stack's published address: as a client would, but without
// depending on DNS for the names that the owner gave it.

import { readPlain } from './disk.ts'
import { StackError } from './errors.ts'
import type { Door } from './http.ts'
import type { Project } from './project.ts'

export function doorOf(project: Project): Door {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return {
    url: project.url,
    connect: { host: everywhere[project.bind] ?? project.bind, port: project.port },
    ca: project.ca === null ? null : caOf(project.ca),
  }
}

function caOf(path: string): string {
  try {
    return readPlain(path)
  } catch (cause) {
    throw new StackError('E_NO_CA', `${path}, by which this project's server is known, can't be read: ${(cause as Error).message.split(', ')[0]}.`, { hint: 'Put it back from your backup. The same certificate is in certs/server/ca.crt.', cause })
  }
}
