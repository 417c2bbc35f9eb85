// Where a model would run. Here a fixed sentence is handed out word by word, with real time between
// the words, and it says what it is.

import { pause, Refusal, type Json } from './answer.ts'
import { seconds } from './environment.ts'
import { modelName } from './names.ts'
import type { Call, Standin } from './server.ts'
import type { Manifest } from './store.ts'

const WORDS = 'This text comes from a stand-in for Ollama: no model ran, and nothing in it was generated.'.split(/(?= )/)

export interface Loaded {
  manifest: Manifest
  expires: number
}

/** In nanoseconds, as in the final line of a native stream. */
export interface Counters {
  total_duration: number
  load_duration: number
  prompt_eval_count: number
  prompt_eval_duration: number
  eval_count: number
  eval_duration: number
}

export interface Spoken {
  text: string
  reason: 'stop' | 'length'
  counters: Counters
}

/** The model that a request names, pulled earlier. Throws in the words of `missing`. */
export function wanted(standin: Standin, value: unknown, invalid = new Refusal(400, 'model is required')): Manifest {
  const name = modelName(value, invalid)
  if (name.cloud) throw cloudRefusal(standin, 'remote inference is unavailable')
  const manifest = standin.store.get(name.full)
  if (!manifest) throw new Refusal(404, `model '${name.asked}' not found`)
  return manifest
}

/** Cloud models are refused in the native shape on every path, because that comes before the translation. */
export function cloudRefusal({ settings, signIn }: Standin, operation: string): Refusal {
  if (settings.noCloud) return new Refusal(403, `ollama cloud is disabled: ${operation}`, {})
  return new Refusal(401, 'unauthorized', { signin_url: signIn })
}

/** Loads a model, which takes a moment unless it is loaded. Returns how long, in milliseconds. */
export async function load({ standin, response }: Call, manifest: Manifest, keepAlive: unknown): Promise<number> {
  const start = performance.now()
  if (!loaded(standin).some((entry) => entry.manifest.name === manifest.name)) await pause(response, standin.gap * 3)
  const keep = seconds(keepAlive) ?? standin.settings.keepAlive
  standin.loaded.set(manifest.name, { manifest, expires: keep < 0 ? Number.MAX_SAFE_INTEGER : Date.now() + keep * 1000 })
  return performance.now() - start
}

export function loaded(standin: Standin): Loaded[] {
  for (const [name, { expires }] of standin.loaded) if (expires <= Date.now()) standin.loaded.delete(name)
  return [...standin.loaded.values()].sort((a, b) => b.expires - a.expires)
}

/** `predict`, when positive, is how many words come, however many that is. */
export async function speak(call: Call, manifest: Manifest, body: Json, prompt: unknown, predict: unknown, onWord: (word: string) => Promise<void>): Promise<Spoken> {
  const start = performance.now()
  const loading = await load(call, manifest, body.keep_alive)
  const asked = typeof predict === 'number' && predict > 0 ? Math.floor(predict) : undefined
  const promptWords = Math.max(1, JSON.stringify(prompt ?? '').slice(0, 100_000).split(/\s+/).length)
  const evalStart = performance.now()
  let text = ''
  const count = asked ?? WORDS.length
  for (let index = 0; index < count; index++) {
    await pause(call.response, call.standin.gap)
    const word = WORDS[index % WORDS.length] ?? ''
    text += word
    await onWord(word)
  }
  const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6)
  const now = performance.now()
  return {
    text,
    reason: asked === undefined ? 'stop' : 'length',
    counters: {
      total_duration: nanoseconds(now - start),
      load_duration: nanoseconds(loading),
      prompt_eval_count: promptWords,
      prompt_eval_duration: nanoseconds(evalStart - start - loading),
      eval_count: count,
      eval_duration: nanoseconds(now - evalStart),
    },
  }
}

/** Numbers that depend on the text and mean nothing. */
export function embedding(text: string): number[] {
  let seed = text.length + 1
  for (let index = 0; index < text.length; index++) seed = (seed * 31 + text.charCodeAt(index)) >>> 0
  const values = Array.from({ length: 384 }, (_, index) => Math.sin(seed + index))
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}
