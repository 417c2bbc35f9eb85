// A project's directory that was moved or copied. Containers carry the project's name, not its files: of two
// directories with one name, each would take the other's containers for its own, and `down` would remove them.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { launcher } from '../cli/callable.ts'
import { shellWord } from '../ui/shell-word.ts'
import { codeOf, StackError, type Problem } from '../errors.ts'
import { loadName, type Project } from '../project/project.ts'

type Place = Pick<Project, 'dir' | 'name'>
type Made = readonly { dir: string }[]

/** Throws E_OTHER_DIRECTORY when containers of this name were started from another directory that still holds the project. */
export function refuseOtherDirectory(project: Place, containers: Made): void {
  const problem = copied(project, containers)
  if (problem) throw new StackError(problem.code, problem.message, problem)
}

/** The containers were started from elsewhere: the project was copied or moved. null: from here. */
export function otherDirectory(project: Place, containers: Made): Problem | null {
  return copied(project, containers) ?? moved(project, containers)
}

function copied({ dir, name }: Place, containers: Made): Problem | null {
  const other = otherDirectories(dir, containers).find((one) => holds(one, name))
  if (other === undefined) return null
  const theirs = launcher(other, '')
  return {
    code: 'E_OTHER_DIRECTORY',
    message: `The containers of ${name} were started from ${other}. ${dir} has the same name in its compose.yaml, as a copy has, and would take them away from there.`,
    hint: `To work with those: ${theirs} status\n` +
      `To run both, give this one a name of its own: sed -i.bak 's/^name: .*/name: ${name}-2/' ${shellWord(join(dir, 'compose.yaml'))}   then: ollama-stack up\n` +
      `To go on here instead (models stay): ${theirs} down   then: ollama-stack up`,
  }
}

function moved({ dir, name }: Place, containers: Made): Problem | null {
  const from = otherDirectories(dir, containers).find((one) => !holds(one, name))
  return from === undefined ? null : { code: 'E_MOVED', message: `The containers were started from ${from}, which is gone. They still have the files of that place, and won't find them when they are started anew.`, hint: 'Start them from here: ollama-stack up' }
}

function otherDirectories(dir: string, containers: Made): string[] {
  return [...new Set(containers.map((container) => container.dir))].filter((other) => other !== '' && !same(other, dir))
}

/** The same directory may have several paths. */
function same(a: string, b: string): boolean {
  if (a === b) return true
  const [one, two] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }))
  return one !== undefined && one.dev === two?.dev && one.ino === two.ino
}

/** What can't be looked into is somebody's. */
function holds(dir: string, name: string): boolean {
  try {
    readFileSync(join(dir, 'compose.yaml'))
    return loadName(dir).name === name
  } catch (error) {
    const code = codeOf(error)
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}
