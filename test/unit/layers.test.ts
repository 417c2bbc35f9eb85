// Arrows point one way. A stack knows the contract and the leaves; the core never names a stack.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

const sources = ['src', 'stacks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.split(sep).join('/')}`))

/** Folders of `src` for what one command does beyond the others. */
const FEATURES = ['attacks', 'backup', 'clients', 'doctor', 'forward', 'upgrade']

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) =>
    target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), target)) : target)
}

describe.each(sources)('%s', (file) => {
  const targets = imports(file)

  test('imports downwards only', () => {
    const wrong = targets.filter((target) => {
      if (/^stacks\/\w+\//.test(file)) {
        const own = posix.dirname(file)
        const shared = ['stacks/stack.ts', 'stacks/names.ts', 'stacks/hosts.ts', 'stacks/origins.ts', 'stacks/nginx/stack-files.ts', 'stacks/nginx/access.ts', 'stacks/json-line.ts', 'stacks/acme/acme.ts', 'stacks/front/front.ts', 'stacks/compose-doc.ts', 'stacks/allow.ts']
        return target.startsWith('src/')
          ? !['src/errors.ts', 'src/certs.ts', 'src/read-cert.ts', 'src/der.ts', 'src/p12.ts', 'src/paths.ts'].includes(target)
          : target.startsWith('stacks/') && !shared.includes(target) && !target.startsWith(`${own}/`)
      }
      if (/^src\/commands\//.test(file)) return false
      // run.ts loads commands lazily; nothing else below may know them.
      if (file === 'src/run.ts') return false
      return target.startsWith('src/commands/')
    })
    expect(wrong).toEqual([])
  })

  test('the engine knows what is wanted of it and how to say what failed, and nothing else', () => {
    if (!file.startsWith('src/engine/')) return expect(file).not.toMatch(/^src\/engine\//)
    expect(targets.filter((target) => target.startsWith('src/') && !/^src\/(?:engine|compose)\//.test(target) && !['src/errors.ts', 'src/port-free.ts', 'src/subnet.ts'].includes(target))).toEqual([])
  })

  test('a feature is known to its command, and not to another feature', () => {
    const own = FEATURES.find((name) => file.startsWith(`src/${name}/`) || file === `src/${name}.ts`)
    if (/^src\/commands\//.test(file)) return expect(own).toBeUndefined()
    expect(targets.filter((target) => FEATURES.some((name) => name !== own && target.startsWith(`src/${name}/`)))).toEqual([])
  })

  test('only the engine reaches for dockerode, only the registry for a stack', () => {
    if (targets.includes('dockerode')) expect(file).toMatch(/^src\/engine\//)
    const stackFolders = targets.filter((target) => /^stacks\/\w+\/stack\.ts$/.test(target))
    if (stackFolders.length > 0) expect(file).toBe('stacks/index.ts')
    expect(relative(root, join(root, file))).toBe(file.split('/').join(sep))
  })

  test('the core never asks which stack it has', () => {
    if (!file.startsWith('src/')) return expect(file).toMatch(/^stacks\//)
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    expect(code.match(/[=!]==? '(basic|bearer|mtls)'|case '(basic|bearer|mtls)'/g)).toBeNull()
  })
})
