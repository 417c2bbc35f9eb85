// A server certificate that was replaced on disk comes into the proxy's hands, and not only by its word.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { shellWord } from '../ui/shell-word.ts'
import { doorOf } from './door.ts'
import type { Engine } from '../engine.ts'
import { StackError } from '../errors.ts'
import { peerCert } from '../certs/peer-cert.ts'
import type { Project } from '../project/project.ts'
import { liesInFiles, servedCert } from './server-cert.ts'

/** How long a proxy may take to read its files anew. */
const TAKEN_MS = 5000

/** Tells the proxy, when it shows another than the one on disk, or when `renewed` says that there is a new one. Returns whether it was told. Throws E_CERT_REFUSED. */
export async function takeServerCert(project: Project, engine: Engine, renewed: boolean, signal: AbortSignal): Promise<boolean> {
  if (!renewed && !(await showsAnother(project))) return false
  const { containers } = await engine.observe(project.name, [], signal)
  for (const { id, service } of containers) if (service === 'proxy') await engine.signal(id, project.stack.reload)
  for (const end = Date.now() + TAKEN_MS; await showsAnother(project); await sleep(200, undefined, { signal })) {
    if (Date.now() < end) continue
    const at = (path: string): string => shellWord(join(project.dir, path))
    throw new StackError('E_CERT_REFUSED', "The proxy goes on with the certificate that it had: it didn't take the new one.", {
      hint: `Its log says why: ollama-stack logs proxy\nIt must be able to read the key: chown --reference=${at('certs/server')} ${at('certs/server/server.key')}`,
    })
  }
  return true
}

/** Whether the proxy shows another certificate than the one that lies in the project; false also when it can't be reached. */
export async function showsAnother(project: Project): Promise<boolean> {
  const cert = liesInFiles(project.tls) ? servedCert(project) : null
  if (cert === null) return false
  const { connect, url } = doorOf(project)
  try {
    return (await peerCert(connect, new URL(url).hostname, null)).toString() !== cert
  } catch {
    return false // not to be reached from here: the smoke tests say more about that
  }
}
