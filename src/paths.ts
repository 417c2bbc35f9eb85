// Where our own files lie. The published bundle carries those of `stacks/` in one,
// beside its chunks; in a checkout they lie one level above.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTexts, type Texts } from './texts.ts'

const here = dirname(fileURLToPath(import.meta.url))
const packed = join(here, 'stacks.json.br')
const bundled = existsSync(packed)
let texts: Texts | undefined

/** A file of `stacks/`, such as `basic/files/nginx.conf`. */
export function stackFile(path: string): string {
  if (!bundled) return readFileSync(join(here, '..', 'stacks', path), 'utf8')
  texts ??= readTexts(packed)
  const text = texts[path]
  if (text === undefined) throw new Error(`no ${path} in ${packed}`)
  return text
}

/** The bundle that a project gets a copy of. In a checkout: what `npm run build` made. */
export const bundleDir = bundled ? here : join(here, '..', 'dist')
