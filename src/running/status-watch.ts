// `status --watch`: in place on a terminal; elsewhere a section, or with --json a document, for each change.

import { bell } from './bell.ts'
import { callable } from '../cli/callable.ts'
import type { Engine } from '../engine.ts'
import { StackError } from '../errors.ts'
import { harmless, harmlessJson } from '../ui/quoted.ts'
import { redraw } from '../ui/redraw.ts'
import type { Status } from './status.ts'
import { statusLines } from './status-text.ts'

/** For what the engine gives no events for: models, people, logins. */
const TICK_MS = 5000

export interface Watch {
  /** What it throws is shown until it is over, if it can be explained. */
  look(): Promise<Status>
  engine: Engine
  json: boolean
  stdout: NodeJS.WriteStream
  /** It is a terminal that lines can be drawn anew on. */
  inPlace: boolean
  signal: AbortSignal
}

type Seen = Status | StackError

/** Until the signal, hence 130. */
export async function watchStatus(first: Status, { look, engine, json, stdout, inPlace, signal }: Watch): Promise<130> {
  const { draw, end } = json ? changes(stdout, (seen) => `${harmlessJson(document(seen, first.dir))}\n`)
    : inPlace ? sameplace(stdout, first)
    : changes(stdout, (seen, now) => `--- ${now.toISOString()}\n${lines(seen, first.dir, now).join('\n')}\n`)
  const { next } = bell(first.name, engine, signal)
  try {
    draw(first)
    for (;;) {
      await next(TICK_MS)
      if (signal.aborted) return 130
      const seen = await look().catch(explained)
      if (signal.aborted) return 130
      draw(seen)
    }
  } finally {
    end()
  }
}

interface View {
  draw(seen: Seen): void
  end(): void
}

function sameplace(stdout: NodeJS.WriteStream, { name, dir }: Status): View {
  const { draw, end } = redraw(stdout)
  return {
    end,
    draw(seen) {
      const now = new Date()
      draw([`${name}, ${now.toTimeString().slice(0, 8)} (Ctrl-C ends this)`, '', ...lines(seen, dir, now)])
    },
  }
}

function changes(stdout: NodeJS.WriteStream, written: (seen: Seen, now: Date) => string): View {
  let before = ''
  return {
    end() {},
    draw(seen) {
      const facts = factsOf(seen)
      if (facts !== before) stdout.write(written(seen, new Date()))
      before = facts
    },
  }
}

/** What is a change when it differs: not how far back the log was read. */
function factsOf(seen: Seen): string {
  return JSON.stringify(seen instanceof StackError ? seen.message : { ...seen, refused: seen.refused && { ...seen.refused, since: '' } })
}

function lines(seen: Seen, dir: string, now: Date): string[] {
  return seen instanceof StackError ? [seen.message, `  ${callable(seen.hint, dir)}`].map(harmless) : statusLines(seen, now)
}

function document(seen: Seen, dir: string): string {
  return JSON.stringify(seen instanceof StackError ? { error: { code: seen.code, message: seen.message, hint: callable(seen.hint, dir) } } : seen)
}

function explained(error: unknown): StackError {
  if (error instanceof StackError) return error
  throw error
}
