// A command that works when pasted. Generic: what a login consists of says how curl sends it.

import { isAbsolute, join } from 'node:path'
import type { Credential } from '../../stacks/stack.ts'
import type { Project } from '../project/project.ts'
import { shellWord } from '../ui/shell-word.ts'

export function curlCommand(project: Pick<Project, 'dir' | 'url' | 'ca'>, credential: Pick<Credential, 'login' | 'files'> & Partial<Pick<Credential, 'name' | 'secret'>>): string {
  const words = ['curl', '-sS']
  if (project.ca !== null) words.push('--cacert', project.ca)
  if (credential.files !== null) {
    const at = (path: string): string => (isAbsolute(path) ? path : join(project.dir, path))
    // Whose key never came here knows where it is.
    words.push('--cert', at(credential.files.cert), '--key', credential.files.key === null ? 'YOUR.key' : at(credential.files.key))
  }
  for (const [name, value] of Object.entries(credential.login?.headers ?? {})) {
    const pair = /^Basic (\S+)$/.exec(value)?.[1]
    if (pair === undefined) words.push('-H', `${name}: ${value}`)
    // curl asks for a password that isn't there.
    else words.push('-u', credential.secret === null ? credential.name ?? '' : Buffer.from(pair, 'base64').toString('utf8'))
  }
  words.push(`${project.url}/api/tags`)
  return words.map(shellWord).join(' ')
}
