// What `upgrade` says: what would change, and why it can't.

import { join } from 'node:path'
import { shellWord } from '../ui/shell-word.ts'
import { UsageError } from '../errors.ts'
import { conflictDocument, touching } from '../configure/merge-paths.ts'
import { version } from '../version.ts'
import { upgradeCall } from './bundle.ts'
import { goesBack, type ImageChange } from './images.ts'
import { isNewer, type Upgrade } from './plan.ts'

/** What changes besides the files' text, a line each. */
export function planLines(upgrade: Upgrade): string[] {
  const { images, changed, kept, from, program, unknown } = upgrade
  const width = Math.max(...images.map(({ service }) => service.length))
  const files = [...changed.keys()]
  return [
    ...images.flatMap((image) => (image.kind === 'none' ? [] : [`${image.service.padEnd(width)}  ${imageWords(image)}`])),
    ...(files.length === 0 ? [] : [`Files that change: ${files.join(', ')}`]),
    ...(kept.length === 0 ? [] : [`Edited by hand, and left so: ${kept.join(', ')}`]),
    ...(from === null ? ['Nobody knows which files were edited by hand (.ollama-stack-state/made.json is missing), so those that differ are left alone.'] : []),
    ...(program ? [`The project's copy of the program becomes version ${version}.`] : []),
    ...images.filter(({ from: was, to, kind }) => kind === 'tag' && goesBack(was, to)).map(({ service, from: was, to }) => `Note: ${service} goes back from ${was} to ${to}. What the newer one wrote (for Ollama: models) the older one may not read.`),
    ...unknownLines(unknown),
  ]
}

function imageWords({ from, to, kind, digests }: ImageChange): string {
  const short = (digest: string | null): string => digest?.slice(0, 'sha256:'.length + 12) ?? 'unknown'
  if (kind === 'tag') return `${from} -> ${to}`
  if (kind === 'pinned') return `${from}, which isn't what was written there: left as you chose`
  return `${from}, a newer build${digests.from !== digests.to ? ` (${short(digests.from)} -> ${short(digests.to)})` : ', which is here already'}`
}

export const upToDate = ({ project: { dir }, unknown }: Pick<Upgrade, 'project' | 'unknown'>): string =>
  `Nothing newer${unknown.length > 0 ? ', as far as this could be seen; look again when the registry answers' : ''}: this is version ${version} of the program, and the project has its images and files. Is there a newer program? npx -p create-ollama-stack@latest ollama-stack upgrade -C ${shellWord(dir)}`

/** Registries fail all together, as a rule. */
function unknownLines(unknown: Upgrade['unknown']): string[] {
  const [first] = unknown
  if (!first) return []
  return [`Whether there are newer builds of ${unknown.map(({ image }) => image).join(', ')} isn't known: ${first.why}`]
}

/** Part of the document, also of a refusal. Paths are absolute. */
export function upgradeDocument(upgrade: Upgrade): object {
  const { project: { dir, name }, images, changed, kept, conflicts, from, unknown } = upgrade
  const at = (path: string): string => join(dir, path)
  const gone = (path: string): boolean => changed.get(path) === null
  return {
    project: { dir, name }, newer: isNewer(upgrade), from, to: version,
    images: images.map(({ service, from: was, to, kind, digests }) => ({ service, from: was, to, change: kind, digests })),
    files: { changed: [...changed.keys()].filter((path) => !gone(path)).map(at), removed: [...changed.keys()].filter(gone).map(at), kept: kept.map(at) },
    conflicts: conflictDocument(conflicts, { dir }),
    unknown: unknown.map(({ image }) => image),
  }
}

/** Throws E_MERGE when an edit by hand and the new version touch. */
export function refuseClash(upgrade: Upgrade): void {
  const { conflicts } = upgrade
  if (conflicts.length === 0) return
  const { where, flags } = touching(conflicts, 'the new version')
  const error = new UsageError('E_MERGE', `Edits of yours and the new version touch each other, and nothing was written:\n${where}`,
    `Take the new file, and yours goes to FILE.orig: ${upgradeCall(upgrade.project.dir)} ${flags}\nOr leave a file as you have it: --keep-mine FILE. What the new version put right in it is then yours to do.`)
  error.document = upgradeDocument(upgrade)
  throw error
}
