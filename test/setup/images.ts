// The images that the product pins, present in the local engine: real ones where a registry
// answers, else the ones in test/images, under the very same names.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { RECIPES, type Recipe } from '../images/recipes.ts'
import { buildImage } from './build.ts'
import { docker, dockerMust, spawnDocker } from './docker.ts'
import { Stop } from './shell.ts'

const root = join(import.meta.dirname, '..', '..')

/** Labels of the images made here. A real image has none of them. */
export const LABELS = { kind: 'create-ollama-stack.test-image', recipe: 'create-ollama-stack.recipe' }

export interface Pinned {
  image: string
  kind: string
}

/** Every `image:` line of the stacks' compose files. */
export function pinnedImages(): string[] {
  const stacks = join(root, 'stacks')
  const files = readdirSync(stacks).map((name) => join(stacks, name, 'files', 'compose.yaml')).filter((file) => existsSync(file))
  const lines = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\s+image:\s*["']?([^\s"'#]+)/gm)].map((match) => match[1] ?? ''))
  if (lines.length === 0) throw new Stop(`No image: line in ${stacks}/*/files/compose.yaml.`)
  return [...new Set(lines)].sort()
}

export async function ensureImages(fresh: boolean, onDone: (pinned: Pinned, how: string) => void): Promise<Pinned[]> {
  const images = pinnedImages()
  const wanted = new Map<string, { recipe: Recipe; hash: string }>()
  const ready: Pinned[] = []
  for (const image of images) {
    const recipe = RECIPES[image.slice(0, image.lastIndexOf(':'))]
    const hash = recipe && recipeHash(image, recipe)
    const found = await present(image)
    if (found && !fresh && (found.hash === '' || found.hash === hash)) {
      const pinned = { image, kind: found.kind }
      ready.push(pinned)
      onDone(pinned, 'present')
    } else if (recipe && hash) wanted.set(image, { recipe, hash })
    else throw new Stop(`${image} is not in this engine, and test/images/recipes.ts has no recipe for it.`)
  }
  const registry = wanted.size > 0 && (await registryAnswers([...wanted.keys()][0] ?? ''))
  const made = await Promise.all(
    [...wanted].map(async ([image, { recipe, hash }]) => {
      const start = performance.now()
      if (registry) await dockerMust('pull', '-q', image)
      else await buildImage(image, recipe, { [LABELS.kind]: recipe.kind, [LABELS.recipe]: hash })
      const pinned = { image, kind: registry ? 'real' : recipe.kind }
      onDone(pinned, `${registry ? 'pulled' : 'built'} in ${((performance.now() - start) / 1000).toFixed(0)} s`)
      return pinned
    }),
  )
  // What these replaced: images of ours that nothing names or runs any more.
  if (made.length > 0) await docker('image', 'prune', '-f', '--filter', `label=${LABELS.kind}`)
  return [...ready, ...made]
}

async function present(image: string): Promise<{ kind: string; hash: string } | undefined> {
  const { code, out } = await docker('image', 'inspect', '--format', '{{json .Config.Labels}}', image)
  if (code !== 0) return undefined
  const labels = (JSON.parse(out) ?? {}) as Record<string, string>
  const hash = labels[LABELS.recipe] ?? ''
  return { hash, kind: labels[LABELS.kind] ?? 'real' }
}

/**
 * Asked once for all images, by a real pull: its first word means that a registry is there, and the
 * pull just goes on. One that says nothing for 15 seconds counts as none.
 */
function registryAnswers(image: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawnDocker('pull', image)
    const answer = (there: boolean): void => {
      clearTimeout(timer)
      resolve(there)
    }
    const timer = setTimeout(() => {
      answer(false)
      child.kill()
    }, 15_000)
    child.stdout.once('data', () => answer(true))
    child.stdout.resume()
    child.on('error', () => answer(false))
    child.on('exit', (code) => answer(code === 0))
  })
}

/** A changed recipe, stand-in or Node makes another hash, and so another image. */
function recipeHash(image: string, recipe: Recipe): string {
  const images = join(root, 'test', 'images')
  const hash = createHash('sha256').update(JSON.stringify([image, recipe, process.version]))
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name))
    else hash.update(relative(root, path)).update(readFileSync(path))
  }
  add(join(import.meta.dirname, 'build.ts'))
  add(join(images, 'common.sh'))
  add(join(images, recipe.dir))
  return hash.digest('hex').slice(0, 16)
}
