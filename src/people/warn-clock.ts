// A credential that begins or ends at a time is as good as the clock it was made by.

import { clockProblem } from '../net/clock.ts'
import type { Context } from '../cli/command.ts'
import { connect } from '../engine.ts'
import { CancelError } from '../errors.ts'

/** The proxy goes by the engine's clock. Without an engine there is nothing to compare with. */
export async function warnClock({ env, signal, ui }: Pick<Context, 'env' | 'signal' | 'ui'>): Promise<void> {
  const engine = await connect({ env, signal, timeoutMs: 2_000 }).catch((error: unknown) => {
    if (error instanceof CancelError) throw error
    return null
  })
  const off = engine && clockProblem(engine, new Date())
  if (off) ui.warn(`${off.message} ${off.hint}`)
}
