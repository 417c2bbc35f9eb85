import { StackError, UsageError } from '../../src/errors.ts'

/** What `work` refused with exit 2. Throws when it went through, or failed in another way. */
export function refusal(work: () => unknown): UsageError {
  const error = failure(work)
  if (error instanceof UsageError) return error
  throw error
}

/** The same for every explained failure. */
export function failure(work: () => unknown): StackError {
  try {
    work()
  } catch (error) {
    if (error instanceof StackError) return error
    throw error
  }
  throw new Error('was accepted')
}
