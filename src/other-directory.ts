// A project's directory that was moved or copied. Containers carry the project's name, not its files: of two
// directories with one name, each would take the other's containers for its own, and `down` would remove them.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { shellWord } from './curl.ts'
import { codeOf, StackError } from './errors.ts'
import { loadName, type Project } from './project.ts'

type Place = Pick<Project, 'dir' | 'name'>
type Made = readonly { dir: string }[]

/** Throws E_OTHER_DIRECTORY when containers of this name were started from another directory that still holds the project. */
export function refuseOtherDirectory(project: Place, containers: Made): void {
  const other = otherDirectories(project, containers).find((dir) => holds(dir, project.name))
  if (other === undefined) return
  const theirs = shellWord(join(other, 'ollama-stack'))
  throw new StackError('E_OTHER_DIRECTORY', `The containers of ${project.name} were started from ${other}. ${project.dir} has the same name in its compose.yaml, as a copy has, and would take them away from there.`, {
    hint: `To work with those: ${theirs} status\n` +
      `To run both, give this one a name of its own: sed -i.bak 's/^name: .*/name: ${project.name}-2/' ${shellWord(join(project.dir, 'compose.yaml'))}   then: ollama-stack up\n` +
      `To go on here instead (models stay): ${theirs} down   then: ollama-stack up`,
  })
}

/** The directory that this project was moved from, or null. */
export function movedFrom(project: Place, containers: Made): string | null {
  return otherDirectories(project, containers).find((dir) => !holds(dir, project.name)) ?? null
}

function otherDirectories({ dir }: Place, containers: Made): string[] {
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
