// One run at a time on an engine: the names, subnets and ports of these tests are fixed. Another
// run is waited for, and what a killed one left is taken down before the first test.

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withLock } from '../../src/project/lock.ts'

const OURS = /^(?:test|lab-eng)-/
const HALF_AN_HOUR_MS = 30 * 60_000

const HELD = Symbol.for('create-ollama-stack: alone on the engine')
type Held = { count: number; release: Promise<() => Promise<void>> }
const held = globalThis as { [HELD]?: Held }

/** What vitest calls before the first test of a project; it returns what is called after the last one. Projects of one run share it. */
export default async function alone(): Promise<() => Promise<void>> {
  const mine = held[HELD] ??= { count: 0, release: acquire() }
  mine.count++
  const release = await mine.release
  return async () => {
    if (--mine.count === 0) await release()
  }
}

async function acquire(): Promise<() => Promise<void>> {
  const dir = join(tmpdir(), 'ollama-stack-engine-tests')
  mkdirSync(dir, { recursive: true })
  let done = (): void => undefined
  const end = new Promise<void>((resolve) => { done = resolve })
  let released: Promise<void> | undefined
  await new Promise<void>((resolve, reject) => {
    released = withLock(dir, () => { resolve(); return end }, { patience: HALF_AN_HOUR_MS })
    released.catch(reject)
  })
  sweep()
  return async () => {
    done()
    await released
  }
}

function sweep(): void {
  const list = (...args: string[]): string[] => docker(...args, '--format', `{{.${args[0] === 'volume' ? 'Name' : 'ID'}}} {{.Label "com.docker.compose.project"}}`)
    .split('\n').map((line) => line.split(' ')).filter(([, project = '']) => OURS.test(project)).map(([id = '']) => id)
  for (const id of list('ps', '-a')) docker('rm', '-f', '-v', id)
  for (const id of list('network', 'ls')) {
    try {
      docker('network', 'rm', id)
    } catch (error) {
      // A killed run's own child may just be at it.
      if (!/not found/.test(String((error as { stderr?: unknown }).stderr))) throw error
    }
  }
  for (const name of list('volume', 'ls')) docker('volume', 'rm', '-f', name)
}

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' })
