// Who may log in, and for how long yet.

import { listPeople } from '../people/people.ts'
import { DAY_MS } from '../ui/when.ts'
import { fail, ofProject, ok, warn, worst, type Check } from './check.ts'

const SOON = 14 * DAY_MS
/** Whose credential was given for a shorter time is meant to leave. */
const LASTING = 90 * DAY_MS

export const peopleCheck: Check = ofProject({
  id: 'people',
  title: 'People',
  run({ project, now }) {
    const people = listPeople(project)
    const left = (end: Date | null): number => (end === null ? Infinity : end.getTime() - now.getTime())
    const valid = people.filter(({ expires }) => left(expires) > 0)
    if (valid.length === 0) return fail(people.length === 0 ? 'Nobody may log in' : `Nobody may log in: the credentials of ${people.map(({ name }) => name).join(', ')} have ended`, people[0] ? `ollama-stack user rotate ${people[0].name}` : 'ollama-stack user add NAME --role admin')
    const { noun } = project.stack
    const ending = people.filter(({ created, expires }) => expires !== null && left(expires) < SOON && (created === null || expires.getTime() - created.getTime() > LASTING))
    const found = ending.map(({ name, expires }) => warn(`${name}'s ${noun} ${left(expires) > 0 ? 'ends' : 'ended'} on ${expires?.toISOString().slice(0, 10)}`, `A new one, the old one good for a day yet: ollama-stack user rotate ${name} --overlap 1d`))
    return worst(found, ok(`${valid.length} may log in${valid.length === people.length ? '' : `, ${people.length - valid.length} no more`}`))
  },
})
