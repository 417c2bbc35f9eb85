// Sends cases, a few at a time. Each names itself in its User-Agent, one of the few headers that
// reach Ollama, so that what arrived there can be told apart.

import type { Login } from '../../stacks/stack.ts'
import type { Door } from '../net/http.ts'
import { bytesOf, type Case, type Who } from './case.ts'
import { raw, type RawReply } from './raw.ts'

/** Fewer than the guesses at one name that the Basic proxy works on at a time (stacks/basic/files/nginx.conf). */
const AT_ONCE = 4
/** For the few cases where silence is right too: by one reading their body isn't complete. */
const SILENCE_MS = 1500

export type Logins = Record<Who, Login | null>

export async function send(door: Door, logins: Logins, cases: readonly Case[], agent: (index: number) => string, signal?: AbortSignal): Promise<RawReply[]> {
  const host = new URL(door.url).host
  const replies: RawReply[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      const one = cases[index]
      if (!one) return
      const login = logins[one.who]
      const options = { ...(signal ? { signal } : {}), ...(one.expect.includes(0) ? { patience: SILENCE_MS } : {}) }
      replies[index] = await raw(door, login, bytesOf(one, host, login?.headers ?? {}, agent(index)), options)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return replies
}
