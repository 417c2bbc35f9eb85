// Makes one image out of Debian packages: mmdebstrap unpacks them, files of ours go on top, a
// script puts things where the official image has them, and the engine loads the result.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { build } from 'esbuild'
import type { ImageConfig, Recipe } from '../images/recipes.ts'
import { canInstall, install, onPath } from './apt.ts'
import { dockerMust } from './docker.ts'
import { must, Stop } from './shell.ts'

const images = join(import.meta.dirname, '..', 'images')

export async function buildImage(image: string, recipe: Recipe, labels: Record<string, string>): Promise<void> {
  await (builder ??= ensureBuilder())
  const dir = await mkdtemp(join(tmpdir(), 'test-image-'))
  try {
    const overlay = join(dir, 'root')
    const own = join(images, recipe.dir, 'root')
    await mkdir(overlay)
    if (existsSync(own)) await cp(own, overlay, { recursive: true })
    if (recipe.standin) await addStandin(join(overlay, 'usr/lib/ollama'), image.slice(image.lastIndexOf(':') + 1))
    // Owner and modes are those of an image, whatever the checkout's are.
    await must('tar', ['-C', overlay, '--owner=0', '--group=0', '--mode=u=rwX,go=rX', '-cf', join(dir, 'overlay.tar'), '.'])

    // `extract` only unpacks: a third of the time, and nobody needs apt or dpkg in there.
    await must('mmdebstrap', [
      '--variant=extract',
      `--include=${recipe.packages.join(',')}`,
      // sid's Release file may be older than it claims to be good for.
      '--aptopt=Acquire::Check-Valid-Until "false"',
      '--extract-hook=tar -C "$1" --no-overwrite-dir -xf "$OVERLAY" && sh "$SETUP" "$1"',
      recipe.suite,
      join(dir, 'layer.tar'),
    ], { env: { OVERLAY: join(dir, 'overlay.tar'), SETUP: join(images, recipe.dir, 'setup.sh'), COMMON: join(images, 'common.sh') } })

    await load(dir, image, { ...recipe.config, Labels: labels })
    // A Node from a distribution can link to libraries that the image lacks.
    if (recipe.standin) await dockerMust('run', '--rm', image, '--version')
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** As an archive of one layer: `docker import` would do, but it knows no stop signal. */
async function load(dir: string, image: string, config: ImageConfig & { Labels: Record<string, string> }): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(dir, 'layer.tar')), hash)
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const diff_ids = [`sha256:${hash.digest('hex')}`]
  const created = new Date().toISOString()
  const about = { architecture, os: 'linux', created, config, rootfs: { type: 'layers', diff_ids }, history: [{ created, created_by: 'create-ollama-stack test/images' }] }
  await writeFile(join(dir, 'config.json'), JSON.stringify(about))
  await writeFile(join(dir, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }]))
  await must('tar', ['-C', dir, '-cf', join(dir, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar'])
  await dockerMust('load', '-q', '-i', join(dir, 'image.tar'))
}

let builder: Promise<void> | undefined

async function ensureBuilder(): Promise<void> {
  if (await onPath('mmdebstrap')) return
  if (!canInstall()) throw new Stop('No registry answers, and test images need mmdebstrap:\n  sudo apt-get install mmdebstrap debian-archive-keyring')
  await install('mmdebstrap', 'debian-archive-keyring')
}

/** The stand-in as one file, and the Node that runs this to run it. */
async function addStandin(dir: string, version: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await copyFile(process.execPath, join(dir, 'node'))
  await chmod(join(dir, 'node'), 0o755)
  await build({
    entryPoints: [join(images, 'ollama', 'cli.ts')],
    outfile: join(dir, 'ollama.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
    define: { 'process.env.STANDIN_VERSION': JSON.stringify(version) },
  })
}
