// The rate limit bites, says when to come again, and is right about that. With a person of its own,
// whose bucket nobody else needs.

import { setTimeout as sleep } from 'node:timers/promises'
import { ask, keptAlive } from '../net/http.ts'
import { issueTestPerson, remove, untilKnown } from '../people/people.ts'
import { couldNotRun, failed, passed, type Check } from './check.ts'

/** Beyond these a check would take longer than anybody waits. */
const MOST_REQUESTS = 1000
const LONGEST_S = 15

export const rateLimit: Check = {
  id: 'rate-limit',
  title: 'Too many requests are refused, and later ones pass again',
  applies: ({ rate }) => rate !== null,
  async run({ project, door, now, signal }) {
    const count = Number(project.rate?.split('/')[0])
    if (count > MOST_REQUESTS) return couldNotRun(`${project.rate} is more than this check sends`)
    const person = await issueTestPerson(project, 'user', now)
    const agent = keptAlive(door)
    const request = { path: '/api/version', login: person.login, agent, signal }
    try {
      await untilKnown(door, person, signal, agent)
      for (let sent = 1; sent <= MOST_REQUESTS * 2; sent++) {
        const { status, headers } = await ask(door, request)
        if (status === 200) continue
        const wait = Number(headers['retry-after'])
        if (status !== 429 || !(wait > 0)) return failed(`request ${sent} got ${status}, Retry-After: ${headers['retry-after'] ?? 'none'}`)
        if (wait > LONGEST_S) return passed(`429 after ${sent} requests, Retry-After: ${wait}`)
        await sleep(wait * 1000 + 100, undefined, { signal })
        const later = (await ask(door, request)).status
        return later === 200 ? passed(`429 after ${sent} requests, 200 again after ${wait} s`) : failed(`still ${later} after the ${wait} s of Retry-After`)
      }
      return failed(`${MOST_REQUESTS * 2} requests in a row were let in`)
    } finally {
      agent.destroy()
      await remove(project, [person.name])
    }
  },
}
