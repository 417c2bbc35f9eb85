// Wakes who waits for something to happen to a project's containers. The engine's events ring; a slow
// clock makes up for what it gives no event for.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../engine.ts'
import { StackError } from '../errors.ts'

/** What happens at once comes as many events. */
const SETTLE_MS = 100

export interface Bell {
  /** Resolves at the next event, after `ms` at the latest, or with the signal. What rang since the last call counts. */
  next(ms: number): Promise<void>
}

export function bell(project: string, engine: Engine, signal: AbortSignal): Bell {
  let rung = false
  let wake = (): void => undefined
  void (async () => {
    while (!signal.aborted) {
      try {
        for await (const _ of engine.events(project, signal)) {
          rung = true
          wake()
        }
      } catch (error) {
        // The engine is gone; whoever looks next is told so.
        if (!(error instanceof StackError)) throw error
      }
      await pause(1000, signal)
    }
  })()
  return {
    async next(ms) {
      if (!rung) {
        const awake = new AbortController()
        await Promise.race([new Promise<void>((resolve) => { wake = resolve }), pause(ms, AbortSignal.any([signal, awake.signal]))])
        awake.abort()
      }
      if (rung) await pause(SETTLE_MS, signal)
      rung = false
    },
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
