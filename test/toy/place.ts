// The toy where a stack belongs: a copy of the sources with one folder and one line more, and what is built from it.

import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** The folder of the copy, to be removed; its programs are in `dist`. */
export function withToy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'toy-'))
  for (const name of ['src', 'stacks', 'package.json']) cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  // One folder.
  for (const name of ['stack.ts', 'files']) cpSync(join(root, 'test/toy', name), join(copy, 'stacks/toy', name), { recursive: true })
  // One line.
  appendFileSync(join(copy, 'stacks/list.ts'), "export { toy } from './toy/stack.ts'\n")
  execFileSync(process.execPath, [join(copy, 'src/build.mjs')], { stdio: 'pipe' })
  return copy
}
