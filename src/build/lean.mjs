// What our dependencies bring and we never reach, left out of the bundle: two fifths of their code.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const engine = join(dirname(fileURLToPath(import.meta.url)), '..', 'engine')

/** @param {string} name */
const built = (name) => `module.exports = require('node:${name}')`
/** @param {string[]} names */
const empty = (...names) => names.map((name) => `export class ${name} {}`).join('\n')

/**
 * Packages, and what stands in for them.
 * @type {Record<string, string>}
 */
const INSTEAD = {
  // dockerode brings these for building images, for BuildKit sessions and for its own ssh; we build
  // nothing, and reach ssh:// engines through the system's ssh as the Docker CLI does.
  'ssh2': 'module.exports = {}',
  '@grpc/grpc-js': 'module.exports = {}',
  '@grpc/proto-loader': 'module.exports = {}',
  'protobufjs': 'module.exports = {}',
  'tar-fs': 'module.exports = {}',
  '@balena/dockerignore': 'module.exports = {}',
  // Written for browsers and for Nodes that lacked it.
  'readable-stream': built('stream'),
  'string_decoder/': built('string_decoder'),
  'inherits': "module.exports = require('node:util').inherits",
  // Nobody sets DEBUG=modem for us.
  'debug': 'module.exports = () => () => {}',
  // For fs-extra, of which we call nothing that retries.
  'graceful-fs': built('fs'),
  // For @peculiar/x509: a list of constructors by name is all that it makes of dependency injection.
  'tsyringe': `const made = new Map()
    export const container = {
      registerSingleton: (token, type) => void made.set(token, [...(made.get(token) ?? []), new type()]),
      resolve: (token) => made.get(token).at(-1),
      resolveAll: (token) => [...made.get(token)], // Whoever asks turns it around in place.
    }
    export const injectable = () => () => {}`,
  'reflect-metadata': 'export {}',
  // For bundles of certificates (PKCS #7, PKCS #12) and attributes of requests: ours have none of them.
  '@peculiar/asn1-cms': `${empty('Attribute', 'SignerInfo', 'CertificateChoices', 'CertificateSet', 'ContentInfo', 'EncapsulatedContent', 'SignedData')}
    export const CMSVersion = {}, id_data = '1.2.840.113549.1.7.1', id_signedData = '1.2.840.113549.1.7.2'`,
  '@peculiar/asn1-pfx': empty('PFX'),
  '@peculiar/asn1-pkcs8': empty('EncryptedPrivateKeyInfo'),
  '@peculiar/asn1-x509-attr': "export const id_at = '2.5.4'",
}

/** Parts of packages that nothing calls. */
const PARTS = [
  { of: /dockerode[\\/]lib/, part: /^\.\/(session|buildkit|plugin|secret|config|service|task|node)$/ },
  { of: /fs-extra[\\/]lib[\\/]index\.js$/, part: /^\.\/(empty|ensure|json|move|output-file|path-exists)$/ },
  { of: /./, part: /\.node$|^cpu-features$/ },
]

/** One class or function a file, without effects of its own: a file that isn't imported from is left out. */
const PURE = /[\\/]node_modules[\\/](@peculiar[\\/](asn1-|utils)|yaml[\\/])/

/** Methods of dockerode's classes that no file of src/engine has a word for. @param {string} text @param {Set<string>} words */
function withoutUncalled(text, words) {
  return text.replace(/^\w+\.prototype\.(\w+) = function[\s\S]*?^};?$/gm, (method, name) => (words.has(name) ? method : ''))
}

/** As an ES module, so that what it doesn't take from @peculiar/x509 can be dropped. @param {string} text */
function asModule(text) {
  return replaced(replaced(text, /const (\{[^}]*\}) = require\("@peculiar\/x509"\);/, 'import $1 from "@peculiar/x509";'), /^exports\.generate = /m, 'export const generate = ')
}

/** @param {string} text @param {RegExp} what @param {string} by */
function replaced(text, what, by) {
  if (!what.test(text)) throw new Error(`${what} is not in there any more`)
  return text.replace(what, by)
}

/** @type {import('esbuild').Plugin} */
const plugin = {
  name: 'lean',
  setup(bundler) {
    const names = Object.keys(INSTEAD).map((name) => name.replace(/[/]/g, '\\/')).join('|')
    bundler.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path, namespace: 'instead' }))
    bundler.onLoad({ filter: /.*/, namespace: 'instead' }, ({ path }) => ({ contents: INSTEAD[path] ?? '', loader: 'js' }))
    for (const { of, part } of PARTS) bundler.onResolve({ filter: part }, ({ path, importer }) => (of.test(importer) ? { path, namespace: 'part' } : undefined))
    bundler.onLoad({ filter: /.*/, namespace: 'part' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
    const words = new Set(readdirSync(engine).flatMap((name) => readFileSync(join(engine, name), 'utf8').match(/\w+/g) ?? []))
    bundler.onLoad({ filter: /[\\/]dockerode[\\/]lib[\\/]\w+\.js$/ }, ({ path }) => ({ contents: withoutUncalled(readFileSync(path, 'utf8'), words) }))
    bundler.onLoad({ filter: /[\\/]node_modules[\\/]selfsigned[\\/]index\.js$/ }, ({ path }) => ({ contents: asModule(readFileSync(path, 'utf8')) }))
    bundler.onResolve({ filter: /^[.@]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === 'asked' || !(PURE.test(importer) || path.startsWith('@peculiar/'))) return undefined
      const found = await bundler.resolve(path, { importer, resolveDir, kind, pluginData: 'asked' })
      return PURE.test(found.path) ? { ...found, sideEffects: false } : found
    })
  },
}

/** @satisfies {import('esbuild').BuildOptions} */
export const lean = {
  // As ES modules, of which esbuild drops what isn't used.
  mainFields: ['module', 'main'],
  alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
  plugins: [plugin],
}

/** CommonJS packages inside an ES module look for these. */
const AROUND = "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fp}from'node:url';import{dirname as __dn}from'node:path';const require=__cr(import.meta.url),__filename=__fp(import.meta.url),__dirname=__dn(__filename);"

/** @param {string} chunk */
export function surrounded(chunk) {
  return /\brequire\b|__dirname|__filename/.test(chunk) ? `${AROUND}\n${chunk}` : chunk
}
