// What the parts of one `apply` share, and the small calls that forgive what is already done.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Desired, Step } from '../compose/types.ts'
import { CancelError } from '../errors.ts'
import type { Client } from './client.ts'
import { statusOf } from './explain.ts'
import type { Hooks } from './types.ts'

/** Longer than any removal takes that ends at all. */
const REMOVAL_MS = 10_000

export interface Run {
  docker: Client
  apiVersion: string
  /** Whether the engine runs on this machine, so that this machine's processes and routes matter to it. */
  local: boolean
  /** Proxy settings for every container, by name. */
  environment: Record<string, string>
  desired: Desired
  hooks: Hooks
  signal: AbortSignal | undefined
  /** What to do to take back what was done, oldest first. */
  undo: { what: string; back: () => Promise<unknown> }[]
  /** What to do once nothing can fail any more. */
  commit: (() => Promise<unknown>)[]
}

export function begin(run: Run, step: Step): void {
  if (run.signal?.aborted) throw new CancelError('')
  run.hooks.step?.(step)
}

/** Like Promise.all, but nothing is left running behind a failure: undoing must not race with doing. */
export async function all<T>(promises: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises)
  const failure = results.find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** Stop with the container's own grace period. */
export async function stop(docker: Client, id: string): Promise<void> {
  try {
    await docker.getContainer(id).stop()
  } catch (error) {
    // Stopped already, or gone.
    if (![304, 404].includes(statusOf(error))) throw error
  }
}

/** `volumes`: its anonymous volumes too; named ones never. */
export async function remove(docker: Client, id: string, volumes: boolean): Promise<void> {
  try {
    await docker.getContainer(id).remove({ force: true, v: volumes })
  } catch (error) {
    if (statusOf(error) === 409) return untilGone(docker, id)
    if (statusOf(error) !== 404) throw error
  }
}

/** Somebody else is removing it, such as the engine itself after AutoRemove: it's there until they are done. */
async function untilGone(docker: Client, id: string): Promise<void> {
  for (const end = Date.now() + REMOVAL_MS; Date.now() < end; await sleep(50)) {
    try {
      await docker.getContainer(id).inspect()
    } catch (error) {
      if (statusOf(error) === 404) return
      throw error
    }
  }
}
