// A stack with one admin, ann, and the commands that a person types to change its people.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Stack, Login } from '../../stacks/stack.ts'
import { ask, type keptAlive, type Door } from '../../src/net/http.ts'
import { create, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument, type Outcome } from './project.ts'

/** With the login as it was then: a later rotation replaces the files. */
export type User = CreateDocument['users'][number] & { login: Login }
export interface Listed { name: string; role: string; created: string | null; expires: string | null; lastUsed: string | null }

export interface People {
  dir: string
  at(): Door
  ann(): User
  user(...args: string[]): Promise<Outcome>
  /** The same, when it must succeed. */
  done(...args: string[]): Promise<User>
  list(): Promise<Listed[]>
  status(who: Login, more?: Partial<Parameters<typeof ask>[1]>): Promise<number>
  /** Milliseconds until the status is that. */
  until(wanted: number, who: Login, agent?: ReturnType<typeof keptAlive>): Promise<number>
}

/** Made before the first test of a `describe`, removed after its last one. */
export function people(stack: Stack, name: string): People {
  const place = workspace()
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

  return { dir, at: () => at, ann: () => ann, user, done, list, status, until }
}
