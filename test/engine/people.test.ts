// People come, change and go while the stack runs, for each login, through the commands that a person types.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Login } from '../../stacks/stack.ts'
import { ask, keptAlive, open, type Door } from '../../src/net/http.ts'
import { create, dockerOk, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument, type Outcome } from './project.ts'

/** With the login as it was then: a later rotation replaces the files. */
type User = CreateDocument['users'][number] & { login: Login }
interface Listed { name: string; role: string; created: string | null; expires: string | null; lastUsed: string | null }

describe.each(Object.values(stacks))('$id', (stack) => {
  const place = workspace()
  const name = `test-people-${stack.id}`
  const dir = join(place.dir, name)
  let made: CreateDocument
  let at: Door
  let ann: User

  const user = (...args: string[]): Promise<Outcome> => ollamaStack(['user', ...args, '-C', dir, '--json'])
  const done = async (...args: string[]): Promise<User> => {
    const { code, stdout } = await user(...args)
    expect(code, stdout).toBe(0)
    const one = JSON.parse(stdout) as User
    return one.secret === undefined ? one : { ...one, login: loginOf(made, one) }
  }
  const list = async (): Promise<Listed[]> => (JSON.parse((await user('list')).stdout) as Listed[]).sort((a, b) => (a.name < b.name ? -1 : 1))
  const status = async (who: Login, more: Partial<Parameters<typeof ask>[1]> = {}): Promise<number> => (await ask(at, { path: '/api/version', login: who, ...more })).status
  /** Milliseconds until the status is that. */
  const until = async (wanted: number, who: Login, agent?: ReturnType<typeof keptAlive>): Promise<number> => {
    for (const start = performance.now(); ; await sleep(20)) {
      const now = await status(who, agent ? { agent } : {})
      const ms = performance.now() - start
      if (now === wanted) return ms
      if (ms > 5000) throw new Error(`still ${now} after 5 s, expected ${wanted}`)
    }
  }

  beforeAll(async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--user', 'ann:admin', '--port', String(await freePort()), '--yes', '--json'])
    expect(code, stdout).toBe(0)
    made = JSON.parse(stdout) as CreateDocument
    at = door(made)
    const first = made.users[0] as CreateDocument['users'][number]
    ann = { ...first, login: loginOf(made, first) }
  })
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  test('add: in within a second, listed, and seen in the list afterwards', async () => {
    const bob = await done('add', 'bob')
    expect(bob).toMatchObject({ name: 'bob', role: 'user', secret: expect.stringMatching(/\S{20}/) })
    expect(await until(200, bob.login)).toBeLessThan(1000)
    const people = await list()
    expect(people.map(({ name: who, role }) => `${who}:${role}`)).toEqual(['ann:admin', 'bob:user'])
    // A certificate has an end in any case.
    for (const { created, expires } of people) expect([Date.now() - Date.parse(created ?? '') < 600_000, expires === null]).toEqual([true, stack.id !== 'mtls'])
    await expect.poll(async () => Date.parse((await list())[1]?.lastUsed ?? ''), { timeout: 5000 }).toBeGreaterThan(Date.now() - 60_000)
    expect(JSON.stringify(people)).not.toContain(bob.secret)
  })

  test('refused, exit 2, and nothing changed', async () => {
    const before = await list()
    for (const [args, code] of [[['add', 'bob'], 'E_USER_EXISTS'], [['add', 'BOB'], 'E_USER_EXISTS'], [['add', 'b b'], 'E_USER_NAME'], [['rotate', 'nobody'], 'E_USER_UNKNOWN'], [['remove', 'nobody'], 'E_USER_UNKNOWN'], [['remove', 'ann'], 'E_NEEDS_ANSWERS'], [['add', 'eve', '--expires', '2020-01-01'], 'E_TIME'], [['add', 'eve', '--role', 'root'], 'E_VALUE']] as [string[], string][]) {
      const outcome = await user(...args)
      const { error } = JSON.parse(outcome.stdout) as CreateDocument
      expect([args.join(' '), outcome.code, error?.code]).toEqual([args.join(' '), 2, code])
    }
    expect((await list()).map(({ name: who }) => who)).toEqual(before.map(({ name: who }) => who))
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
    const agent = keptAlive(at)
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
    const agent = keptAlive(at)
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
    const agent = keptAlive(at)
    await until(200, leaver.login, agent)
    await done('remove', 'leaver')
    await sleep(1000)
    expect(await status(leaver.login, { agent })).toBe(401)
    agent.destroy()
    await dockerOk('restart', `${name}-proxy-1`)
    await expect.poll(() => status(ann.login).catch(() => 0), { timeout: 15_000 }).toBe(200)
    expect(await status(leaver.login)).toBe(401)
  })

  test('twenty at once: nobody is lost', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `many-${i}`)
    const added = await Promise.all(names.map((who) => done('add', who)))
    expect((await list()).map(({ name: who }) => who)).toEqual(expect.arrayContaining(names))
    await until(200, (added.at(-1) as User).login)
    expect(await Promise.all(added.map((one) => status(one.login)))).toEqual(names.map(() => 200))
    await Promise.all(names.map((who) => done('remove', who)))
    expect((await list()).map(({ name: who }) => who)).toEqual(['ann', 'bob', 'eve'])
  })

  test('killed at any moment: the old people or the new, whole, and the next change goes through', async () => {
    for (const [index, ms] of [120, 180, 240, 300, 360].entries()) {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), 'user', 'add', `killed-${index}`, '-C', dir], { stdio: 'ignore' })
      await sleep(ms)
      child.kill('SIGKILL')
    }
    const people = (await list()).map(({ name: who }) => who)
    const killed = people.filter((who) => /^killed-\d$/.test(who))
    expect(people.filter((who) => !killed.includes(who))).toEqual(['ann', 'bob', 'eve'])
    for (const who of killed) await done('remove', who)
    const after = await done('add', 'after')
    await until(200, after.login)
    await done('remove', 'after')
  })

  test('a running stream of somebody else arrives whole', async () => {
    const response = await open(at, { method: 'POST', path: '/api/generate', login: ann.login, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 100 } }) })
    const changes = (async () => {
      await done('add', 'other')
      await done('rotate', 'other')
      await done('remove', 'other')
    })()
    let text = ''
    for await (const part of response) text += String(part)
    await changes
    const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { done: boolean })
    expect([response.statusCode, lines.length > 20, lines.at(-1)?.done]).toEqual([200, true, true])
  })
})
