// One at a time in a directory, across processes: a project's credentials have one writer.

import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { diskError, isFull } from './disk.ts'
import { codeOf, StackError } from '../errors.ts'

const PATIENCE_MS = 30_000
const NAME = '.ollama-stack.lock'

interface Waiting {
  /** Milliseconds. */
  patience?: number
  /** Ends the waiting, not the work. */
  signal?: AbortSignal
}

/**
 * Runs `work` while holding the project's lock. The lock is a hard link, which appears with its
 * content at once; one left by a process that is gone is taken over. Throws E_LOCKED after
 * `patience`, AbortError with `signal`.
 */
export async function withLock<T>(dir: string, work: () => Promise<T>, { patience = PATIENCE_MS, signal }: Waiting = {}): Promise<T> {
  const lock = join(dir, NAME)
  const mine = nameOf(lock)
  try {
    writeFileSync(mine, `${process.pid}\n`, { mode: 0o600 })
    await acquire(lock, mine, patience, signal)
    try {
      return await work()
    } finally {
      rmSync(lock, { force: true })
    }
  } catch (error) {
    throw isFull(error) && !(error instanceof StackError) ? diskError(error, lock) : error
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Runs `work` if nobody holds the lock now. Returns whether it did. */
export function withFreeLock(dir: string, work: () => void): boolean {
  const lock = join(dir, NAME)
  const mine = nameOf(lock)
  try {
    writeFileSync(mine, `${process.pid}\n`, { mode: 0o600 })
    // A second time when the first one removed what a dead process left.
    if (!take(lock, mine) && !take(lock, mine)) return false
    try {
      work()
      return true
    } finally {
      rmSync(lock, { force: true })
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Of a file of our own, to become the lock. */
const nameOf = (lock: string): string => `${lock}.${process.pid}.${randomBytes(4).toString('hex')}`

/** Returns whether it is ours now. If not, one that a dead process left is gone. */
function take(lock: string, mine: string): boolean {
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  const holder = readHolder(lock)
  if (holder !== null && !alive(holder)) dropStale(lock, holder)
  return false
}

async function acquire(lock: string, mine: string, patience: number, signal: AbortSignal | undefined): Promise<void> {
  for (const end = Date.now() + patience; !take(lock, mine); await sleep(20 + Math.random() * 30, undefined, signal ? { signal } : {})) {
    if (Date.now() > end) {
      throw new StackError('E_LOCKED', `Another ollama-stack (process ${readHolder(lock) ?? 'unknown'}) is changing this project and hasn't finished in ${patience / 1000} s.`, {
        hint: `Wait for it. If no such process exists, remove the file ${lock}`,
      })
    }
  }
}

function readHolder(lock: string): number | null {
  try {
    return Number(readFileSync(lock, 'utf8')) || null
  } catch {
    return null // released in this very moment
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Two who find the same stale lock must not both remove one: only the first to mark it may. */
function dropStale(lock: string, holder: number): void {
  const mark = `${lock}.stale.${holder}`
  try {
    linkSync(lock, mark)
  } catch {
    return // another process is at it
  }
  try {
    if (readHolder(lock) === holder) unlinkSync(lock)
  } finally {
    rmSync(mark, { force: true })
  }
}
