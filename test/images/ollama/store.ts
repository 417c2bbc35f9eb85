// The models directory. Manifests say what is there; a blob is a few bytes that stand for many,
// and a partial one remembers how far its download came.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { REGISTRY, type Known, type Layer } from './names.ts'

export interface Manifest {
  name: string
  modifiedAt: Date
  size: number
  /** 64 hex digits, no prefix. */
  digest: string
  details: { parent_model: string; format: string; family: string; families: string[]; parameter_size: string; quantization_level: string }
  embeds: boolean
  layers: Layer[]
}

export interface Store {
  dir: string
  list: () => Manifest[]
  get: (full: string) => Manifest | undefined
  put: (full: string, from: Pick<Known, 'family' | 'parameters' | 'quantization' | 'embeds' | 'layers'>) => void
  remove: (full: string) => boolean
  blob: (digest: string) => string
  /** Bytes of this layer that earlier pulls brought. */
  completed: (layer: Layer) => number
  setCompleted: (layer: Layer, bytes: number) => void
}

export function openStore(dir: string, noPrune: boolean): Store {
  const manifests = join(dir, 'manifests', 'registry.ollama.ai', 'library')
  const blobs = join(dir, 'blobs')
  mkdirSync(manifests, { recursive: true })
  mkdirSync(blobs, { recursive: true })
  // Ollama throws half downloads away when it starts, unless told not to.
  if (!noPrune) for (const name of readdirSync(blobs)) if (name.endsWith('-partial')) rmSync(join(blobs, name))

  const blob = (digest: string): string => join(blobs, digest.replace(':', '-'))
  const file = (full: string): string => join(manifests, ...full.split(':'))

  const read = (full: string): Manifest => {
    const text = readFileSync(file(full), 'utf8')
    const { family, parameters, quantization, embeds, layers } = JSON.parse(text) as Known
    return {
      name: full,
      modifiedAt: statSync(file(full)).mtime,
      size: layers.reduce((sum, layer) => sum + layer.size, 0),
      digest: createHash('sha256').update(text).digest('hex'),
      details: { parent_model: '', format: 'gguf', family, families: [family], parameter_size: parameters, quantization_level: quantization },
      embeds,
      layers,
    }
  }

  // Only this process writes here, and health checks ask often.
  let cache: Manifest[] | undefined
  const list = (): Manifest[] =>
    (cache ??= readdirSync(manifests, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => read(`${entry.parentPath.slice(manifests.length + 1)}:${entry.name}`))
      .sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime()))

  return {
    dir,
    blob,
    list,
    get: (full) => list().find((manifest) => manifest.name === full),
    put(full, { family, parameters, quantization, embeds, layers }) {
      mkdirSync(dirname(file(full)), { recursive: true })
      cache = undefined
      writeFileSync(file(full), JSON.stringify({ family, parameters, quantization, embeds, layers }))
    },
    remove(full) {
      if (!existsSync(file(full))) return false
      cache = undefined
      rmSync(file(full))
      return true
    },
    completed(layer) {
      if (existsSync(blob(layer.digest))) return layer.size
      const partial = `${blob(layer.digest)}-partial`
      return existsSync(partial) ? Number(readFileSync(partial, 'utf8')) : 0
    },
    setCompleted(layer, bytes) {
      const partial = `${blob(layer.digest)}-partial`
      if (bytes < layer.size) return writeFileSync(partial, String(bytes))
      rmSync(partial, { force: true })
      writeFileSync(blob(layer.digest), 'This stands for a layer of a model. It is not one.\n')
    },
  }
}

export const known = (full: string): Known | undefined => REGISTRY.get(full)
