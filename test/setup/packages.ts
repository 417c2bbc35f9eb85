// The clients that test/engine/clients.test.ts runs: a package of their own, so that the product's stays small.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './shell.ts'

const place = join(import.meta.dirname, '..', 'clients')

/** Installs them when they are missing or others than the lock says. Returns a line about it. */
export async function clients(): Promise<string> {
  const installed = join(place, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(place, 'package-lock.json')).mtimeMs) return 'installed'
  await must('npm', ['ci', '--prefix', place, '--no-audit', '--no-fund', '--loglevel=error'])
  return 'installed just now'
}
