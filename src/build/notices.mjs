// The licence of every package that is really in the bundle; esbuild's own list misses those without a
// comment. Most say the same in the same words, so each text stands once, below those that it is for.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} root @param {import('esbuild').Metafile} metafile */
export function notices(root, metafile) {
  /** @type {Map<string, { text: string, packages: string[] }>} */
  const byText = new Map()
  for (const folder of packagesIn(metafile)) {
    const { title, copyright, text } = licenceOf(join(root, folder))
    const key = plain(text)
    const group = byText.get(key) ?? { text, packages: [] }
    group.packages.push([title, ...copyright.map((line) => `    ${line}`)].join('\n'))
    byText.set(key, group)
  }
  const parts = [...byText.values()].map(({ text, packages }) => `${packages.join('\n')}\n\n${text}\n`)
  return `The programs in this folder contain code of the packages below. Each licence stands once,\nafter the packages that are under it and their copyright lines.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`
}

/** What went into the bundle, for the tests: no part of the package. Two checkouts may share their packages. @param {string} root */
export const metaFile = (root) => join(root, 'node_modules/.cache/create-ollama-stack', `meta-${createHash('sha256').update(root).digest('hex').slice(0, 12)}.json`)

/** Folders of packages with code in the output. @param {import('esbuild').Metafile} metafile */
export function packagesIn({ outputs }) {
  const folders = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
    return folder === undefined || bytesInOutput === 0 || path.includes(':') ? [] : [folder]
  }))
  return [...new Set(folders)].sort()
}

/** @param {string} dir */
export function licenceOf(dir) {
  const about = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const file = readdirSync(dir).find((name) => /^(licen[cs]e|copying)/i.test(name))
  const whole = file ? readFileSync(join(dir, file), 'utf8').replace(/\r/g, '').trim() : `(no licence file in the package; it declares ${about.license})`
  const lines = whole.split('\n')
  const isCopyright = (/** @type {string} */ line) => /^\W*copyright (\(c\)|©|\d{4})/i.test(line.trim())
  return {
    title: `${about.name} ${about.version}, ${about.license}`,
    copyright: lines.filter(isCopyright).map((line) => line.trim()),
    text: lines.filter((line) => !isCopyright(line)).join('\n').replace(/\n{3,}/g, '\n\n').trim(),
  }
}

/** Two texts are the same when only their line breaks, quotes and headings differ. @param {string} text */
function plain(text) {
  return text.replace(/^#* *\(?(the )?mit( license)?\)?( \(mit\))?[.:]?$/gim, '').replace(/["'“”‘’`*]/g, '').replace(/\s+/g, ' ').trim().toLowerCase()
}
