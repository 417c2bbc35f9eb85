// esbuild makes a chunk for each set of entry points that share something: some sixty files of a few
// hundred bytes for fifteen commands, each a block on the disk and a file to open. Here what two or more
// of them share is two files: what comes before the first question, and the rest.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is loaded up to the first question of `create`. The engine is asked before it. */
const EARLY = ['src/main.ts', 'src/commands/create.ts', 'src/wizard/wizard.ts', 'src/ui/clack.ts', 'src/engine/client.ts', 'src/engine/engine.ts']
/** Large, or only for a terminal: not for everybody. */
const APART = /^src\/(ui\/(clack|live-text)|forward\/ask-name|engine\/client)\.ts$/

/**
 * For each entry point what it has to load, seen from a build without this. `parts`: paths by name.
 * @param {import('esbuild').Metafile} metafile
 */
export function shared({ inputs, outputs }) {
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => (entryPoint?.startsWith('src/') ? [entryPoint] : []))
  const from = new Map(entries.map((entry) => [entry, reached(entry, inputs)]))
  const early = new Set(EARLY.flatMap((entry) => [...from.get(entry) ?? []]))
  const users = (/** @type {string} */ path) => entries.filter((entry) => from.get(entry)?.has(path)).length
  const all = Object.keys(inputs).filter((path) => /^(src|stacks)\//.test(path) && !APART.test(path) && !entries.includes(path) && users(path) > 1).sort()
  return { entries, parts: { first: all.filter((path) => early.has(path)), rest: all.filter((path) => !early.has(path)) } }
}

/** Without dynamic imports. @param {string} entry @param {import('esbuild').Metafile['inputs']} inputs */
function reached(entry, inputs) {
  const seen = new Set([entry])
  for (const path of seen) {
    for (const { path: next, kind } of inputs[path]?.imports ?? []) if (kind !== 'dynamic-import' && inputs[next]) seen.add(next)
  }
  return seen
}

/** Has every entry point reach all of its part. @param {string} root @param {ReturnType<typeof shared>} found @returns {import('esbuild').Plugin} */
export function together(root, { entries, parts }) {
  const places = new Map(entries.map((entry) => [join(root, entry), EARLY.includes(entry) ? "import 'part:first'" : "import 'part:first'\nimport 'part:rest'"]))
  return {
    name: 'together',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^part:/ }, ({ path }) => ({ path: path.slice('part:'.length), namespace: 'part-of-all' }))
      onLoad({ filter: /.*/, namespace: 'part-of-all' }, ({ path }) => ({ contents: (path === 'first' ? parts.first : parts.rest).map((file) => `import './${file}'`).join('\n'), resolveDir: root }))
      onLoad({ filter: /\.ts$/ }, ({ path }) => (places.has(path) ? { contents: `${readFileSync(path, 'utf8')}\n${places.get(path)}\n`, loader: 'ts' } : undefined))
    },
  }
}
