// Arrows point one way. A stack knows the contract and the leaves; the core never names a stack.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

const sources = ['src', 'stacks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.split(sep).join('/')}`))

/** Lowest first. Each file may import what stands in its own line or above it. */
const LAYERS = [
  ['src/errors.ts', 'src/version.ts', 'src/paths.ts', 'src/texts.ts'],
  ['src/ui', 'src/cli'],
  ['src/manual'],
  ['src/compose', 'src/compose.ts'],
  ['src/net', 'src/certs', 'stacks'],
  ['src/engine', 'src/engine.ts'],
  ['src/ollama'],
  ['src/questions'],
  ['src/project'],
  ['src/people'],
  ['src/running'],
  ['src/checks', 'src/checks.ts', 'src/attacks', 'src/attacks.ts'],
  ['src/start'],
  ['src/configure'],
  ['src/wizard'],
  ['src/backup', 'src/clients', 'src/doctor', 'src/doctor.ts', 'src/forward', 'src/upgrade'],
  ['src/commands'],
  ['src/run.ts', 'src/main.ts', 'src/manual.ts', 'src/bin.ts', 'src/create.ts', 'src/ollama-stack.ts'],
]

const layer = (file: string): number => LAYERS.findIndex((places) => places.some((place) => file === place || file.startsWith(`${place}/`)))

/** Folders of `src` for what one command does beyond the others. */
const FEATURES = ['attacks', 'backup', 'clients', 'doctor', 'forward', 'upgrade']

function imports(file: string, pattern = /(?:from|import)\s*\(?\s*'([^']+)'/g): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(pattern)].map(([, target = '']) =>
    target.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), target)) : target)
}

describe.each(sources)('%s', (file) => {
  const targets = imports(file)

  test('imports downwards only', () => {
    expect(layer(file)).toBeGreaterThanOrEqual(0)
    const wrong = targets.filter((target) => {
      if (/^stacks\/\w+\//.test(file)) {
        const own = posix.dirname(file)
        const shared = ['stacks/stack.ts', 'stacks/names.ts', 'stacks/hosts.ts', 'stacks/origins.ts', 'stacks/nginx/stack-files.ts', 'stacks/nginx/access.ts', 'stacks/json-line.ts', 'stacks/acme/acme.ts', 'stacks/front/front.ts', 'stacks/compose-doc.ts', 'stacks/allow.ts']
        return target.startsWith('src/')
          ? !['src/errors.ts', 'src/certs/certs.ts', 'src/certs/library.ts', 'src/certs/read-cert.ts', 'src/certs/der.ts', 'src/certs/p12.ts', 'src/paths.ts'].includes(target)
          : target.startsWith('stacks/') && !shared.includes(target) && !target.startsWith(`${own}/`)
      }
      return layer(target) > layer(file)
    })
    expect(wrong).toEqual([])
  })

  test('the engine knows what is wanted of it and how to say what failed, and nothing else', () => {
    if (!file.startsWith('src/engine/')) return expect(file).not.toMatch(/^src\/engine\//)
    expect(targets.filter((target) => target.startsWith('src/') && !/^src\/(?:engine|compose)\//.test(target) && !['src/errors.ts', 'src/net/port-free.ts', 'src/net/subnet.ts'].includes(target))).toEqual([])
  })

  test('a feature is known to its command, and not to another feature', () => {
    const own = FEATURES.find((name) => file.startsWith(`src/${name}/`) || file === `src/${name}.ts`)
    if (file.startsWith('src/commands/')) return expect(own).toBeUndefined()
    expect(targets.filter((target) => FEATURES.some((name) => name !== own && target.startsWith(`src/${name}/`)))).toEqual([])
  })

  test('only the engine reaches for dockerode, only the registry for a stack', () => {
    if (targets.includes('dockerode')) expect(file).toMatch(/^src\/engine\//)
    const stackFolders = targets.filter((target) => /^stacks\/\w+\/stack\.ts$/.test(target))
    if (stackFolders.length > 0) expect(file).toBe('stacks/list.ts')
    expect(relative(root, join(root, file))).toBe(file.split('/').join(sep))
  })

  test('the core never asks which stack it has', () => {
    if (!file.startsWith('src/')) return expect(file).toMatch(/^stacks\//)
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    expect(code.match(/[=!]==? '(basic|bearer|mtls)'|case '(basic|bearer|mtls)'/g)).toBeNull()
  })
})

test('no file needs itself to be loaded: types may point both ways, code may not', () => {
  const needs = (file: string): string[] => imports(file, /(?:^|\n)(?:import|export)(?! type)[^'\n]*?'([^']+)'/g).filter((target) => sources.includes(target))
  const loaded = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (loaded.has(file)) return undefined
    loaded.add(file)
    for (const next of needs(file)) {
      const found = visit(next, [...path, file])
      if (found) return found
    }
    return undefined
  }
  expect(sources.map((file) => visit(file, [])).filter(Boolean)).toEqual([])
})
