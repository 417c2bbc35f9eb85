// Pull an image and tell how far it is. A pull that fails ends with HTTP 200 and an `error` in one of
// its lines, so each line is read for it.

import type { Client } from './client.ts'
import { explainPull } from './explain.ts'
import { limit } from './limit.ts'
import type { PullProgress } from './types.ts'

/** One line of the engine's answer. */
interface Line {
  id?: string
  status?: string
  error?: string
  errorDetail?: { message?: string }
  progressDetail?: { current?: number; total?: number }
}

interface Layer {
  done: number
  total: number
  complete: boolean
}

/** Without a tag the engine would pull every tag there is. */
export function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`
}

/** What the registry has under that name, as `docker buildx imagetools inspect` says: nothing is downloaded. Throws as `pull`. */
export async function registryDigest(docker: Client, image: string, signal?: AbortSignal, patience = PATIENCE_MS): Promise<string> {
  const { stop, release } = limit(patience, signal, 'i/o timeout')
  // The library can't abort this call.
  const late = new Promise<never>((_, reject) => stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true }))
  try {
    signal?.throwIfAborted()
    const { Descriptor: { digest } } = await Promise.race([docker.getImage(withTag(image)).distribution(), late])
    return digest
  } catch (error) {
    throw explainPull(error, image, 'looked up')
  } finally {
    release()
  }
}

/** Registries answer within a second or not at all. */
const PATIENCE_MS = 10_000

export async function tag(docker: Client, id: string, image: string): Promise<void> {
  const [, repo = '', name = ''] = /^(.*):([^/:]+)$/.exec(withTag(image)) ?? []
  await docker.getImage(id).tag({ repo, tag: name })
}

/**
 * Returns the digest (`sha256:...`) that the registry named, or null.
 * Throws E_IMAGE_NOT_FOUND, E_REGISTRY_UNREACHABLE, E_RATE_LIMIT, E_DISK_FULL, E_PULL_FAILED.
 */
export async function pull(docker: Client, image: string, onProgress?: (progress: PullProgress) => void, signal?: AbortSignal): Promise<string | null> {
  const layers = new Map<string, Layer>()
  let digest: string | null = null
  try {
    signal?.throwIfAborted()
    const stream = await docker.createImage({ fromImage: withTag(image), ...(signal && { abortSignal: signal }) })
    for await (const line of jsonLines(stream, signal)) {
      const problem = line.errorDetail?.message ?? line.error
      if (problem) throw new Error(problem)
      digest = /^Digest: (sha256:[0-9a-f]{64})/.exec(line.status ?? '')?.[1] ?? digest
      if (note(layers, line)) onProgress?.(summary(image, layers))
    }
    return digest
  } catch (error) {
    throw explainPull(error, image)
  }
}

async function* jsonLines(stream: NodeJS.ReadableStream, signal?: AbortSignal): AsyncGenerator<Line> {
  const stop = (): void => (stream as NodeJS.ReadableStream & { destroy(error: Error): void }).destroy(signal?.reason as Error)
  signal?.addEventListener('abort', stop, { once: true })
  let rest = ''
  try {
    stream.setEncoding('utf8')
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) yield parse(line)
    }
    if (rest.trim()) yield parse(rest)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function parse(line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch (cause) {
    throw new Error(`the engine answered with something else than progress: ${line.slice(0, 200)}`, { cause })
  }
}

const COMPLETE = ['Pull complete', 'Already exists']

/** Whether the line says something about a layer. */
function note(layers: Map<string, Layer>, { id, status = '', progressDetail }: Line): boolean {
  // The line that names the tag has an id too, but is no layer.
  if (!id || status.startsWith('Pulling from')) return false
  const layer = layers.get(id) ?? { done: 0, total: 0, complete: false }
  layers.set(id, layer)
  if (status === 'Downloading') {
    layer.total = progressDetail?.total ?? layer.total
    layer.done = progressDetail?.current ?? layer.done
  } else if (status === 'Download complete' || status === 'Extracting' || COMPLETE.includes(status)) {
    // `Extracting` counts bytes too, of the same layer once more: the download is what takes time.
    layer.done = layer.total
  }
  layer.complete ||= COMPLETE.includes(status)
  return true
}

function summary(image: string, layers: Map<string, Layer>): PullProgress {
  const all = [...layers.values()]
  const sum = (pick: (layer: Layer) => number): number => all.reduce((total, layer) => total + pick(layer), 0)
  const [done, total] = [sum((layer) => layer.done), sum((layer) => layer.total)]
  return {
    image, done, total, layers: all.length, layersDone: all.filter((layer) => layer.complete).length,
    phase: total === 0 ? 'waiting' : done < total ? 'downloading' : 'extracting',
  }
}
