// Errors carry facts: what happened, why, and what to type. Only run.ts prints them.

export type ExitCode = 1 | 2 | 130

export interface Facts {
  /** What to do next, ideally a command to paste. */
  hint?: string
  cause?: unknown
  exit?: ExitCode
  /** What was done before the failure: `--json` prints it with the error merged in. */
  document?: object
}

/** A failure that we can explain. `code` is stable and part of `--json` (E_PORT_TAKEN). */
export class StackError extends Error {
  readonly code: string
  readonly hint: string
  readonly exit: ExitCode
  document: object | undefined

  constructor(code: string, message: string, facts: Facts = {}) {
    super(message, { cause: facts.cause })
    this.name = 'StackError'
    this.code = code
    this.hint = facts.hint ?? ''
    this.exit = facts.exit ?? 1
    this.document = facts.document
  }
}

/** What is wrong, for who asked to be told: nothing failed by it just now. */
export type Problem = Pick<StackError, 'code' | 'message' | 'hint'>

export const problemOf = ({ code, message, hint }: StackError): Problem => ({ code, message, hint })

/** What Node and its libraries call an error (`ENOENT`), or we do; empty for one without a code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** The same failure, with another line of what to type. */
export function adding(error: StackError, more: string): StackError {
  const { code, message, hint, exit, document } = error
  return new StackError(code, message, { hint: hint === '' ? more : `${hint}\n${more}`, exit, cause: error, ...(document ? { document } : {}) })
}

/** Refused input: exit 2, nothing written. */
export class UsageError extends StackError {
  constructor(code: string, message: string, hint = '') {
    super(code, message, { hint, exit: 2 })
    this.name = 'UsageError'
  }
}

/** Ctrl-C or "no": exit 130, and `left` says what, if anything, was already written. */
export class CancelError extends StackError {
  constructor(left = 'Nothing was written.') {
    super('E_CANCELLED', `Cancelled. ${left}`, { exit: 130 })
    this.name = 'CancelError'
  }
}

/** Throws them as one error. */
export function throwAll(problems: readonly UsageError[]): void {
  const [first, ...more] = problems
  if (!first) return
  if (more.length === 0) throw first
  const message = problems.map((problem) => `- ${problem.message}${problem.hint === '' ? '' : ` ${problem.hint}`}`).join('\n')
  throw new StackError('E_INPUT', `${problems.length} things are wrong:\n${message}`, { exit: 2, hint: 'Put these right and run it again. Nothing was written.' })
}
