// Pulling a model, against a server that says what Ollama says on the wire.

import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Door } from '../../src/net/http.ts'
import { pull, type PullProgress } from '../../src/ollama/ollama.ts'

let server: http.Server | undefined
afterEach(() => server?.close())

function serve(lines: string[], status = 200): Promise<Door> {
  const made = http.createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/x-ndjson' })
      for (const line of lines) response.write(line)
      response.end()
    })
  })
  server = made
  return new Promise((resolve) => made.listen(0, '127.0.0.1', () => {
    const { port } = made.address() as AddressInfo
    resolve({ url: `http://127.0.0.1:${port}`, connect: { host: '127.0.0.1', port }, ca: null })
  }))
}

const login = { headers: {} }

test('progress adds up the layers, and lines may arrive cut in two', async () => {
  const door = await serve([
    '{"status":"pulling manifest"}\n{"status":"pulling a","digest":"sha256:a","total":100,"comp', 'leted":40}\n',
    '{"status":"pulling b","digest":"sha256:b","total":50}\n{"status":"pulling a","digest":"sha256:a","total":100,"completed":100}\n{"status":"success"}\n',
  ])
  const seen: PullProgress[] = []
  await pull(door, login, 'm', (progress) => seen.push(progress))
  expect(seen.map(({ done, total }) => `${done}/${total}`)).toEqual(['0/0', '40/100', '40/150', '100/150', '100/150'])
})

describe.each([
  ['an unknown model', ['{"status":"pulling manifest"}\n{"error":"pull model manifest: file does not exist"}\n'], 200, 'E_MODEL_UNKNOWN'],
  ['a full disk', ['{"error":"write /home/ubuntu/.ollama/models/blobs/x: no space left on device"}\n'], 200, 'E_DISK_FULL'],
  ['no network', ['{"error":"pull model manifest: Get \\"https://registry\\": dial tcp: lookup registry: no such host"}\n'], 200, 'E_REGISTRY_UNREACHABLE'],
  ['a stream that just ends', ['{"status":"pulling manifest"}\n'], 200, 'E_PULL_FAILED'],
  ['an answer that is no JSON', ['<html>'], 200, 'E_PULL_FAILED'],
  ['a refusal', ['{"error":"Not allowed."}'], 403, 'E_PULL_FAILED'],
])('%s', (_, lines, status, code) => {
  test(`is ${code}, with a fix`, async () => {
    const door = await serve(lines, status)
    await expect(pull(door, login, 'm', () => {})).rejects.toMatchObject({ code, message: expect.stringMatching(/[^.]\.$/), hint: expect.stringMatching(/\S/) })
  })
})
