// Bundles the package into dist/: no dependencies at run time, one package to install.
//
//   create.js, ollama-stack.js   what both programs begin with, for any Node.js; answer --version and --help
//   help.json.br                 every text of --help, rendered here
//   main.mjs and its chunks      everything else, split, so that a command loads little of the others'
//   stacks.json.br               the files that projects are made of
//   THIRD-PARTY-LICENSES.txt     of every package that is in the chunks

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { shared, together } from './build/core.mjs'
import { lean, surrounded } from './build/lean.mjs'
import { metaFile, notices } from './build/notices.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'node',
  legalComments: 'none',
  logLevel: 'warning',
  define: { __VERSION__: JSON.stringify(version) },
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
/** @satisfies {import('esbuild').BuildOptions} */
const everything = /** @type {const} */ ({
  ...common,
  ...lean,
  entryPoints: ['src/main.ts'],
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  splitting: true,
  target: 'node20',
  format: 'esm',
  metafile: true,
})
const first = await build({ ...everything, write: false })
const { metafile, outputFiles } = await build({ ...everything, write: false, plugins: [...lean.plugins, together(root, shared(first.metafile))] })
for (const { path, text } of outputFiles) writeFileSync(path, surrounded(text))
await build({
  ...common,
  entryPoints: ['src/create.ts', 'src/ollama-stack.ts'],
  outdir: dist,
  // One that is too old has to read this to say so.
  target: 'node12',
  supported: { 'dynamic-import': true },
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  plugins: [{ name: 'the rest', setup: ({ onResolve }) => onResolve({ filter: /\/main\.ts$/ }, () => ({ path: './main.mjs', external: true })) }],
})
for (const name of ['create.js', 'ollama-stack.js']) chmodSync(join(dist, name), 0o755)
// The bundle is copied into projects, where no other package.json says what kind of module it is.
writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`)
writeTexts('stacks.json.br', stackFiles())
await renderHelp()
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), notices(root, metafile))
mkdirSync(dirname(metaFile(root)), { recursive: true })
writeFileSync(metaFile(root), JSON.stringify(metafile))

/** Read by src/texts.ts. @param {string} name @param {Record<string, string>} texts */
function writeTexts(name, texts) {
  writeFileSync(join(dist, name), brotliCompressSync(JSON.stringify(texts)))
}

async function renderHelp() {
  const dir = mkdtempSync(join(tmpdir(), 'create-ollama-stack-manual-'))
  const outfile = join(dir, 'manual.mjs')
  const { outputFiles: [file] } = await build({ ...common, ...lean, entryPoints: ['src/manual.ts'], outfile, write: false, format: 'esm', target: 'node20' })
  writeFileSync(outfile, surrounded(file?.text ?? ''))
  const { helpTexts } = await import(pathToFileURL(outfile).href)
  writeTexts('help.json.br', await helpTexts())
  rmSync(dir, { recursive: true, force: true })
}

/** By path below stacks/. Fifty small files would take three times their size on a disk, here and in every project. */
function stackFiles() {
  const folder = join(root, 'stacks')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    // A stack's own README is for who reads the sources; the one in common/ is every project's.
    .filter((path) => !/^(?!common\/)[^/]+\/README\.md$/.test(path)).sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}
