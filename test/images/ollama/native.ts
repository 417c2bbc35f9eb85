// /api/generate, /api/chat, /api/embed, /api/embeddings and what lists models.

import { readJson, Refusal, sendJson, sendLine, type Json } from './answer.ts'
import { embedding, load, loaded, speak, wanted } from './inference.ts'
import type { Call } from './server.ts'
import type { Manifest } from './store.ts'

const options = (body: Json): Json => (typeof body.options === 'object' && body.options !== null ? (body.options as Json) : {})

export async function generate(call: Call): Promise<void> {
  const body = await readJson(call.request)
  const asked = typeof body.model === 'string' ? body.model : ''
  const manifest = wanted(call.standin, body.model, new Refusal(404, `model '${asked}' not found`))
  if (manifest.embeds) throw new Refusal(400, `"${asked}" does not support generate`)
  await answer(call, body, manifest, { empty: !body.prompt, prompt: body.prompt, piece: (text) => ({ response: text }) })
}

export async function chat(call: Call): Promise<void> {
  const body = await readJson(call.request)
  const manifest = wanted(call.standin, body.model)
  if (manifest.embeds) throw new Refusal(400, `"${String(body.model)}" does not support chat`)
  const empty = !Array.isArray(body.messages) || body.messages.length === 0
  await answer(call, body, manifest, { empty, prompt: body.messages, piece: (text) => ({ message: { role: 'assistant', content: text } }) })
}

interface Shape {
  /** No prompt: only load or unload. */
  empty: boolean
  prompt: unknown
  piece: (text: string) => Json
}

async function answer(call: Call, body: Json, manifest: Manifest, { empty, prompt, piece }: Shape): Promise<void> {
  const { response, standin } = call
  const head = (): Json => ({ model: body.model, created_at: new Date().toISOString() })
  if (empty) {
    const unload = body.keep_alive === 0 || body.keep_alive === '0'
    if (unload) standin.loaded.delete(manifest.name)
    else await load(call, manifest, body.keep_alive)
    return sendJson(response, 200, { ...head(), ...piece(''), done: true, done_reason: unload ? 'unload' : 'load' })
  }
  const streamed = body.stream !== false
  if (streamed) response.setHeader('Content-Type', 'application/x-ndjson')
  const { text, reason, counters } = await speak(call, manifest, body, prompt, options(body).num_predict, async (word) => {
    if (streamed) await sendLine(response, { ...head(), ...piece(word), done: false })
  })
  const last = { ...head(), ...piece(streamed ? '' : text), done: true, done_reason: reason, ...counters }
  if (!streamed) return sendJson(response, 200, last)
  await sendLine(response, last)
  response.end()
}

export async function embed(call: Call): Promise<void> {
  const start = performance.now()
  const body = await readJson(call.request)
  const manifest = wanted(call.standin, body.model)
  const inputs = [body.input ?? []].flat()
  if (!inputs.every((input) => typeof input === 'string')) throw new Refusal(400, 'invalid input type')
  const loading = await load(call, manifest, body.keep_alive)
  sendJson(call.response, 200, {
    model: body.model,
    embeddings: inputs.map(embedding),
    total_duration: Math.round((performance.now() - start) * 1e6),
    load_duration: Math.round(loading * 1e6),
    prompt_eval_count: inputs.join(' ').split(/\s+/).length,
  })
}

export async function embeddings(call: Call): Promise<void> {
  const body = await readJson(call.request)
  await load(call, wanted(call.standin, body.model), body.keep_alive)
  sendJson(call.response, 200, { embedding: typeof body.prompt === 'string' && body.prompt !== '' ? embedding(body.prompt) : [] })
}

export function tags({ response, standin }: Call): void {
  const models = standin.store.list().map(({ name, modifiedAt, size, digest, details }) => ({
    name, model: name, modified_at: modifiedAt.toISOString(), size, digest, details,
  }))
  sendJson(response, 200, { models })
}

export function ps({ response, standin }: Call): void {
  const models = loaded(standin).map(({ manifest: { name, size, digest, details }, expires }) => ({
    name, model: name, size, digest, details,
    expires_at: new Date(Math.min(expires, Date.now() + 100 * 365 * 86_400_000)).toISOString(),
    // Nothing of it is on a GPU.
    size_vram: 0,
    context_length: 4096,
  }))
  sendJson(response, 200, { models })
}
