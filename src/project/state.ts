// What the program keeps beside a project's files: what it wrote, to tell the owner's edits from it, and
// what it put aside. Not in `.ollama-stack/`, which is a copy of the program and is replaced as a whole.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change, FileMap } from '../../stacks/stack.ts'
import { shellWord } from '../ui/shell-word.ts'
import { StackError } from '../errors.ts'
import { version } from '../version.ts'

/** Only its owner may enter it. */
export const STATE = '.ollama-stack-state'
const MADE = `${STATE}/made.json`

/** Project-relative POSIX path -> text. A path that isn't there: no such file. */
export type Texts = ReadonlyMap<string, string>

export interface Made {
  /** Of the program that wrote them. */
  version: string
  files: Texts
}

/** The plain files of a project: certificates and credentials are nobody's to merge. */
export function plainTexts(files: FileMap): Map<string, string> {
  const plain = [...files].filter(([path]) => !/^(?:credentials|certs)\//.test(path))
  return new Map(plain.map(([path, { content }]) => [path, typeof content === 'string' ? content : Buffer.from(content).toString('utf8')]))
}

/** To be written along with `files`, as the base of the next merge. Git shall see none of it, also where .gitignore doesn't say so. */
export function recordOf(files: Texts): Change {
  return new Map([
    [`${STATE}/.gitignore`, { content: '*\n', mode: 0o600 }],
    [MADE, { content: `${JSON.stringify({ version, files: Object.fromEntries(files) })}\n`, mode: 0o600 }],
  ])
}

/** null: made before there was a record, or checked out from git. Throws E_STATE. */
export function readRecord(dir: string): Made | null {
  const path = join(dir, MADE)
  if (!existsSync(path)) return null
  try {
    const { version: by, files } = JSON.parse(readFileSync(path, 'utf8')) as { version: unknown; files: Record<string, unknown> }
    return { version: String(by), files: new Map(Object.entries(files).map(([name, text]) => [name, String(text)])) }
  } catch (cause) {
    throw new StackError('E_STATE', `${path} can't be read: it says which files are as the program wrote them.`, { hint: `Put it back from your backup. Or go on without it, and look closely at the diff: rm ${shellWord(path)}`, cause })
  }
}
