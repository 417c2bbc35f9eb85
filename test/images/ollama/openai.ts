// /v1 as OpenAI clients know it: server-sent events that end in [DONE].

import { randomInt } from 'node:crypto'
import { readJson, Refusal, sendChunk, sendEvent, sendJson, type Json } from './answer.ts'
import { embedding, load, speak, wanted, type Spoken } from './inference.ts'
import type { Call } from './server.ts'
import type { Manifest } from './store.ts'

const now = (): number => Math.floor(Date.now() / 1000)

const usage = ({ counters }: Spoken): Json => ({
  prompt_tokens: counters.prompt_eval_count,
  completion_tokens: counters.eval_count,
  total_tokens: counters.prompt_eval_count + counters.eval_count,
})

export async function chatCompletions(call: Call): Promise<void> {
  const body = await readJson(call.request)
  const manifest = wanted(call.standin, body.model)
  if (!Array.isArray(body.messages) || body.messages.length === 0) throw new Refusal(400, "[] is too short - 'messages'")
  await complete(call, body, manifest, body.messages, {
    id: `chatcmpl-${randomInt(1000)}`,
    object: 'chat.completion',
    streamed: 'chat.completion.chunk',
    piece: (content) => ({ delta: { role: 'assistant', content } }),
    whole: (content) => ({ message: { role: 'assistant', content } }),
  })
}

export async function completions(call: Call): Promise<void> {
  const body = await readJson(call.request)
  const manifest = wanted(call.standin, body.model)
  const text = (text: string): Json => ({ text })
  await complete(call, body, manifest, body.prompt, { id: `cmpl-${randomInt(1000)}`, object: 'text_completion', streamed: 'text_completion', piece: text, whole: text })
}

interface Shape {
  id: string
  object: string
  streamed: string
  piece: (text: string) => Json
  whole: (text: string) => Json
}

async function complete(call: Call, body: Json, manifest: Manifest, prompt: unknown, { id, object, streamed, piece, whole }: Shape): Promise<void> {
  const { response } = call
  const head = (object: string): Json => ({ id, object, created: now(), model: body.model, system_fingerprint: 'fp_ollama' })
  const data = (value: Json): Promise<void> => sendChunk(response, `data: ${JSON.stringify(value)}\n\n`)
  const chunk = (text: string, reason: string | null): Json => ({ ...head(streamed), choices: [{ index: 0, ...piece(text), finish_reason: reason }] })
  if (body.stream === true) response.setHeader('Content-Type', 'text/event-stream')
  const spoken = await speak(call, manifest, body, prompt, body.max_tokens, async (word) => {
    if (body.stream === true) await data(chunk(word, null))
  })
  if (body.stream !== true) {
    return sendJson(response, 200, { ...head(object), choices: [{ index: 0, ...whole(spoken.text), finish_reason: spoken.reason }], usage: usage(spoken) })
  }
  await data(chunk('', spoken.reason))
  if ((body.stream_options as { include_usage?: boolean } | undefined)?.include_usage) await data({ ...head(streamed), choices: [], usage: usage(spoken) })
  await sendChunk(response, 'data: [DONE]\n\n')
  response.end()
}

/** The newer API: typed events, no [DONE]. */
export async function responses(call: Call): Promise<void> {
  const { request, response, standin } = call
  const body = await readJson(request)
  const manifest = wanted(standin, body.model)
  const id = `resp_${randomInt(1_000_000)}`
  const item = `msg_${randomInt(1_000_000)}`
  const output = (text: string): Json => ({ type: 'message', id: item, status: 'completed', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] })
  const object = (status: string, more: Json): Json => ({ id, object: 'response', created_at: now(), status, model: body.model, error: null, output: [], ...more })
  const streamed = body.stream === true
  let sequence = 0
  const event = async (type: string, value: Json): Promise<void> => {
    if (streamed) await sendEvent(response, { type, sequence_number: sequence++, ...value })
  }
  if (streamed) response.setHeader('Content-Type', 'text/event-stream')
  await event('response.created', { response: object('in_progress', {}) })
  const at = { item_id: item, output_index: 0, content_index: 0 }
  const spoken = await speak(call, manifest, body, body.input, body.max_output_tokens, (delta) => event('response.output_text.delta', { ...at, delta }))
  await event('response.output_text.done', { ...at, text: spoken.text })
  const { counters } = spoken
  const done = object('completed', {
    output: [output(spoken.text)],
    usage: { input_tokens: counters.prompt_eval_count, output_tokens: counters.eval_count, total_tokens: counters.prompt_eval_count + counters.eval_count },
  })
  await event('response.completed', { response: done })
  if (streamed) response.end()
  else sendJson(response, 200, done)
}

export async function openaiEmbeddings(call: Call): Promise<void> {
  const body = await readJson(call.request)
  const manifest = wanted(call.standin, body.model)
  const inputs = [body.input ?? []].flat()
  if (inputs.length === 0) throw new Refusal(400, 'invalid input')
  await load(call, manifest, undefined)
  sendJson(call.response, 200, {
    object: 'list',
    data: inputs.map((input, index) => ({ object: 'embedding', embedding: embedding(String(input)), index })),
    model: body.model,
    usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
  })
}

const model = ({ name, modifiedAt }: Manifest): Json => ({ id: name, object: 'model', created: Math.floor(modifiedAt.getTime() / 1000), owned_by: 'library' })

export function models({ response, standin }: Call): void {
  sendJson(response, 200, { object: 'list', data: standin.store.list().map(model) })
}

export function modelByName({ response, standin, param }: Call): void {
  sendJson(response, 200, { ...model(wanted(standin, param, new Refusal(400, 'invalid model name'))), id: param })
}

/** A sound file comes as a multipart form; it is read to its end and thrown away. */
export function transcriptions({ request, response }: Call): Promise<void> {
  return new Promise((resolve) => {
    request.once('end', () => {
      const form = request.headers['content-type']?.startsWith('multipart/form-data') ?? false
      if (form) sendJson(response, 200, { text: 'This text comes from a stand-in for Ollama: no model heard anything.' })
      else sendJson(response, 400, { error: { message: "request Content-Type isn't multipart/form-data", type: 'invalid_request_error', param: null, code: null } })
      resolve()
    })
  })
}
