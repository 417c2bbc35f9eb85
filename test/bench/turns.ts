// What the measurements have in common: they take turns, count by medians, and end in order.

import { onInterrupt } from '../../src/cli/signals.ts'
import { Stop } from '../setup/shell.ts'

/** Results by doer, one from each round; each round begins with another one. */
export async function inTurns<T>(rounds: number, doers: readonly (() => Promise<T>)[], afterRound: (round: number) => void = () => undefined): Promise<T[][]> {
  const results: T[][] = doers.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < doers.length; step++) {
      const index = (round + step) % doers.length
      const result = await doers[index]?.()
      if (result !== undefined) results[index]?.push(result)
    }
    afterRound(round + 1)
  }
  return results
}

export function share(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/**
 * Runs `work`, which calls `check` before each step; Ctrl-C makes that throw, so that whatever `work` cleans up
 * in its end is cleaned up. A second Ctrl-C ends at once.
 */
export async function untilInterrupted(work: (check: () => void) => Promise<void>): Promise<void> {
  const { signal, release } = onInterrupt(process.stderr)
  try {
    await work(() => { if (signal.aborted) throw new Stop('Ended by Ctrl-C, and cleaned up.') })
  } catch (error) {
    // What was running got the Ctrl-C too, and failed by it.
    throw signal.aborted ? new Stop('Ended by Ctrl-C, and cleaned up.') : error
  } finally {
    release()
  }
}
