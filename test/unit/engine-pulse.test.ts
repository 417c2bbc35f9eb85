// An engine that goes silent, or dies in the middle of an answer: every call ends, and says so.

import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { explainEngine } from '../../src/engine/explain.ts'
import { watch } from '../../src/engine/pulse.ts'
import { fakeEngine } from './fake-engine.ts'

/** An engine of 20 ms between pings, which is gone after 100 ms of silence. */
async function engine(answer: RequestListener): Promise<Docker> {
  const docker = new Docker({ socketPath: await fakeEngine(answer) })
  watch(docker.modem, { every: 20, within: 100 })
  return docker
}
const codeOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'answered', (error: unknown) => explainEngine(error).code)

test('silent: calls and streams end, the next one ends at once, and one that is answered again goes through', async () => {
  let silent = false
  const docker = await engine((request, response) => {
    if (request.url?.startsWith('/events')) response.write('{}\n')
    else if (!silent) response.end('[]')
  })
  const events = await docker.getEvents()
  const ended = codeOf((async () => { for await (const _ of events as AsyncIterable<Buffer>); })())
  silent = true
  expect(await Promise.all([ended, codeOf(docker.listContainers()), codeOf(docker.getContainer('x').stop())])).toEqual(['E_ENGINE_LOST', 'E_ENGINE_LOST', 'E_ENGINE_LOST'])
  const start = performance.now()
  expect(await codeOf(docker.listContainers())).toBe('E_ENGINE_LOST')
  expect(performance.now() - start).toBeLessThan(1000)
  silent = false
  expect(await docker.listContainers()).toEqual([])
})

test('a call may take longer than that, as long as pings are answered, even by a complaint', async () => {
  let pings = 0
  const docker = await engine((request, response) => {
    if (request.url?.startsWith('/_ping')) response.writeHead(++pings % 2 ? 200 : 500).end('OK')
    else setTimeout(() => response.end('{"StatusCode":0}'), 400)
  })
  expect(await docker.getContainer('x').wait()).toEqual({ StatusCode: 0 })
  expect(pings).toBeGreaterThan(5)
  // Nobody waits any more, so nobody asks.
  await sleep(50)
  const before = pings
  await sleep(100)
  expect(pings).toBe(before)
})

test('an answer that is cut off is none, though the engine is there again', async () => {
  const docker = await engine((request, response) => {
    if (request.url?.startsWith('/_ping')) return void response.end('OK')
    response.writeHead(200, { 'content-length': 100 }).write('[{"Id":')
    setTimeout(() => response.destroy(), 20)
  })
  expect(await codeOf(docker.listContainers())).toBe('E_ENGINE_LOST')
})

test('what a signal ends is cancelled, not lost', async () => {
  const docker = await engine(() => undefined)
  const cancel = new AbortController()
  setTimeout(() => cancel.abort(), 30)
  expect(await codeOf(docker.listContainers({ abortSignal: cancel.signal }))).toBe('E_CANCELLED')
})
