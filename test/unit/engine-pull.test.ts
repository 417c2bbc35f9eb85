// The lines of a pull, good and bad: a failed one ends with HTTP 200 too.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect, type PullProgress } from '../../src/engine.ts'
import type { Client } from '../../src/engine/client.ts'
import { explainEngine } from '../../src/engine/explain.ts'
import { registryDigest } from '../../src/engine/pull.ts'

let dir: string
let server: Server | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pull-'))
})
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
  rmSync(dir, { recursive: true, force: true })
})

let asked = ''
async function engineThat(answers: (response: ServerResponse) => void): Promise<Awaited<ReturnType<typeof connect>>> {
  const socket = join(dir, 'engine.sock')
  server = createServer((request, response) => {
    if (request.method === 'POST') {
      asked = request.url ?? ''
      answers(response)
    } else response.setHeader('content-type', 'application/json').end(JSON.stringify({ Version: '28.0.0', ApiVersion: '1.48', Os: 'linux', Arch: 'amd64' }))
  })
  await new Promise<void>((resolve) => server?.listen(socket, resolve))
  return connect({ env: { DOCKER_HOST: `unix://${socket}` } })
}

const lines = (...events: object[]) => (response: ServerResponse): void => {
  // In odd pieces, as a network may cut it.
  const text = events.map((event) => `${JSON.stringify(event)}\r\n`).join('')
  for (let i = 0; i < text.length; i += 37) response.write(text.slice(i, i + 37))
  response.end()
}

const DIGEST = `sha256:${'ab'.repeat(32)}`

test('counts the bytes of the layers and returns the digest', async () => {
  const engine = await engineThat(lines(
    { status: 'Pulling from library/nginx', id: '1.30' },
    { status: 'Pulling fs layer', id: 'a', progressDetail: {} }, { status: 'Already exists', id: 'b', progressDetail: {} },
    { status: 'Downloading', id: 'a', progressDetail: { current: 10, total: 100 } }, { status: 'Download complete', id: 'a', progressDetail: {} },
    { status: 'Extracting', id: 'a', progressDetail: { current: 50, total: 100 } }, { status: 'Pull complete', id: 'a', progressDetail: {} },
    { status: `Digest: ${DIGEST}` }, { status: 'Status: Downloaded newer image for nginx:1.30' },
  ))
  const seen: PullProgress[] = []
  expect(await engine.pull('nginx:1.30', (progress) => seen.push(progress))).toBe(DIGEST)
  expect(seen[0]).toEqual({ image: 'nginx:1.30', done: 0, total: 0, layers: 1, layersDone: 0, phase: 'waiting' })
  expect(seen[2]).toMatchObject({ done: 10, total: 100, layers: 2, layersDone: 1, phase: 'downloading' })
  expect(seen.at(-1)).toMatchObject({ done: 100, total: 100, layersDone: 2, phase: 'extracting' })
})

test('asks for one tag, never for all', async () => {
  const engine = await engineThat(lines({ status: 'ok' }))
  await engine.pull('127.0.0.1:5000/nginx')
  expect(decodeURIComponent(asked)).toBe('/images/create?fromImage=127.0.0.1:5000/nginx:latest')
})

test.each([
  ['E_IMAGE_NOT_FOUND', 'manifest for nginx:9 not found: manifest unknown: manifest unknown'],
  ['E_IMAGE_NOT_FOUND', "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"],
  ['E_IMAGE_NOT_FOUND', 'no matching manifest for linux/riscv64 in the manifest list entries'],
  ['E_RATE_LIMIT', 'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit'],
  ['E_REGISTRY_UNREACHABLE', 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host'],
  ['E_REGISTRY_UNREACHABLE', 'net/http: TLS handshake timeout'],
  ['E_DISK_FULL', 'failed to register layer: write /usr/lib/x: no space left on device'],
  ['E_PULL_FAILED', 'filesystem layer verification failed for digest sha256:1'],
])('%s inside a successful answer: %s', async (code, message) => {
  const engine = await engineThat(lines({ status: 'Pulling fs layer', id: 'a' }, { errorDetail: { message }, error: message }))
  await expect(engine.pull('nginx:9')).rejects.toMatchObject({ code, hint: expect.stringMatching(/\S/) as string })
})

test('as an HTTP status', async () => {
  const engine = await engineThat((response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"manifest for nginx:9 not found: manifest unknown"}'))
  await expect(engine.pull('nginx:9')).rejects.toMatchObject({ code: 'E_IMAGE_NOT_FOUND', message: expect.stringContaining('nginx:9 could not be pulled') as string })
})

test('an answer that breaks off, or is something else', async () => {
  const engine = await engineThat((response) => {
    response.write('{"status":"Pulling fs layer","id":"a"}\n')
    setTimeout(() => response.destroy(), 50)
  })
  await expect(engine.pull('nginx:9')).rejects.toMatchObject({ name: 'StackError' })
  server?.removeAllListeners('request').on('request', (_, response: ServerResponse) => response.end('<html>a proxy\'s page</html>\n'))
  await expect(engine.pull('nginx:9')).rejects.toMatchObject({ code: 'E_PULL_FAILED', message: expect.stringContaining('<html>') as string })
})

test('stops when told to', async () => {
  const engine = await engineThat((response) => response.write('{"status":"Pulling fs layer","id":"a"}\n'))
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 100)
  await expect(engine.pull('nginx:9', undefined, stop.signal)).rejects.toMatchObject({ code: 'E_CANCELLED' })
  await expect(engine.pull('nginx:9', undefined, stop.signal)).rejects.toMatchObject({ code: 'E_CANCELLED' })
})

/** What engines say, each with what it means. */
test.each([
  ['E_GPU', 'could not select device driver "nvidia" with capabilities: [[gpu]]'],
  ['E_GPU', 'error gathering device information while adding custom device "/dev/kfd": no such file or directory'],
  ['E_MOUNT_MISSING', 'invalid mount config for type "bind": bind source path does not exist: /srv/lab/proxy'],
  ['E_NAME_TAKEN', 'Conflict. The container name "/lab-web-1" is already in use by container "abc". You have to remove (or rename) that container to be able to reuse that name.'],
  ['E_DISK_FULL', 'mkdir /var/lib/docker/overlay2/x: no space left on device'],
  ['E_SUBNET_TAKEN', 'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network'],
  ['E_ENGINE', 'something nobody has seen before'],
])('%s: %s', (code, message) => {
  const error = explainEngine(Object.assign(new Error(`(HTTP code 500) server error - ${message} `), { statusCode: 500 }))
  expect(error).toMatchObject({ code, hint: expect.stringMatching(/\S/) as string })
  expect(error.message).not.toContain('HTTP code')
})

test('a lost connection', () => {
  expect(explainEngine(Object.assign(new Error('connect ECONNREFUSED /var/run/docker.sock'), { code: 'ECONNREFUSED' }))).toMatchObject({ code: 'E_ENGINE_LOST' })
})

test('a registry that never answers is given up, whatever is collected as garbage meanwhile', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const silent = { getImage: () => ({ distribution: () => new Promise(() => {}) }) } as unknown as Client
  const often = setInterval(collect, 20)
  try {
    await expect(registryDigest(silent, 'nginx:1.30', new AbortController().signal, 200)).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' })
  } finally {
    clearInterval(often)
  }
}, 3000)
