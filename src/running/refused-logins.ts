// Who was turned away at the door, from the proxy's access log on the engine. It goes back as far as
// that does (compose.yaml limits its size, and a new container begins a new one).

import { NO_CREDENTIAL, type Access } from '../../stacks/stack.ts'
import type { Observed } from '../compose.ts'
import type { Engine } from '../engine.ts'
import type { Project } from '../project/project.ts'
import { DAY_MS } from '../ui/when.ts'

const HOUR_MS = 3_600_000
/** So many lines are read at most, about 5 MB: `status` has to be quick. */
const MOST_LINES = 20_000

export interface Refusals {
  /** From when on the log was read (ISO 8601): a day, or less where that is a lot. */
  since: string
  /** Logins refused in the last hour, and since then. Requests without any credential aren't counted. */
  hour: number
  day: number
  /** By address and reason, the latest first. */
  latest: { at: string; address: string; reason: string; times: number }[]
}

/** null: there is no proxy whose log could be read. */
export async function refusedLogins({ stack }: Pick<Project, 'stack'>, engine: Engine, { containers }: Observed, now: Date, signal: AbortSignal): Promise<Refusals | null> {
  const proxy = containers.find(({ service }) => service === 'proxy')
  if (!proxy) return null
  const from = now.getTime() - DAY_MS
  const all: Access[] = []
  let lines = 0
  for await (const { line } of engine.logs(proxy.id, { since: Math.floor(from / 1000), tail: MOST_LINES, signal })) {
    lines++
    const access = stack.access(line)
    if (access) all.push(access)
  }
  const whole = lines < MOST_LINES
  return count(all, whole ? new Date(from) : all[0]?.at ?? now, now)
}

export function count(all: readonly Access[], since: Date, now: Date): Refusals {
  const groups = new Map<string, Refusals['latest'][number]>()
  let [hour, day] = [0, 0]
  for (const { at, address, refused: reason } of all) {
    if (reason === null || at < since) continue
    if (reason !== NO_CREDENTIAL) {
      day++
      if (now.getTime() - at.getTime() <= HOUR_MS) hour++
    }
    const key = `${address} ${reason}`
    groups.set(key, { at: at.toISOString(), address, reason, times: (groups.get(key)?.times ?? 0) + 1 })
  }
  const latest = [...groups.values()].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 10)
  return { since: since.toISOString(), hour, day, latest }
}
