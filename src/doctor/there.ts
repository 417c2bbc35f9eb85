// What an Ollama elsewhere says, asked from the stack, the way that requests go.

import { throughForwarder } from '../running/backend.ts'
import type { Facts } from './facts.ts'
import type { Model } from './models.ts'

/** null: silence, or anything but an object. */
export async function saidThere({ inside }: Pick<Facts, 'inside'>, path: string): Promise<Record<string, unknown> | null> {
  const text = await inside('ollama', throughForwarder(path))
  try {
    const answer: unknown = JSON.parse(text ?? 'null')
    return typeof answer === 'object' && answer !== null ? { ...answer } : null
  } catch {
    return null
  }
}

/** Those of `/api/tags`, or those in memory of `/api/ps`; null: it can't be asked. */
export async function modelsThere(facts: Pick<Facts, 'inside'>, path: '/api/tags' | '/api/ps'): Promise<Model[] | null> {
  const said = await saidThere(facts, path)
  if (said === null) return null
  const models: unknown[] = Array.isArray(said['models']) ? said['models'] : []
  return models.flatMap((model) => typeof model === 'object' && model !== null && 'name' in model && 'size' in model && typeof model.name === 'string' && typeof model.size === 'number'
    ? [{ name: model.name, bytes: model.size }] : [])
}
