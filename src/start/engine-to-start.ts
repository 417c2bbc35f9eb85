import type { Context } from '../cli/command.ts'
import { connect, type Engine } from '../engine.ts'
import { adding, StackError } from '../errors.ts'

/** The engine, for a command that could also do without. */
export async function engineToStart({ env, signal }: Pick<Context, 'env' | 'signal'>): Promise<Engine> {
  try {
    return await connect({ env, signal })
  } catch (error) {
    throw error instanceof StackError && error.exit === 1 ? adding(error, 'Or only write the files for now: add --no-start') : error
  }
}
