// Who gets in, and who doesn't.

import { setTimeout as sleep } from 'node:timers/promises'
import type { BadLogin } from '../../stacks/stack.ts'
import { ask, keptAlive, TlsAlert, type Reply } from '../net/http.ts'
import { issueTestPerson, remove, untilKnown } from '../people/people.ts'
import { failed, passed, status, type Check, type Verdict, type Visit } from './check.ts'

/** The contract: a removed credential is refused within a second. */
const REMOVED_MS = 1000

export const answers: Check = {
  id: 'proxy-answers',
  title: 'The proxy answers at its published address',
  async run({ door }) {
    const { status } = await ask(door, { path: '/' })
    return passed(`${door.connect.host}:${door.connect.port} answered ${status}`)
  },
}

export const login: Check[] = [
  {
    id: 'no-credential',
    title: 'A stranger without a credential is refused',
    async run({ door, stack }) {
      const reply = await ask(door, { path: '/api/tags' })
      const verdict = refusal(reply, stack.challenge)
      return verdict.ok ? passed(`401, ${reply.headers['www-authenticate']}`) : verdict
    },
  },
  {
    id: 'no-credential-anywhere',
    title: 'A stranger is refused on every kind of path',
    async run({ door }) {
      const paths = ['/', '/api/pull', '/api/%70ull', '//api/tags', '/v1/models', '/v1/messages', '/no/such/path']
      for (const path of paths) {
        const { status } = await ask(door, { path })
        if (status !== 401) return failed(`${path} answered ${status}, expected 401`)
      }
      return passed(`${paths.length} paths, 401 each`)
    },
  },
  {
    id: 'valid-ollama',
    title: 'A valid credential reaches Ollama (/api/tags)',
    run: async ({ door, user }) => status((await ask(door, { path: '/api/tags', login: user.login })).status, 200),
  },
  {
    id: 'valid-openai',
    title: 'A valid credential reaches the OpenAI API (/v1/models)',
    run: async ({ door, user }) => status((await ask(door, { path: '/v1/models', login: user.login })).status, 200),
  },
  {
    id: 'removed-credential',
    title: 'A removed credential is refused within a second',
    run: removed,
  },
]

/** One check for each wrong login that the stack knows how to make. */
export function wrongLogin({ id, title, login, expect }: BadLogin): Check {
  return {
    id: `refuses-${id}`,
    title,
    async run({ door, stack }) {
      try {
        const reply = await ask(door, { path: '/api/tags', login })
        if (expect === 'alert') return failed(`the handshake went through and got ${reply.status}`)
        return refusal(reply, stack.challenge)
      } catch (error) {
        if (!(error instanceof TlsAlert)) throw error
        return expect === 'alert' ? passed('refused in the TLS handshake') : failed('the TLS handshake failed, expected 401')
      }
    },
  }
}

function refusal({ status, headers, body }: Reply, challenge: RegExp): Verdict {
  if (status !== 401) return failed(`got ${status}, expected 401`)
  const asked = headers['www-authenticate'] ?? ''
  if (!challenge.test(asked)) return failed(`401 with WWW-Authenticate "${asked}"`)
  try {
    if (!(JSON.parse(body) as { error?: unknown }).error) return failed('401 whose JSON has no error')
  } catch {
    return failed(`401 whose body isn't JSON: ${body.slice(0, 60)}`)
  }
  return passed('401')
}

/** On a connection that stays open: nothing is closed, the next request just isn't let in. */
async function removed({ project, door, now, signal }: Visit): Promise<Verdict> {
  const leaver = await issueTestPerson(project, 'user', now)
  const agent = keptAlive(door)
  const request = { path: '/api/version', login: leaver.login, agent, signal }
  let gone = false
  try {
    await untilKnown(door, leaver, signal, agent)
    const before = await ask(door, request)
    if (before.status !== 200) return failed(`before removal it got ${before.status}, expected 200`)
    await remove(project, [leaver.name])
    gone = true
    for (const start = performance.now(); ; await sleep(20)) {
      const { status } = await ask(door, request)
      const ms = Math.round(performance.now() - start)
      if (status === 401) return ms <= REMOVED_MS ? passed(`refused after ${ms} ms`) : failed(`still let in for ${ms} ms`)
      if (ms > 5 * REMOVED_MS) return failed(`still let in after ${ms} ms`)
    }
  } finally {
    agent.destroy()
    if (!gone) await remove(project, [leaver.name])
  }
}
