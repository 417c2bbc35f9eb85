// What an upgrade would change: images, and the files that this version of the program writes otherwise
// than the one before. Looks at the disk, the engine and the registry; changes nothing.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, parseDocument } from 'yaml'
import type { Change } from '../../stacks/stack.ts'
import type { Observed } from '../compose.ts'
import { shellWord } from '../ui/shell-word.ts'
import { readTree } from '../project/disk.ts'
import type { Engine } from '../engine.ts'
import { StackError, UsageError } from '../errors.ts'
import type { Machine } from '../questions/machine.ts'
import { finalFiles, type Resolved } from '../configure/merge-made.ts'
import { refuseBinary } from '../configure/merge-paths.ts'
import { presentConfig } from '../configure/present.ts'
import { projectOf, type Project } from '../project/project.ts'
import { seenNow } from '../configure/reconfigure.ts'
import { plainFiles } from '../project/render.ts'
import { plainTexts, readRecord, recordOf, type Texts } from '../project/state.ts'
import { version } from '../version.ts'
import { replaceScalars } from '../project/yaml-scalars.ts'
import { bundleDiffers } from './bundle.ts'
import { forgetDigests, goesBack, imageChanges, pinned, type ImageChange, type Images } from './images.ts'

const COMPOSE = 'compose.yaml'

export interface Upgrade extends Resolved {
  project: Project
  /** Version of the program that wrote the files; null: nobody knows. */
  from: string | null
  images: ImageChange[]
  /** Project paths as they are. */
  mine: Texts
  /** All that is written, the record of it included. */
  change: Change
  /** The project has another copy of the program. */
  program: boolean
  /** Images that the registry wasn't heard about, with its sentence. */
  unknown: { image: string; why: string }[]
  observed: Observed
  /** Of all that was looked at. */
  seen: string
}

export interface Choice {
  /** As for `configure`. */
  takeNew: readonly string[]
  keepMine: readonly string[]
}

export const isNewer = ({ images, changed, program }: Pick<Upgrade, 'images' | 'changed' | 'program'>): boolean =>
  changed.size > 0 || program || images.some(({ kind }) => kind === 'tag' || kind === 'build')

/** A project of another version: files that only this one has may not be there yet. */
export function loadForUpgrade(dir: string): Project {
  return projectOf(dir, readFileSync(join(dir, COMPOSE), 'utf8'), (path) => !path.startsWith('certs/') || existsSync(join(dir, path)))
}

/** Throws E_UPGRADE_OLDER, E_MERGE, E_COMPOSE_* for what the merged compose.yaml would be. */
export async function planUpgrade(project: Project, machine: Machine, engine: Engine, choice: Choice, signal: AbortSignal): Promise<Upgrade> {
  const { dir, stack, file } = project
  const record = readRecord(dir)
  if (record && goesBack(record.version, version)) {
    throw new UsageError('E_UPGRADE_OLDER', `This project was written by version ${record.version} of the program, and this is ${version}: an upgrade doesn't go back.`, `Take the newest: npx -p create-ollama-stack@latest ollama-stack upgrade -C ${shellWord(dir)}`)
  }
  const config = presentConfig(project, machine)
  const made = plainFiles(stack, config)
  const after = plainTexts(made)
  // Without a record every difference may be an edit.
  const base = record?.files ?? after
  const paths = [...new Set([...base.keys(), ...after.keys()])]
  const disk = readTree(dir, paths)
  const mine = plainTexts(disk)

  const images: Record<'base' | 'mine' | 'after', Images> = { base: imagesIn(base.get(COMPOSE)), mine: Object.fromEntries(Object.entries(file.services).map(([name, { image }]) => [name, image])), after: imagesIn(after.get(COMPOSE)) }
  const own = choice.takeNew.includes(COMPOSE) ? [] : choice.keepMine.includes(COMPOSE) ? Object.keys(images.mine) : pinned(record && images.base, images.mine, images.after)
  const keep = (texts: Texts): Texts => new Map([...texts].map(([path, text]) => [path, path === COMPOSE ? withImages(text, images.mine, own) : text]))
  // As `configure` has it: the others are lists, and words.
  const shipped = stack.files(config)
  const resolved = finalFiles({ made: keep(base), before: keep(base), after: keep(after), mine, loose: (path) => !(path in shipped) }, choice)
  refuseBinary(resolved.changed, disk, choice.takeNew)
  const { observed, unknown, ...seen } = await look(project, Object.values(images.after), engine, signal)
  const compose = resolved.changed.get(COMPOSE)
  if (typeof compose === 'string') resolved.changed.set(COMPOSE, forgetDigests(compose, Object.values(imagesIn(compose))))
  const change: Change = new Map([...resolved.changed].map(([path, text]) => [path, text === null ? null : { content: text, mode: disk.get(path)?.mode ?? made.get(path)?.mode ?? 0o644 }]))
  for (const path of choice.takeNew) {
    const before = disk.get(path)
    if (before && change.has(path)) change.set(`${path}.orig`, before)
  }
  if (typeof compose === 'string') projectOf(dir, compose, (path) => change.has(path) || existsSync(join(dir, path)))
  return {
    ...resolved, project, from: record?.version ?? null, mine, program: bundleDiffers(dir), unknown, observed, seen: seenNow(dir),
    images: imageChanges(own, images.mine, images.after, { ...seen, running: Object.fromEntries(observed.containers.map(({ service, imageId }) => [service, imageId])) }),
    change: new Map([...change, ...recordOf(after)]),
  }
}

function imagesIn(compose = ''): Images {
  const services = parseDocument(compose).get('services')
  return Object.fromEntries((isMap(services) ? services.items : []).flatMap(({ key, value }) => {
    const image = isMap(value) ? value.get('image') : undefined
    return isScalar(key) && typeof image === 'string' ? [[String(key.value), image]] : []
  }))
}

const withImages = (compose: string, images: Images, services: readonly string[]): string =>
  replaceScalars(compose, services.flatMap((service) => (images[service] === undefined ? [] : [{ path: ['services', service, 'image'], value: images[service] }])))

async function look({ name, file }: Project, shipped: readonly string[], engine: Engine, signal: AbortSignal) {
  const all = [...new Set([...Object.values(file.services).map(({ image }) => image), ...shipped])]
  const observed = await engine.observe(name, all, signal)
  const local = Object.fromEntries(await Promise.all(all.map(async (image) => [image, observed.images[image] ? await engine.imageDigest(image) : null] as const)))
  const unknown: Upgrade['unknown'] = []
  const registry = Object.fromEntries(await Promise.all([...new Set(shipped)].map(async (image) => {
    const digest = await engine.registryDigest(image, signal).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof StackError)) throw error
      unknown.push({ image, why: error.message })
      return null
    })
    return [image, digest] as const
  })))
  return { observed, here: observed.images, local, registry, unknown: shipped.flatMap((image, index) => (shipped.indexOf(image) === index ? unknown.filter((one) => one.image === image) : [])) }
}
