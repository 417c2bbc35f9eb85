// A command that works when pasted. Generic: what a login consists of says how curl sends it.

import { isAbsolute, join } from 'node:path'
import type { Credential } from '../../stacks/stack.ts'
import type { Project } from '../project/project.ts'
import { posixWord, windowsWord } from '../ui/shell-word.ts'

export function curlCommand(project: Pick<Project, 'dir' | 'url' | 'ca'>, credential: Pick<Credential, 'login' | 'files'> & Partial<Pick<Credential, 'name' | 'secret'>>, platform: NodeJS.Platform = process.platform): string {
  const windows = platform === 'win32'
  // In PowerShell `curl` is another program.
  const words = [windows ? 'curl.exe' : 'curl', '-sS']
  if (project.ca !== null) words.push('--cacert', project.ca)
  // Windows' own TLS looks for a list of revoked certificates, which a private CA has none of.
  if (project.ca !== null && windows) words.push('--ssl-revoke-best-effort')
  if (credential.files !== null) {
    const at = (path: string): string => (isAbsolute(path) ? path : join(project.dir, path))
    // Windows' own TLS takes no PEM.
    if (windows && credential.files.p12 !== null) words.push('--cert', `${at(credential.files.p12)}:${credential.secret ?? 'PASSWORD'}`, '--cert-type', 'P12')
    // Whose key never came here knows where it is.
    else words.push('--cert', at(credential.files.cert), '--key', credential.files.key === null ? 'YOUR.key' : at(credential.files.key))
  }
  for (const [name, value] of Object.entries(credential.login?.headers ?? {})) {
    const pair = /^Basic (\S+)$/.exec(value)?.[1]
    if (pair === undefined) words.push('-H', `${name}: ${value}`)
    // curl asks for a password that isn't there.
    else words.push('-u', credential.secret === null ? credential.name ?? '' : Buffer.from(pair, 'base64').toString('utf8'))
  }
  words.push(`${project.url}/api/tags`)
  return words.map(windows ? windowsWord : posixWord).join(' ')
}
