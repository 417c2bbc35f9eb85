// `test --thorough`: the attack matrix against the running stack. Everything is asserted from
// outside, and nothing is sent that could do harm if it got through: no model of those names exists.

import type { MadeCredential } from '../stacks/stack.ts'
import { attackAddresses } from './attacks/addresses.ts'
import type { Case } from './attacks/case.ts'
import { fromAnotherContainer } from './attacks/container.ts'
import { http2Attacks } from './attacks/http2.ts'
import { judge } from './attacks/judge.ts'
import { CLASSES, type CaseClass } from './attacks/matrix.ts'
import { send } from './attacks/send.ts'
import { tlsAttacks } from './attacks/tls.ts'
import { failed, passed, type Check, type Verdict, type Visit } from './checks/check.ts'
import { frontOf } from './project/project.ts'
import { untilAllKnow, withTestPeople } from './people/people.ts'

/** Everybody's first requests pass at any rate limit: 60 at least (`LEAST_BURST` of the stacks). */
const UNLIMITED = 40

export const attackChecks: readonly Check[] = [...CLASSES.map(matrixCheck), http2Attacks, ...tlsAttacks, fromAnotherContainer, attackAddresses]

function matrixCheck({ id, title, cases }: CaseClass): Check {
  return {
    id,
    title,
    async run(visit) {
      const { project, stack, user } = visit
      const { origins, hosts } = project
      const sent = (valid: MadeCredential): Case[] => cases({ stack, valid, origins, hosts }).filter(({ recorded }) => !recorded)
        .map((one) => (frontOf(project.file) === 'tls' ? inFront(one) : one))
      const all = sent(user)
      if (project.rate === null) return tell(all.length, await wrong(visit, all))
      // With a rate limit each part has people of its own, who haven't used up anything.
      for (let start = 0; start < all.length; start += UNLIMITED) {
        const first = await withTestPeople(project, ['user', 'admin'], visit.now, async ([one, other]) => {
          if (!one || !other) throw new Error('two test people were asked for')
          await untilAllKnow(visit.door, [one, other], visit.signal)
          return wrong({ ...visit, user: one, admin: other }, sent(one).slice(start, start + UNLIMITED))
        })
        if (first !== null) return failed(first)
      }
      return tell(all.length, null)
    },
  }
}

const tell = (count: number, first: string | null): Verdict => (first === null ? passed(`${count} requests, each answered as it must be`) : failed(first))

/** What stays of the connection may be refused after it, as no request. */
function inFront({ front = [], ...one }: Case): Case {
  return { ...one, expect: [...one.expect, ...front], ...(one.answers ? { answers: [...one.answers, ...front.flatMap((status) => [[status], [status, 400]])] } : {}) }
}

/** The first that was answered otherwise, and how many were. */
async function wrong({ door, stack, user, admin, signal }: Visit, cases: readonly Case[]): Promise<string | null> {
  const replies = await send(door, { stranger: null, user: user.login, admin: admin.login }, cases, (index) => `ollama-stack-test/${index}`, signal)
  const found = cases.flatMap((one, index) => {
    const reply = replies[index]
    const [first] = reply ? judge(one, reply, stack.challenge) : ['was not sent']
    return first === undefined ? [] : [`${one.id}: ${first}`]
  })
  return found.length === 0 ? null : `${found.length} of ${cases.length} requests answered otherwise, the first: ${found[0]}`
}
