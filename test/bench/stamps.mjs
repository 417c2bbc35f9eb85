// In Ollama's place, for `stream.ts`: answers in the shapes of its three streams, and each piece says when it
// was sent. The clock is the machine's own since its start, the same in every container.

import { createServer } from 'node:http'

/** As fast as a model speaks that people call fast. */
const EVERY_MS = 20
const PIECES = 50
const PART = Buffer.alloc(64 * 1024, 'x')

const stamp = () => `@${process.hrtime.bigint()}@`
const head = { model: 'm', created_at: '2026-01-01T00:00:00Z' }

/** @type {Record<string, [type: string, piece: () => string]>} */
const STREAMS = {
  '/api/chat': ['application/x-ndjson', () => `${JSON.stringify({ ...head, message: { role: 'assistant', content: stamp() }, done: false })}\n`],
  '/v1/chat/completions': ['text/event-stream', () => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: stamp() }, finish_reason: null }] })}\n\n`],
  '/v1/messages': ['text/event-stream', () => `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: stamp() } })}\n\n`],
}

createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const stream = STREAMS[request.url ?? '']
  let [size, asked] = [0, '']
  request.on('data', (/** @type {Buffer} */ bytes) => {
    size += bytes.length
    if (size < 1000) asked += bytes.toString()
  })
  request.on('end', () => {
    const answer = /"answer":(\d+)/.exec(asked)?.[1]
    if (!stream) response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"version":"0"}')
    else if (answer) long(response, Number(answer))
    else if (size > 1000) response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ size }))
    else speak(response, stream)
  })
}).listen(11434, '0.0.0.0')

/** The first piece at once: what the client waits for is the way. @param {import('node:http').ServerResponse} response @param {[string, () => string]} stream */
function speak(response, [type, piece]) {
  response.writeHead(200, { 'Content-Type': type })
  response.write(piece())
  let left = PIECES - 1
  const timer = setInterval(() => {
    response.write(piece())
    if (--left > 0) return
    clearInterval(timer)
    response.end()
  }, EVERY_MS)
  response.on('close', () => clearInterval(timer))
}

/** @param {import('node:http').ServerResponse} response @param {number} bytes */
function long(response, bytes) {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': bytes })
  let left = bytes
  const go = () => {
    while (left > 0) {
      const part = PART.subarray(0, left)
      left -= part.length
      if (!response.write(part)) return void response.once('drain', go)
    }
    response.end()
  }
  go()
}
