// How this machine reaches the stack's published address: as a client would, but without
// depending on DNS for the names that the owner gave it.

import { readFileSync } from 'node:fs'
import type { Door } from './http.ts'
import type { Project } from './project.ts'

export function doorOf(project: Project): Door {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  return {
    url: project.url,
    connect: { host: everywhere[project.bind] ?? project.bind, port: project.port },
    ca: project.ca === null ? null : readFileSync(project.ca, 'utf8'),
  }
}
