// A new credential, for a person to read and for `--json`. The one place that prints a secret.

import { isAbsolute, join } from 'node:path'
import type { Credential } from '../../stacks/stack.ts'
import type { Project } from '../project/project.ts'

/** An element of `users` in `--json`; paths are absolute. */
export function userDocument(project: Project, { name, role, secret, files }: Credential): object {
  const at = (path: string | null): string | null => (path === null || isAbsolute(path) ? path : join(project.dir, path))
  return { name, role, secret, files: files && { cert: at(files.cert), key: at(files.key), p12: at(files.p12) } }
}

/** Lines for people, and below them what becomes of the secrets. */
export function credentialLines({ dir, stack }: Project, credentials: readonly Credential[]): string[] {
  const lines = credentials.flatMap(({ name, role, secret, files, login }) => {
    const head = `${role.padEnd(9)} ${name}  `
    if (files?.p12) return [`${head}${join(dir, files.p12)}`, `          its password: ${secret}`]
    if (files) return [`${head}${join(dir, files.cert)}  (its key is where the request was made)`]
    return [`${head}${secret !== null ? `${stack.noun}: ${secret}` : login ? `with the ${stack.noun} that you gave` : 'logs in with the key that only its owner has'}`]
  })
  const several = credentials.length > 1
  if (credentials.some(({ files }) => files?.p12)) {
    lines.push(`${several ? 'The passwords are' : 'The password is'} shown once. The files stay in ${join(dir, 'certs', 'clients')}:`, 'hand them over, then delete them there; the proxy needs none of them.')
  } else if (credentials.some(({ secret }) => secret !== null)) {
    lines.push(several ? 'These are shown once; only what can check them is kept.' : 'This is shown once; only what can check it is kept.')
  }
  return lines
}
