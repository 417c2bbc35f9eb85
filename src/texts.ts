// Texts by name, as the build packs them: JSON in Brotli, a fourth of its size here and in every project.

import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'

export type Texts = Readonly<Record<string, string>>

export function readTexts(path: string): Texts {
  return JSON.parse(brotliDecompressSync(readFileSync(path)).toString('utf8')) as Texts
}
