// The smoke tests: the same list for every stack, against the published address.

import type { Engine } from './engine.ts'
import { access } from './checks/access.ts'
import { allowlist } from './checks/allowlist.ts'
import { credentialsCheck } from './checks/credentials.ts'
import type { Check, CheckResult, Verdict, Visit } from './checks/check.ts'
import { answers, login, wrongLogin } from './checks/login.ts'
import { network } from './checks/network.ts'
import { rateLimit } from './checks/rate.ts'
import { stream } from './checks/stream.ts'
import { tlsChecks } from './checks/tls.ts'
import { readTree } from './project/disk.ts'
import { doorOf } from './running/door.ts'
import { StackError } from './errors.ts'
import { sweepTestPeople, untilAllKnow, withTestPeople } from './people/people.ts'
import type { Project } from './project/project.ts'

export type { CheckResult } from './checks/check.ts'

export interface CheckOptions {
  engine: Engine | null
  now: Date
  signal: AbortSignal
  /** The attack matrix too. */
  thorough?: boolean
  onResult?: (result: CheckResult) => void
}

/** Runs every check that this project's features call for, in order, one at a time. */
export async function runChecks(project: Project, { engine, now, signal, thorough = false, onResult }: CheckOptions): Promise<CheckResult[]> {
  const { stack } = project
  const door = doorOf(project)
  const results: CheckResult[] = []
  const note = (result: CheckResult): void => {
    results.push(result)
    onResult?.(result)
  }
  // Before people are made for the checks: writing a file anew can repair what was wrong with it.
  note(await run(credentialsCheck, { project, signal }))
  await sweepTestPeople(project)
  await withTestPeople(project, ['user', 'admin'], now, async ([user, admin]) => {
    if (!user || !admin) throw new Error('two test people were asked for')
    const visit: Visit = { project, stack, door, user, admin, engine, now, signal }
    const first = await run(answers, visit)
    note(first)
    if (!first.ok) return // the others would only repeat it
    if (allowlist.applies?.(project)) {
      const seen = await run(allowlist, visit)
      note(seen)
      if (!seen.ok) return // refused at the door, whatever the credential
    }
    await untilAllKnow(door, [user, admin], signal)
    const wrong = await stack.badLogins(user, readTree(project.dir, ['credentials', 'certs']), now)
    const list: Check[] = [
      ...login,
      ...wrong.map(wrongLogin),
      ...access,
      ...network,
      ...(project.tls === 'off' ? [] : tlsChecks),
      ...(project.model === null ? [] : [stream]),
      rateLimit,
      ...(thorough ? (await import('./attacks.ts')).attackChecks : []),
    ]
    for (const check of list.filter(({ applies }) => applies?.(project) ?? true)) {
      const result = await run(check, visit)
      // Most checks are too short to be interrupted in.
      signal.throwIfAborted()
      note(result)
    }
  })
  return results
}

/** Before anything goes through the door: whether it lets this machine in, by its address. Throws E_CHECK_FAILED. */
export async function checkAllowlist(project: Project, engine: Engine, signal: AbortSignal): Promise<void> {
  if (!allowlist.applies?.(project)) return
  const { ok, detail } = await run(allowlist, { project, door: doorOf(project), engine, signal })
  if (ok !== true) throw new StackError('E_CHECK_FAILED', `The stack runs, but its list of allowed addresses doesn't do what it should: ${detail}.`, { hint: "Name the addresses that it sees: ollama-stack configure --allow ADDRESS\nOr take the list away: ollama-stack configure --no-allow   A firewall's rules for Docker (chain DOCKER-USER) work in any case." })
}

/** All passed, and at least one ran. */
export function allOk(results: readonly CheckResult[]): boolean {
  return results.length > 0 && results.every((result) => result.ok !== false)
}

async function run<V extends Pick<Visit, 'signal'>>({ id, title, run }: Check<V>, visit: V): Promise<CheckResult> {
  const start = performance.now()
  const verdict = await run(visit).catch((error: unknown): Verdict => {
    if (visit.signal.aborted) throw error
    return { ok: false, detail: error instanceof StackError || error instanceof Error ? error.message : String(error) }
  })
  return { id, title, ...verdict, ms: Math.round(performance.now() - start) }
}
