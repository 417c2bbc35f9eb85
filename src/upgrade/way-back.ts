// How a project was before an upgrade, on disk until the new one has passed: files byte for byte, and
// which image each name meant. A process that is ended in between leaves it for the next one.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../../stacks/stack.ts'
import type { Observed } from '../compose.ts'
import { applyChange, readTree } from '../project/disk.ts'
import type { Engine } from '../engine.ts'
import { applyWhole } from '../project/journal.ts'
import { loadProject, type Project } from '../project/project.ts'
import { proxyUser } from '../project/proxy-user.ts'
import { STATE } from '../project/state.ts'
import type { Ui } from '../ui/ui.ts'
import { alone, bringUp } from '../running/up.ts'
import { forgetDigests } from './images.ts'

const FILE = `${STATE}/upgrade.json`

export interface Before {
  /** ISO 8601. */
  since: string
  /** `uid:gid` of the proxy. */
  user: string
  /** In base64; null: there was no such file. */
  files: Record<string, { content: string; mode: number } | null>
  /** Image reference -> ID that it meant here. */
  names: Record<string, string>
  /** The same for what the containers were made from. */
  containers: Record<string, string>
  running: boolean
  /** The files may be new ones by now, and containers with them. */
  written: boolean
  /** What the upgrade wrote, by `printOf`. */
  wrote: Record<string, string>
  /** Services that have changed files mounted: they read them when they start. */
  afresh: string[]
}

/** `changed`: project paths that will be written. */
export function before({ dir, file }: Project, changed: readonly string[], { containers, images }: Observed, now: Date): Before {
  const disk = readTree(dir, changed, 'bytes')
  return {
    since: now.toISOString(),
    user: file.services['proxy']?.user ?? proxyUser(),
    files: Object.fromEntries(changed.map((path) => {
      const entry = disk.get(path)
      return [path, entry ? { content: Buffer.from(entry.content).toString('base64'), mode: entry.mode } : null]
    })),
    names: Object.fromEntries(Object.entries(images).flatMap(([image, id]) => (id === null ? [] : [[image, id]]))),
    containers: Object.fromEntries(containers.filter(({ imageId }) => imageId !== '').map(({ image, imageId }) => [image, imageId])),
    running: containers.some(({ state }) => state === 'running' || state === 'restarting'),
    written: false,
    wrote: {},
    afresh: Object.entries(file.services).filter(([, { volumes = [] }]) => volumes.some(({ type, source = '' }) => type === 'bind' && changed.some((path) => `./${path}`.startsWith(`${source}/`)))).map(([name]) => name),
  }
}

export function remember(dir: string, one: Before): void {
  applyChange(dir, new Map([[FILE, { content: `${JSON.stringify(one)}\n`, mode: 0o600 }]]))
}

export function forget(dir: string): void {
  rmSync(join(dir, FILE), { force: true })
}

/** What an upgrade that was ended in the middle left; null: there was none. */
export function leftOver(dir: string): Before | null {
  const path = join(dir, FILE)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as Before : null
}

/** Files, names of images and containers as they were. What fails here leaves the way back on disk. `aside`: project path of a folder for files as they are now. */
export async function goBack({ dir, name }: Pick<Project, 'dir' | 'name'>, one: Before, engine: Engine, ui: Ui, aside?: string): Promise<void> {
  // Ctrl-C is why we are here, perhaps.
  const { signal } = new AbortController()
  if (one.written) {
    const change: Change = new Map(Object.entries(one.files).map(([path, entry]) => [path, entry && { content: Buffer.from(entry.content, 'base64'), mode: entry.mode }]))
    await alone({ dir }, ui, signal, async () => applyWhole(dir, new Map([...(aside === undefined ? [] : asideOf(dir, one, aside)), ...change]), one.user))
  }
  if (one.written && one.running) {
    await giveNames(name, { ...one.names, ...one.containers }, engine)
    await bringUp(loadProject(dir), engine, ui, signal, one.afresh)
  }
  await giveNames(name, one.names, engine)
  forget(dir)
}

/** Copies of what was edited since, which going back is about to take away. */
function asideOf(dir: string, { files, wrote }: Before, aside: string): Change {
  const now = readTree(dir, Object.keys(files).filter((path) => !path.startsWith(`${STATE}/`)), 'bytes')
  const edited = [...now].filter(([path, { content }]) => printOf(path, content) !== wrote[path] && Buffer.from(content).toString('base64') !== files[path]?.content)
  return new Map(edited.map(([path, { content }]) => [`${aside}/${path}`, { content, mode: 0o600 }]))
}

/** A file's SHA-256. The digests of images that a start notes in compose.yaml don't count. */
export function printOf(path: string, content: string | Uint8Array): string {
  return createHash('sha256').update(path === 'compose.yaml' ? forgetDigests(Buffer.from(content).toString('utf8'), []) : content).digest('hex')
}

async function giveNames(project: string, names: Readonly<Record<string, string>>, engine: Engine): Promise<void> {
  const { images } = await engine.observe(project, Object.keys(names))
  for (const [image, id] of Object.entries(names)) if (images[image] !== id) await engine.tag(id, image)
}
