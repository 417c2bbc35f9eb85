// Ollama as a client sees it, through the proxy: pull a model, stream one answer.

import type { IncomingMessage } from 'node:http'
import type { Login } from '../../stacks/stack.ts'
import { StackError } from '../errors.ts'
import { ask, open, type Door } from '../net/http.ts'

export interface PullProgress {
  /** Ollama's own word for what it is doing, such as `verifying sha256 digest`. */
  status: string
  /** Bytes over all layers announced so far. */
  done: number
  total: number
}

/** Model names on this server, such as `gemma3:1b`. */
export async function models(door: Door, login: Login): Promise<string[]> {
  const { status, body } = await ask(door, { path: '/api/tags', login })
  if (status !== 200) throw new StackError('E_OLLAMA', `Ollama answered ${status} to /api/tags: ${body.slice(0, 200)}`)
  return (JSON.parse(body) as { models: { name: string }[] }).models.map((model) => model.name)
}

/**
 * Pulls `model`; Ollama keeps what it has, so a second call goes on where the first one ended.
 * Throws E_MODEL_UNKNOWN, E_DISK_FULL, E_REGISTRY_UNREACHABLE or E_PULL_FAILED.
 */
export async function pull(
  door: Door,
  login: Login,
  model: string,
  onProgress: (progress: PullProgress) => void,
  signal?: AbortSignal,
): Promise<void> {
  const response = await open(door, {
    method: 'POST',
    path: '/api/pull',
    login,
    body: JSON.stringify({ model }),
    // Between two progress lines; checking a big layer is silent for a while.
    idle: 10 * 60_000,
    ...(signal ? { signal } : {}),
  })
  const layers = new Map<string, { done: number; total: number }>()
  let last = ''
  for await (const line of lines(response)) {
    const event = parseLine(line)
    if (event.error !== undefined) throw pullError(model, event.error)
    last = event.status ?? last
    if (event.digest !== undefined && event.total !== undefined) {
      layers.set(event.digest, { done: event.completed ?? 0, total: event.total })
    }
    let done = 0
    let total = 0
    for (const layer of layers.values()) {
      done += layer.done
      total += layer.total
    }
    onProgress({ status: last, done, total })
  }
  if (last !== 'success') throw pullError(model, `the stream ended after "${last}"`)
}

interface PullEvent {
  status?: string
  digest?: string
  total?: number
  completed?: number
  error?: string
}

function parseLine(line: string): PullEvent {
  try {
    const event = JSON.parse(line) as Omit<PullEvent, 'error'> & { error?: string | { message?: string } }
    if (typeof event.error === 'object') return { error: event.error.message ?? 'unknown error' }
    return event as PullEvent
  } catch {
    return { error: `an answer that isn't JSON: ${line.slice(0, 120)}` }
  }
}

function pullError(model: string, said: string): StackError {
  const reason = said.replace(/\.+$/, '')
  if (/file does not exist|not found|manifest unknown/i.test(reason)) {
    return new StackError('E_MODEL_UNKNOWN', `Ollama's registry has no model called ${model}.`, {
      hint: 'The names are at https://ollama.com/library. Then: ./ollama-stack pull NAME',
    })
  }
  if (/no space left|disk/i.test(reason)) {
    return new StackError('E_DISK_FULL', `The disk filled up while ${model} was pulled: ${reason}.`, {
      hint: 'Free some space (docker system df shows where it went), then ./ollama-stack pull again: it goes on where it stopped.',
    })
  }
  if (/dial tcp|no such host|lookup|timeout|connection refused|network is unreachable|EOF/i.test(reason)) {
    return new StackError('E_REGISTRY_UNREACHABLE', `Ollama couldn't reach its model registry: ${reason}.`, {
      hint: 'Check that this machine is online, then: ./ollama-stack pull ' + model,
    })
  }
  return new StackError('E_PULL_FAILED', `Pulling ${model} failed: ${reason}.`, {
    hint: `Try again: ./ollama-stack pull ${model} (what is already there stays). Ollama's log: ./ollama-stack logs ollama`,
  })
}

export interface Generation {
  chunks: number
  /** Milliseconds from sending to the first token, and from first to last token. */
  firstToken: number
  span: number
  tokensPerSecond: number
  /** Milliseconds, for each chunk, since the one before. */
  gaps: number[]
}

/** One short streamed answer. Throws E_OLLAMA with Ollama's own words. */
export async function generate(door: Door, login: Login, model: string, signal?: AbortSignal): Promise<Generation> {
  const start = performance.now()
  const response = await open(door, {
    method: 'POST',
    path: '/api/generate',
    login,
    body: JSON.stringify({ model, prompt: 'Count from one to ten in words.', options: { num_predict: 32 } }),
    // A cold model loads for minutes on a slow disk.
    idle: 10 * 60_000,
    ...(signal ? { signal } : {}),
  })
  const times: number[] = []
  let final: { eval_count?: number; eval_duration?: number } = {}
  for await (const line of lines(response)) {
    const chunk = JSON.parse(line) as { error?: string; done?: boolean; eval_count?: number; eval_duration?: number }
    if (chunk.error !== undefined) throw new StackError('E_OLLAMA', `Ollama couldn't generate with ${model}: ${chunk.error}`)
    times.push(performance.now())
    if (chunk.done) final = chunk
  }
  const first = times[0] ?? start
  return {
    chunks: times.length,
    firstToken: first - start,
    span: (times.at(-1) ?? start) - first,
    tokensPerSecond: final.eval_count && final.eval_duration ? (final.eval_count / final.eval_duration) * 1e9 : 0,
    gaps: times.slice(1).map((time, index) => time - (times[index] ?? time)),
  }
}

/** Lines of an NDJSON stream, each as soon as it is whole. */
async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response as AsyncIterable<string>) {
    rest += chunk
    const whole = rest.split('\n')
    rest = whole.pop() ?? ''
    for (const line of whole) if (line.trim() !== '') yield line
  }
  if (rest.trim() !== '') yield rest
}
