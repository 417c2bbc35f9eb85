// People come, change and go while the stack runs, for each login, through the commands that a person
// types. What doesn't measure time is in crowd.test.ts.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { keptAlive } from '../../src/net/http.ts'
import { people } from './people.ts'
import { dockerOk } from './project.ts'

describe.each(Object.values(stacks))('$id', (stack) => {
  const name = `test-people-${stack.id}`
  const { at, ann, done, list, status, until } = people(stack, name)

  test('add: in within a second, listed, and seen in the list afterwards', async () => {
    const bob = await done('add', 'bob')
    expect(bob).toMatchObject({ name: 'bob', role: 'user', secret: expect.stringMatching(/\S{20}/) })
    expect(await until(200, bob.login)).toBeLessThan(1000)
    const listed = await list()
    expect(listed.map(({ name: who, role }) => `${who}:${role}`)).toEqual(['ann:admin', 'bob:user'])
    // A certificate has an end in any case.
    for (const { created, expires } of listed) expect([Date.now() - Date.parse(created ?? '') < 600_000, expires === null]).toEqual([true, stack.id !== 'mtls'])
    await expect.poll(async () => Date.parse((await list())[1]?.lastUsed ?? ''), { timeout: 5000 }).toBeGreaterThan(Date.now() - 60_000)
    expect(JSON.stringify(listed)).not.toContain(bob.secret)
  })

  test('rotate: the old one ends within a second', async () => {
    const eve = await done('add', 'eve', '--role', 'admin')
    await until(200, eve.login)
    const next = await done('rotate', 'eve')
    expect(next).toMatchObject({ name: 'eve', role: 'admin' })
    expect(await until(401, eve.login)).toBeLessThan(1500)
    expect(await until(200, next.login)).toBeLessThan(1000)
  })

  test('rotate with an overlap: both, then only the new one, on an open connection too', async () => {
    const eve = await done('rotate', 'eve')
    await until(200, eve.login)
    const agent = keptAlive(at())
    const next = await done('rotate', 'eve', '--overlap', '4s')
    const begun = performance.now()
    await until(200, next.login)
    expect(await status(eve.login, { agent })).toBe(200)
    await until(401, eve.login, agent)
    const took = performance.now() - begun
    expect([took > 2000, took < 6000], `${took} ms`).toEqual([true, true])
    agent.destroy()
    expect(await status(next.login)).toBe(200)
  })

  test('expires: out by itself, on an open connection too, and listed as such', async () => {
    const agent = keptAlive(at())
    const guest = await done('add', 'guest', '--expires', '4s')
    await until(200, guest.login, agent)
    await until(401, guest.login, agent)
    agent.destroy()
    const found = (await list()).find(({ name: who }) => who === 'guest')
    expect(Date.parse(found?.expires ?? '')).toBeLessThan(Date.now() + 1000)
    await done('remove', 'guest')
  })

  test('remove: out within a second on an open connection, and still out after the proxy starts anew', async () => {
    const leaver = await done('add', 'leaver')
    const agent = keptAlive(at())
    await until(200, leaver.login, agent)
    await done('remove', 'leaver')
    await sleep(1000)
    expect(await status(leaver.login, { agent })).toBe(401)
    agent.destroy()
    await dockerOk('restart', `${name}-proxy-1`)
    await expect.poll(() => status(ann().login).catch(() => 0), { timeout: 15_000 }).toBe(200)
    expect(await status(leaver.login)).toBe(401)
  })
})
