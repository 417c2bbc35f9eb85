// --rate: per person, and nobody can use up somebody else's.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Login } from '../../stacks/stack.ts'
import { ask, type Door } from '../../src/net/http.ts'
import { create, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'

const ORIGIN = 'https://app.example.com'

describe.each(Object.values(stacks).filter(({ limitsRate }) => limitsRate))('$id', (stack) => {
  const place = workspace()
  const dir = join(place.dir, `test-rate-${stack.id}`)
  let made: CreateDocument
  let at: Door
  let ann: Login
  let bob: Login

  beforeAll(async () => {
    const { stdout } = await create([dir, '--auth', stack.id, '--user', 'ann', '--user', 'bob', '--rate', '30/m', '--origin', ORIGIN, '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
    made = JSON.parse(stdout) as CreateDocument
    at = door(made)
    const [first, second] = made.users.map((user) => loginOf(made, user))
    if (!first || !second) throw new Error(stdout)
    ;[ann, bob] = [first, second]
  })
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  test('the smoke check saw it bite and recover', () => {
    expect(made.error).toBeUndefined()
    expect(made.checks.find(({ id }) => id === 'rate-limit')).toMatchObject({ ok: true, detail: expect.stringMatching(/^429 after 6\d requests, 200 again after \d s$/) })
  })

  test('wrong credentials of a name cost its owner nothing, and one person costs another nothing', async () => {
    const wrong = { headers: { Authorization: stack.id === 'basic' ? `Basic ${btoa('bob:wrong-password')}` : `Bearer olsk_${'A'.repeat(43)}` } }
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await ask(at, { path: '/api/version', login: wrong })).status))
    expect(statuses.filter((status) => status === 200)).toEqual([])
    const sent: number[] = []
    while (sent.at(-1) !== 429 && sent.length < 100) sent.push((await ask(at, { path: '/v1/models', login: ann })).status)
    const refused = await ask(at, { path: '/v1/models', login: ann, headers: { origin: ORIGIN } })
    expect([sent.at(-1), refused.status, Number(refused.headers['retry-after']) >= 1, JSON.parse(refused.body)]).toEqual([429, 429, true, { error: expect.objectContaining({ code: 'rate_limit_exceeded' }) as object }])
    expect([refused.headers['access-control-allow-origin'], refused.headers['access-control-expose-headers']]).toEqual([ORIGIN, 'Retry-After, WWW-Authenticate'])
    expect((await ask(at, { path: '/api/version', login: bob })).status).toBe(200)
  })
})
