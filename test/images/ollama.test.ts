// The stand-in against what was measured on gin 1.10, gin-contrib/cors 1.7.2 and Go 1.26 with
// Ollama's route table, and against the formats that Ollama's clients rely on.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { request as http, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as client from './ollama/client.ts'
import { corsRules } from './ollama/cors.ts'
import { readSettings } from './ollama/environment.ts'
import { createHeads, type Head } from './ollama/heads.ts'
import { createLog } from './ollama/log.ts'
import { createStandin } from './ollama/server.ts'

const GAP = 5

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** When each chunk came, in milliseconds. */
  times: number[]
}

interface Running {
  port: number
  env: NodeJS.ProcessEnv
  lines: string[]
  heads: () => Head[]
  ask: (line: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  stop: () => Promise<void>
}

async function start(home: string, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const lines: string[] = []
  const log = createLog((text) => lines.push(...text.split('\n')))
  const { server, standin } = createStandin(readSettings({ HOME: home, ...env }), log, GAP)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port, lines,
    env: { HOME: home, OLLAMA_HOST: `127.0.0.1:${port}` },
    heads: standin.heads.all,
    ask: (line, body, headers = {}) => ask(port, line, body, headers),
    stop: () => new Promise((resolve) => {
      log.flush()
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

function ask(port: number, line: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const [method = 'GET', path = '/'] = line.split(' ')
  const sent = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const framed = sent === '' || headers['Transfer-Encoding'] ? headers : { ...headers, 'Content-Length': String(Buffer.byteLength(sent)) }
  return new Promise((resolve, reject) => {
    const request = http({ host: '127.0.0.1', port, method, path, headers: framed }, (response) => {
      let text = ''
      const times: number[] = []
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        times.push(performance.now())
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, times }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(sent)
  })
}

/** Pulls slow:1b, leaves when more than `bytes` are there, and returns how many. */
const pullUntil = (bytes: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = http({ host: '127.0.0.1', port: ollama.port, method: 'POST', path: '/api/pull' }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        const { completed } = ndjson(text).findLast((line) => line.digest !== undefined) ?? {}
        if (typeof completed !== 'number' || completed <= bytes) return
        resolve(completed)
        request.destroy()
      })
      // After the promise is settled, this is our own cut.
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end('{"model":"slow:1b"}')
  })

const ndjson = (body: string) => body.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
const events = (body: string) => body.trim().split('\n\n').map((event) => event.replace(/^event: .*\n/, '').replace(/^data: /, ''))

const home = mkdtempSync(join(tmpdir(), 'standin-'))
let ollama: Running

beforeAll(async () => {
  ollama = await start(home, { OLLAMA_NO_CLOUD: '1' })
  await ollama.ask('POST /api/pull', { model: 'gemma3:1b' })
  await ollama.ask('POST /api/pull', { model: 'all-minilm' })
})

afterAll(async () => {
  await ollama.stop()
  rmSync(home, { recursive: true, force: true })
})

describe('routing', () => {
  test.each([
    ['GET /', 200, 'Ollama is running'],
    ['POST /', 405, 'HEAD, GET'],
    ['GET /nothing', 404, '404 page not found'],
    ['GET /API/tags', 404, '404 page not found'],
    ['GET /api/pull', 405, 'POST'],
    ['PUT /api/tags', 405, 'HEAD, GET'],
    ['GET /api/blobs/sha256:1', 405, 'HEAD, POST'],
    ['OPTIONS /api/chat', 405, 'POST'],
    ['OPTIONS /nothing', 404, '404 page not found'],
    ['POST /api%2Fpull', 400, 'missing request body'],
    ['POST /api/%70ull', 400, 'missing request body'],
    ['GET /v1/models/gemma3:1b', 200, '"id":"gemma3:1b"'],
    ['GET /v1/models/gemma3%3A1b', 200, '"id":"gemma3:1b"'],
    ['GET /v1/models/a%2Fb', 404, '404 page not found'],
    ['GET /api/tags%00', 404, '404 page not found'],
    ['GET /api/tags%zz', 400, '400 Bad Request'],
    // Encoded dots and slashes are cleaned by nobody.
    ['POST /x/..%2fapi%2fpull', 404, '404 page not found'],
    ['GET /%2e%2e/api/tags', 404, '404 page not found'],
    ['GET /api/tags/', 301, '/api/tags'],
    ['GET /api/tags%2F', 301, '/api/tags'],
    ['GET /v1/models/', 301, '/v1/models'],
    ['POST /api/pull/', 307, '/api/pull'],
    ['GET /api/pull/', 404, '404 page not found'],
    ['GET //api/tags', 307, '/api/tags'],
    ['POST /api/./pull?x=1', 307, '/api/pull?x=1'],
    ['POST /api/tags/../pull', 307, '/api/pull'],
    ['POST /api//pull/', 307, '/api/pull/'],
    ['GET //a%20b?c=d', 307, '/a%2520b?c=d'],
  ])('%s is %i %s', async (line, status, expected) => {
    const answer = await ollama.ask(line)
    expect(answer.status).toBe(status)
    expect(status === 405 ? answer.headers.allow : status === 301 || status === 307 ? answer.headers.location : answer.body).toContain(expected)
  })

  test("a redirect obeys the caller's X-Forwarded-Prefix", async () => {
    const { headers } = await ollama.ask('GET /api/tags/', undefined, { 'X-Forwarded-Prefix': '/evil//x.y' })
    expect(headers.location).toBe('/evil/xy/api/tags')
  })
})

describe('CORS', () => {
  test.each([
    ['https://foreign.example', 403], ['null', 403], ['http://localhost.evil.com', 403], ['HTTP://LOCALHOST', 403],
    ['http://localhost', 200], ['https://127.0.0.1:3000', 200], ['app://obsidian.md', 200], ['vscode-webview://x', 200],
    // A star at the end of a pattern matches more than a port.
    ['http://localhost:3000.evil.com', 200],
  ])('origin %s is %i', async (origin, status) => {
    const answer = await ollama.ask('GET /api/version', undefined, { Origin: origin })
    expect(answer.status).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBe(status === 200 ? origin : undefined)
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    if (status === 403) expect(answer.body).toBe('')
  })

  test('a preflight gets 204 and the seven methods, whatever the path', async () => {
    for (const path of ['/api/chat', '/nothing']) {
      const { status, headers } = await ollama.ask(`OPTIONS ${path}`, undefined, { Origin: 'http://localhost:3000', 'Access-Control-Request-Method': 'POST' })
      expect({ status, methods: headers['access-control-allow-methods'], age: headers['access-control-max-age'] }).toEqual({ status: 204, methods: 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS', age: '43200' })
      expect(headers['access-control-allow-headers']).toContain('Authorization')
      expect(headers['access-control-allow-headers']?.toLowerCase()).not.toContain('x-api-key')
    }
  })

  test('an Origin that names the Host is no CORS request', async () => {
    const { status, headers } = await ollama.ask('GET /api/version', undefined, { Origin: 'https://127.0.0.1', Host: '127.0.0.1' })
    expect({ status, allow: headers['access-control-allow-origin'] }).toEqual({ status: 200, allow: undefined })
  })

  test('on loopback a foreign Host is refused', async () => {
    expect((await ollama.ask('GET /api/version', undefined, { Host: 'rebound.example' })).status).toBe(403)
    expect((await ollama.ask('GET /api/version', undefined, { Host: 'host.docker.internal:1' })).status).toBe(200)
  })

  test.each(['example.com', 'null', 'HTTPS://A.example', 'https://a.example, https://b.example', 'https://*.*.example'])('OLLAMA_ORIGINS=%s ends the start', (origins) => {
    expect(() => corsRules(readSettings({ HOME: home, OLLAMA_ORIGINS: origins }).origins)).toThrow(/panic/)
  })
})

describe('pull', () => {
  test('reports each layer and ends in success', async () => {
    const { headers, body } = await ollama.ask('POST /api/pull', { model: 'smollm2:135m' })
    const lines = ndjson(body)
    expect(headers['content-type']).toBe('application/x-ndjson')
    expect(lines[0]).toEqual({ status: 'pulling manifest' })
    expect(lines.slice(-3).map((line) => line.status)).toEqual(['verifying sha256 digest', 'writing manifest', 'success'])
    const layers = new Map(lines.filter((line) => line.digest !== undefined).map((line) => [line.digest, line]))
    expect(layers.size).toBe(5)
    for (const { completed, total, digest, status } of layers.values()) {
      expect(completed).toBe(total)
      expect(status).toBe(`pulling ${String(digest).slice(7, 19)}`)
    }
  })

  test('goes on where a client left it', async () => {
    const progress = await pullUntil(10_000_000)
    const resumed = await pullUntil(0)
    expect(resumed).toBeGreaterThanOrEqual(progress)
    expect((await ollama.ask('GET /api/tags')).body).not.toContain('slow:1b')
  })

  test('an unknown model is an error line inside a 200, or a 500 without streaming', async () => {
    const streamed = await ollama.ask('POST /api/pull', { model: 'no-such-model' })
    expect(streamed.status).toBe(200)
    expect(ndjson(streamed.body).at(-1)).toEqual({ error: 'pull model manifest: file does not exist' })
    const quiet = await ollama.ask('POST /api/pull', { model: 'no-such-model', stream: false })
    expect([quiet.status, quiet.body]).toEqual([500, '{"error":"pull model manifest: file does not exist"}'])
  })

  test('a full disk is an error line too', async () => {
    const { body } = await ollama.ask('POST /api/pull', { model: 'full:1b' })
    expect(ndjson(body).at(-1)?.error).toMatch(/^write .*-partial: no space left on device$/)
  })
})

describe('generation', () => {
  test('native streams are lines with gaps and final counters', async () => {
    const { headers, body, times } = await ollama.ask('POST /api/generate', { model: 'gemma3:1b', prompt: 'hello' })
    const lines = ndjson(body)
    expect(headers['content-type']).toBe('application/x-ndjson')
    expect(lines.map((line) => line.response).join('')).toContain('stand-in')
    expect(times.length).toBeGreaterThan(10)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(GAP * 10)
    const last = lines.at(-1)
    expect(last).toMatchObject({ done: true, done_reason: 'stop', eval_count: lines.length - 1 })
    for (const name of ['total_duration', 'load_duration', 'prompt_eval_count', 'prompt_eval_duration', 'eval_duration']) expect(last?.[name]).toEqual(expect.any(Number))
  })

  test('num_predict gives that many words', async () => {
    const { body } = await ollama.ask('POST /api/chat', { model: 'gemma3:1b', messages: [{ role: 'user', content: 'x' }], options: { num_predict: 40 } })
    const lines = ndjson(body)
    expect(lines.length).toBe(41)
    expect(lines.at(-1)).toMatchObject({ done_reason: 'length', eval_count: 40, message: { role: 'assistant', content: '' } })
  })

  test('stream:false is one JSON document', async () => {
    const { headers, body } = await ollama.ask('POST /api/chat', { model: 'gemma3:1b', stream: false, messages: [{ role: 'user', content: 'x' }] })
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(JSON.parse(body)).toMatchObject({ done: true, message: { content: expect.stringContaining('no model ran') } })
  })

  test('OpenAI streams end in [DONE]', async () => {
    const { headers, body } = await ollama.ask('POST /v1/chat/completions', { model: 'gemma3:1b', stream: true, stream_options: { include_usage: true }, messages: [{ role: 'user', content: 'x' }] })
    const all = events(body)
    expect(headers['content-type']).toBe('text/event-stream')
    expect(all.at(-1)).toBe('[DONE]')
    expect(JSON.parse(all.at(-2) ?? '')).toMatchObject({ choices: [], usage: { completion_tokens: all.length - 3 } })
    expect(JSON.parse(all[0] ?? '')).toMatchObject({ object: 'chat.completion.chunk', choices: [{ delta: { role: 'assistant' }, finish_reason: null }] })
  })

  test('Anthropic streams are typed events in order', async () => {
    const { body } = await ollama.ask('POST /v1/messages', { model: 'gemma3:1b', stream: true, max_tokens: 3, messages: [{ role: 'user', content: 'x' }] })
    const types = events(body).map((event) => (JSON.parse(event) as { type: string }).type)
    expect(types).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop'])
  })

  test('the responses API ends in response.completed', async () => {
    const { body } = await ollama.ask('POST /v1/responses', { model: 'gemma3:1b', stream: true, input: 'x' })
    expect(JSON.parse(events(body).at(-1) ?? '')).toMatchObject({ type: 'response.completed', response: { status: 'completed' } })
  })

  test.each([
    ['/api/chat', { error: "model 'nope' not found" }],
    ['/v1/chat/completions', { error: { message: "model 'nope' not found", type: 'not_found_error', param: null, code: null } }],
    ['/v1/messages', { type: 'error', error: { type: 'not_found_error', message: "model 'nope' not found" } }],
  ])('an unknown model on %s is told in its family', async (path, body) => {
    const answer = await ollama.ask(`POST ${path}`, { model: 'nope', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.body)).toMatchObject(body)
  })

  test.each(['/api/generate', '/api/chat', '/api/embed', '/v1/chat/completions', '/v1/messages'])('a cloud model on %s is refused, in the native shape', async (path) => {
    const answer = await ollama.ask(`POST ${path}`, { model: 'gpt-oss:120b-cloud', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
    expect([answer.status, answer.body]).toEqual([403, '{"error":"ollama cloud is disabled: remote inference is unavailable"}'])
  })

  test('loaded models are listed, and unloaded on demand', async () => {
    await ollama.ask('POST /api/generate', { model: 'gemma3:1b' })
    expect((await ollama.ask('GET /api/ps')).body).toContain('"name":"gemma3:1b"')
    expect(JSON.parse((await ollama.ask('POST /api/generate', { model: 'gemma3:1b', keep_alive: 0 })).body)).toMatchObject({ done_reason: 'unload' })
    expect((await ollama.ask('GET /api/ps')).body).toBe('{"models":[]}')
  })

  test('embeddings, and a model that can do nothing else', async () => {
    const { embeddings } = JSON.parse((await ollama.ask('POST /api/embed', { model: 'all-minilm', input: ['a', 'b'] })).body) as { embeddings: number[][] }
    expect(embeddings.map((vector) => vector.length)).toEqual([384, 384])
    expect((await ollama.ask('POST /api/generate', { model: 'all-minilm', prompt: 'x' })).body).toBe('{"error":"\\"all-minilm\\" does not support generate"}')
  })
})

describe('server', () => {
  test('models and key pair outlive a restart; half downloads do not', async () => {
    const place = mkdtempSync(join(tmpdir(), 'standin-'))
    const first = await start(place)
    await first.ask('POST /api/pull', { model: 'qwen3:0.6b' })
    await first.ask('POST /api/pull', { model: 'full:1b' })
    const blobs = join(place, '.ollama/models/blobs')
    expect(readdirSync(blobs).filter((name) => name.endsWith('-partial'))).toHaveLength(1)
    const key = statSync(join(place, '.ollama/id_ed25519'))
    await first.stop()
    const second = await start(place)
    expect((await second.ask('GET /api/tags')).body).toContain('"name":"qwen3:0.6b"')
    expect(readdirSync(blobs).filter((name) => name.endsWith('-partial'))).toEqual([])
    expect(statSync(join(place, '.ollama/id_ed25519')).mtimeMs).toBe(key.mtimeMs)
    expect(key.mode & 0o777).toBe(0o600)
    await second.stop()
    rmSync(place, { recursive: true, force: true })
  })

  test('copy, show and delete', async () => {
    expect((await ollama.ask('POST /api/copy', { source: 'gemma3:1b', destination: 'mine/copy' })).status).toBe(200)
    expect((await ollama.ask('POST /api/show', { model: 'mine/copy' })).status).toBe(200)
    expect((await ollama.ask('GET /api/tags')).body).toContain('"name":"mine/copy:latest"')
    expect((await ollama.ask('DELETE /api/delete', { model: 'mine/copy' })).status).toBe(200)
    expect((await ollama.ask('DELETE /api/delete', { model: 'mine/copy' })).status).toBe(404)
  })

  test('a blob with a wrong digest is refused, and stays under its real one', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`
    const real = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    expect((await ollama.ask(`POST /api/blobs/${wrong}`, 'hello')).status).toBe(400)
    expect((await ollama.ask(`HEAD /api/blobs/${wrong}`)).status).toBe(404)
    expect((await ollama.ask(`HEAD /api/blobs/${real}`)).status).toBe(200)
  })

  test('a chunked body of 100 MB is taken', async () => {
    const { status } = await ollama.ask('POST /api/generate', `{"model":"gemma3:1b","stream":false,"images":["${'A'.repeat(100 << 20)}"],"prompt":"x"}`, { 'Transfer-Encoding': 'chunked' })
    expect(status).toBe(200)
    expect(ollama.heads().at(-1)?.body).toBeGreaterThan(100 << 20)
  }, 30_000)

  test('request heads are kept as they came, and only the last ones', async () => {
    await ollama.ask('GET /api/version?x=%41', undefined, { 'X-Odd-CASE': '1' })
    const head = ollama.heads().at(-1)
    expect(head).toMatchObject({ method: 'GET', target: '/api/version?x=%41', body: 0 })
    expect(head?.headers).toContain('X-Odd-CASE')
    const heads = createHeads()
    for (let index = 0; index < 2100; index++) heads.add({ method: 'GET', target: `/${index}`, headers: [], body: 0 })
    expect([heads.all().length, heads.all()[0]?.target, heads.all().at(-1)?.target]).toEqual([2000, '/100', '/2099'])
    heads.clear()
    expect(heads.all()).toEqual([])
  })

  test('the commands of the image', async () => {
    const said: string[] = []
    const told: client.Told = { out: (text) => said.push(text), err: (text) => said.push(text) }
    const settings = readSettings(ollama.env)
    await client.list(settings, told)
    expect(said.join('')).toMatch(/^NAME +ID +SIZE +MODIFIED +\n/)
    expect(said.join('')).toMatch(/gemma3:1b +[0-9a-f]{12} +815 MB +\d+ seconds? ago/)
    await client.pull(settings, 'gemma3:1b', told)
    expect(said.at(-1)).toBe('success\n')
    await expect(client.pull(settings, 'nope', told)).rejects.toThrow('pull model manifest: file does not exist')
    await expect(client.list({ ...settings, port: 9 }, told)).rejects.toThrow("could not connect to ollama server, run 'ollama serve' to start it")
  })

  test('log lines look like the real ones', async () => {
    await ollama.ask('GET /api/version')
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(ollama.lines.at(-1) || ollama.lines.at(-2)).toMatch(/^\[GIN\] \d{4}\/\d\d\/\d\d - \d\d:\d\d:\d\d \| 200 \| +[\d.]+(µs|ms|s) \| +127\.0\.0\.1 \| GET {6}"\/api\/version"$/)
  })

  test.each([
    ['', { host: '127.0.0.1', port: 11434 }], ['0.0.0.0', { host: '0.0.0.0', port: 11434 }], ['10.213.7.2:11434', { host: '10.213.7.2', port: 11434 }],
    ['http://a.example', { host: 'a.example', port: 80 }], ['[::1]:80', { host: '::1', port: 80 }], ['::1', { host: '::1', port: 11434 }], [':5000', { host: '0.0.0.0', port: 5000 }],
    ['1.2.3.4:x', { host: '1.2.3.4', port: 11434 }], ['"1.2.3.4:70000"', { host: '1.2.3.4', port: 11434 }],
  ])('OLLAMA_HOST=%s', (value, expected) => {
    expect(readSettings({ HOME: home, OLLAMA_HOST: value })).toMatchObject(expected)
  })
})
