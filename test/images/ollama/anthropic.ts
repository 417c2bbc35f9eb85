// /v1/messages as Anthropic clients know it.

import { randomUUID } from 'node:crypto'
import { readJson, Refusal, sendEvent, sendJson, type Json } from './answer.ts'
import { speak, wanted } from './inference.ts'
import type { Call } from './server.ts'

export async function messages(call: Call): Promise<void> {
  const { request, response, standin } = call
  const body = await readJson(request)
  const manifest = wanted(standin, body.model)
  if (typeof body.max_tokens !== 'number' || body.max_tokens <= 0) throw new Refusal(400, 'max_tokens is required and must be positive')
  if (!Array.isArray(body.messages) || body.messages.length === 0) throw new Refusal(400, 'messages is required')

  const streamed = body.stream === true
  const event = async (type: string, value: Json): Promise<void> => {
    if (streamed) await sendEvent(response, { type, ...value })
  }
  const message = { id: `msg_${randomUUID().replaceAll('-', '').slice(0, 24)}`, type: 'message', role: 'assistant', model: body.model }
  if (streamed) response.setHeader('Content-Type', 'text/event-stream')
  await event('message_start', { message: { ...message, content: [], usage: { input_tokens: 1, output_tokens: 0 } } })
  await event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
  // Its max_tokens is an upper bound that every client sends, so it is no wish for that many words.
  const few = body.max_tokens < 16 ? body.max_tokens : undefined
  const { text, reason, counters } = await speak(call, manifest, body, body.messages, few, (word) =>
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } }))
  const stop = { stop_reason: reason === 'length' ? 'max_tokens' : 'end_turn' }
  const usage = { input_tokens: counters.prompt_eval_count, output_tokens: counters.eval_count }
  if (!streamed) return sendJson(response, 200, { ...message, content: [{ type: 'text', text }], ...stop, usage })
  await event('content_block_stop', { index: 0 })
  await event('message_delta', { delta: stop, usage })
  await event('message_stop', {})
  response.end()
}
