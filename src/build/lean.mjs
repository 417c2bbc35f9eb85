// What our dependencies bring and we never reach, left out of the bundle.

/** Modules that nothing of ours gets to, and why. What is asked of one all the same fails at once. */
const NEVER = [
  // dockerode brings these for BuildKit sessions and for its own ssh; we build nothing, and reach
  // ssh:// engines through the system's ssh as the Docker CLI does.
  /^(ssh2|cpu-features|@grpc\/(grpc-js|proto-loader)|protobufjs|tar-fs|@balena\/dockerignore)(\/|$)|\.node$/,
]

/** @type {import('esbuild').BuildOptions} */
export const lean = {
  // As ES modules, of which esbuild drops what isn't used. jsonc-parser's main file loads its parts in a way that no bundler follows.
  mainFields: ['module', 'main'],
  alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
  // CommonJS packages inside an ES module look for these.
  banner: { js: "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fp}from'node:url';import{dirname as __dn}from'node:path';const require=__cr(import.meta.url),__filename=__fp(import.meta.url),__dirname=__dn(__filename);" },
  plugins: [{
    name: 'lean',
    setup({ onResolve, onLoad }) {
      for (const filter of NEVER) onResolve({ filter }, ({ path }) => ({ path, namespace: 'never' }))
      onLoad({ filter: /.*/, namespace: 'never' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
    },
  }],
}
