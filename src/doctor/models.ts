// How large models are, on disk and in memory.

import type { Service } from '../compose.ts'
import { listRows } from '../ollama/ollama-tables.ts'
import { OWN } from '../questions/ollama-url.ts'
import type { Facts } from './facts.ts'

const UNITS: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }

export interface Model {
  name: string
  bytes: number
}

/** What `ollama list` tells; null: it can't be asked. */
export async function modelsHere({ inside }: Pick<Facts, 'inside'>): Promise<Model[] | null> {
  const text = await inside('ollama', ['ollama', 'list'])
  return text === null ? null : listRows(text).map(({ name, size }) => ({ name, bytes: sizeOf(size) }))
}

function sizeOf(text: string): number {
  const [, number = '0', unit = 'B'] = /^([\d.]+) ([KMGT]?B)$/i.exec(text) ?? []
  return Number(number) * (UNITS[unit.toUpperCase()] ?? 1)
}

/**
 * Bytes of a model that isn't here, from the billions of parameters in its name (`gemma3:27b`); null: the name
 * tells nothing. By Ollama's library, whose usual quantisation takes 0.6 to 0.9 bytes for each.
 */
export function expectedBytes(name: string): number | null {
  const [, experts = '1', count, unit] = /[:-](?:(\d+)x)?(\d+(?:\.\d+)?)([bm])\b/i.exec(name) ?? []
  if (count === undefined) return null
  return Number(experts) * Number(count) * (unit?.toLowerCase() === 'm' ? 1e6 : 1e9) * 0.65 + 150e6
}

/** Weights, and room for the context and the runner. */
export const inMemory = (bytes: number): number => bytes * 1.2

/** The service that runs models; undefined where another Ollama does, or there is no project. */
export const ownOllama = (project: Facts['project']): Service | undefined => (project?.ollama === OWN ? project.file.services['ollama'] : undefined)
