// node test/setup/bootstrap.mjs <engine|test|demo|build|bench|pictures|tables> [arguments]
//
// Runs one of the TypeScript entries beside this file from a fresh clone, with nothing but Node:
// installs the locked packages when they are missing, then bundles the entry and imports it.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const setup = dirname(fileURLToPath(import.meta.url))
const root = join(setup, '..', '..')
const [name = '', ...args] = process.argv.slice(2)
process.chdir(root)

/** @param {string} command @param {string[]} list */
function run(command, list) {
  // On stderr: stdout is for the one document of `npm run --silent demo -- --json`.
  const { status, error } = spawnSync(command, list, { stdio: ['inherit', 2, 2], shell: process.platform === 'win32' && command === 'npm' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.error('Installing the locked packages (npm ci)')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}

// Measurements stand in a folder of their own: `bench auth` is test/bench/auth.ts.
const entry = name === 'bench' ? join(setup, '..', 'bench', `${args[0]?.replace(/[^a-z]/g, '')}.ts`) : join(setup, `${name}.ts`)
if (name === 'build') run(process.execPath, ['src/build.mjs', ...args])
else if (!existsSync(entry) || !['engine', 'test', 'demo', 'bench', 'pictures', 'tables'].includes(name)) {
  console.error(name === 'bench' ? 'Usage: npm run bench -- auth [basic|bearer|mtls]... [--constant] | connect | install | start | stream [basic|bearer|mtls]... | up [basic|bearer|mtls]...' : 'Usage: node test/setup/bootstrap.mjs <engine|test|demo|build|bench|pictures|tables> [arguments]')
  process.exit(2)
} else {
  const { build } = await import('esbuild')
  const outfile = join(root, 'node_modules', '.cache', 'create-ollama-stack', `${name}.mjs`)
  await build({
    entryPoints: [entry], outfile, bundle: true, packages: 'external', platform: 'node', target: 'node20', format: 'esm', sourcemap: 'inline', logLevel: 'warning',
    // Each file goes on believing that it lies where it lies.
    plugins: [{ name: 'in place', setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(dirname(path))).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    })) }],
  })
  process.setSourceMapsEnabled(true)
  /** @type {{ main: (args: string[]) => Promise<number | void> | void }} */
  const { main } = await import(pathToFileURL(outfile).href)
  try {
    process.exitCode = (await main(args)) ?? 0
  } catch (error) {
    // A `Stop` says what to do; anything else is a mistake of ours, and its stack says where.
    console.error(error instanceof Error && error.name === 'Stop' ? `\n${error.message}` : error)
    process.exitCode = 1
  }
}
