// Clocks: certificates, ends of credentials and signed logins are judged by the proxy's, made by this one.

import { statSync } from 'node:fs'
import { SET } from '../net/clock.ts'
import { inWords } from '../ui/when.ts'
import { fail, ok, warn, worst, type Check, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'

/** What a busy engine may take to answer, and a Date header, which has whole seconds, may be off. */
const NOTICED_MS = 5000
/** A login signed with an SSH key counts for so long (stacks/bearer/files/lua/ssh.lua). */
const TOO_FAR_MS = 60_000

const FIX = `Set this machine's by the network: ${SET}`

export const clockCheck: Check = {
  id: 'clock',
  title: 'Clock',
  async run(facts) {
    const [machine, answer] = await Promise.all([facts.engineMachine(), facts.answer()])
    const others: [whose: string, ahead: number][] = []
    if (machine !== null && machine.ahead !== null) others.push(['the engine', machine.ahead])
    const date = Date.parse(answer.reply?.headers.date ?? '')
    if (answer.reply && !Number.isNaN(date)) others.push(['the proxy', date - answer.at])
    const apart = others.flatMap(([whose, ahead]) => compared(whose, ahead))
    return worst([...apart, ...fromTheFuture(facts)], others.length === 0 ? null : ok(`the same for this program${others.map(([whose]) => `, ${whose}`).join('')}`))
  },
}

function compared(whose: string, ahead: number): Verdict[] {
  const apart = Math.abs(ahead)
  if (apart < NOTICED_MS) return []
  const evidence = `The clock of ${whose} is ${inWords(apart)} ${ahead > 0 ? 'ahead of' : 'behind'} this program's`
  return [apart < TOO_FAR_MS ? warn(evidence, FIX) : fail(`${evidence}, so that certificates and ends of credentials are misjudged`, FIX)]
}

/** A file written later than now: the clock was set back, or is wrong since a restart. */
function fromTheFuture({ project, now }: Facts): Verdict[] {
  if (!project) return []
  const { mtimeMs } = statSync(project.file.path)
  return mtimeMs - now.getTime() < TOO_FAR_MS ? [] : [fail(`This machine's clock says ${now.toISOString()}, but compose.yaml was written at ${new Date(mtimeMs).toISOString()}`, FIX)]
}
