// What is wrong with credentials/: lines that count for nobody, files that the proxy may not read.

import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { credentialFiles } from './people.ts'
import { shellWord } from '../ui/shell-word.ts'
import type { Problem } from '../errors.ts'
import type { Project } from '../project/project.ts'

export function credentialProblems(project: Project): Problem[] {
  const lines = project.stack.people.problems(credentialFiles(project)).map((message): Problem =>
    ({ code: 'E_CREDENTIALS', message: `${message}.`, hint: 'Put it right, or delete it; a change counts within a second.' }))
  return [...unreadable(project, 'credentials', 'so it lets nobody in by it'), ...lines, ...missingCa(project)]
}

/** Only where the proxy's user is a user of this machine: on Linux. */
export function unreadable({ dir, file }: Pick<Project, 'dir' | 'file'>, folder: string, consequence: string): Problem[] {
  const [uid, gid] = (file.services['proxy']?.user ?? '').split(':').map(Number)
  const top = join(dir, folder)
  if (process.platform !== 'linux' || uid === undefined || Number.isNaN(uid) || !existsSync(top)) return []
  const paths = [top, ...readdirSync(top, { recursive: true, encoding: 'utf8' }).map((name) => join(top, name))]
  return paths.flatMap((path): Problem[] => {
    // Others may be at it: what is gone by now is no problem.
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat) return []
    const bits = stat.uid === uid ? stat.mode >> 6 : stat.gid === gid ? stat.mode >> 3 : stat.mode
    const wanted = stat.isDirectory() ? 5 : 4
    if ((bits & wanted) === wanted) return []
    return [{
      code: 'E_CREDENTIALS',
      message: `The proxy runs as user ${uid} and may not read ${path}, ${consequence}.`,
      hint: `sudo chown ${uid}:${gid ?? uid} ${shellWord(path)} && sudo chmod ${stat.isDirectory() ? '700' : '600'} ${shellWord(path)}`,
    }]
  })
}

function missingCa({ dir, ca }: Project): Problem[] {
  if (ca === null || existsSync(ca)) return []
  return [{ code: 'E_NO_CA', message: `${ca} is missing: clients need it, and new certificates too.`, hint: `The proxy has a copy: cp ${shellWord(join(dir, 'certs/server/ca.crt'))} ${shellWord(ca)}` }]
}
