// down beside an engine that answers as the test says: what goes while something else still stops, and how it ends.

import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { down } from '../../src/engine/down.ts'
import { fakeEngine } from './fake-engine.ts'

const container = (service: string, networks: string[]): object => ({
  Id: service, Names: [`/x-${service}-1`], Labels: { 'com.docker.compose.service': service },
  NetworkSettings: { Networks: Object.fromEntries(networks.map((name) => [name, { NetworkID: name }])) },
})
const LISTS: Record<string, unknown> = {
  '/containers/json': [container('quick', ['front', 'shared']), container('slow', ['shared', 'back'])],
  '/networks': ['front', 'shared', 'back'].map((name) => ({ Id: name, Name: `x_${name}` })),
}

/** `answer` may wait; it gives the status. */
async function engine(answer: (call: string) => number | Promise<number>): Promise<{ docker: Docker; calls: string[] }> {
  const calls: string[] = []
  const socketPath = await fakeEngine((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (LISTS[path]) return void response.end(JSON.stringify(LISTS[path]))
    const call = `${request.method} ${path}`
    calls.push(call)
    void Promise.resolve(answer(call)).then((status) => response.writeHead(status).end(status < 300 ? '' : '{"message":"no"}'))
  })
  return { docker: new Docker({ socketPath }), calls }
}

test('a network goes as soon as nobody uses it, while another container still stops', async () => {
  let frontGone = (): void => undefined
  const front = new Promise<void>((resolve) => (frontGone = resolve))
  const { docker, calls } = await engine(async (call) => {
    if (call === 'POST /containers/slow/stop') await front
    if (call === 'DELETE /networks/front') frontGone()
    return 204
  })
  const removed = await down(docker, 'x')
  expect(removed).toEqual({ containers: ['x-quick-1', 'x-slow-1'], networks: ['x_front', 'x_shared', 'x_back'], volumes: [], kept: [] })
  for (const name of ['shared', 'back']) expect(calls.indexOf(`DELETE /networks/${name}`)).toBeGreaterThan(calls.indexOf('DELETE /containers/slow'))
})

test.each([
  ['that somebody else uses is kept', 403, { networks: ['x_shared', 'x_back'], kept: ['x_front'] }],
  ['that is gone already is no trouble', 404, { networks: ['x_shared', 'x_back'], kept: [] }],
])('a network %s', async (_, status, expected) => {
  const { docker } = await engine((call) => (call === 'DELETE /networks/front' ? status : 204))
  expect(await down(docker, 'x')).toMatchObject(expected)
})

test('a network that fails early ends it, but only once everything else that began has ended', async () => {
  let stopped = false
  const { docker } = await engine(async (call) => {
    if (call === 'DELETE /networks/front') return 500
    if (call === 'POST /containers/slow/stop') await new Promise((resolve) => setTimeout(resolve, 100))
    if (call === 'DELETE /containers/slow') stopped = true
    return 204
  })
  await expect(down(docker, 'x')).rejects.toMatchObject({ code: 'E_ENGINE' })
  expect(stopped).toBe(true)
})
