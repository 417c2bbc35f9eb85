// Bundles both programs into dist/: no dependencies at run time, one package to install.
// Split, so that `--version` and the first question load little.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, chmodSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

// dockerode brings these for BuildKit sessions and for its own ssh; we build nothing, and reach
// ssh:// engines through the system's ssh as the Docker CLI does.
const UNUSED = /^(ssh2|cpu-features|@grpc\/(grpc-js|proto-loader)|protobufjs)(\/|$)|\.node$/

/** @type {import('esbuild').Plugin} */
const stubs = {
  name: 'stubs',
  setup(bundler) {
    bundler.onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: 'stub' }))
    bundler.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
  },
}

rmSync(dist, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/create.ts', 'src/ollama-stack.ts'],
  outdir: dist,
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [stubs],
  // Its main file loads its parts in a way that no bundler follows.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  // CommonJS packages inside an ES module look for these.
  banner: { js: "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fp}from'node:url';import{dirname as __dn}from'node:path';const require=__cr(import.meta.url),__filename=__fp(import.meta.url),__dirname=__dn(__filename);" },
})

// The bundle is copied into projects, where no package.json says what kind of module it is.
writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ type: 'module' })}\n`)
for (const name of ['create.js', 'ollama-stack.js']) {
  const file = join(dist, name)
  writeFileSync(file, `#!/usr/bin/env node\n${readFileSync(file, 'utf8')}`)
  chmodSync(file, 0o755)
}
copyStacks()
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licenses())

function copyStacks() {
  for (const name of readdirSync(join(root, 'stacks'), { withFileTypes: true })) {
    if (!name.isDirectory()) continue
    const files = existsSync(join(root, 'stacks', name.name, 'files')) ? join(name.name, 'files') : name.name
    mkdirSync(join(dist, 'stacks', files), { recursive: true })
    cpSync(join(root, 'stacks', files), join(dist, 'stacks', files), { recursive: true, filter: (path) => !path.endsWith('.ts') })
  }
}

/** The licence of every package that is really in the bundle; esbuild's own list misses those without a comment. */
function licenses() {
  const folders = new Set()
  for (const input of Object.keys(metafile.inputs)) {
    const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)
    if (match && !input.startsWith('stub:')) folders.add(match[0])
  }
  const parts = [...folders].sort().map((folder) => {
    const dir = join(root, folder)
    const about = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
    const file = readdirSync(dir).find((name) => /^(licen[cs]e|copying)/i.test(name))
    const text = file ? readFileSync(join(dir, file), 'utf8').trim() : `(no licence file in the package; it declares ${about.license})`
    return `${about.name} ${about.version}, ${about.license}\n\n${text}\n`
  })
  return `The programs in this folder contain code of these packages.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`
}
