// What a smoke test is. Each one sees the stack from outside, as a client or a stranger would.

import type { MadeCredential, Stack } from '../../stacks/stack.ts'
import type { Engine } from '../engine.ts'
import type { Door } from '../net/http.ts'
import type { Project } from '../project/project.ts'

export interface CheckResult {
  id: string
  title: string
  /** null: could not run, and `detail` says why. Never counted as passed. */
  ok: boolean | null
  detail: string
  /** How long it took. */
  ms: number
}

export interface Visit {
  project: Project
  stack: Stack
  door: Door
  /** Made for these checks, removed afterwards. */
  user: MadeCredential
  admin: MadeCredential
  engine: Engine | null
  now: Date
  signal: AbortSignal
}

export type Verdict = Pick<CheckResult, 'ok' | 'detail'>

/** What a check looks at: the whole visit, or the part that is there before people are made. */
export interface Check<V extends Pick<Visit, 'signal'> = Visit> {
  id: string
  title: string
  /** Left out of the list where its feature isn't configured. */
  applies?(project: Project): boolean
  run(visit: V): Promise<Verdict>
}

export const passed = (detail: string): Verdict => ({ ok: true, detail })
export const failed = (detail: string): Verdict => ({ ok: false, detail })
export const couldNotRun = (detail: string): Verdict => ({ ok: null, detail })

/** Passes when the status is the one wanted. */
export function status(got: number, wanted: number): Verdict {
  return got === wanted ? passed(`${got}`) : failed(`got ${got}, expected ${wanted}`)
}
