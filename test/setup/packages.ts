// What tests run and the product doesn't need: a package with a lock of its own each, so that the product's stays small.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './shell.ts'

const place = (name: string): string => join(import.meta.dirname, '..', name)

/** The clients of test/engine/clients.test.ts. */
export const clients = (): Promise<string> => installed('clients')

/** A registry, and the package managers beside npm. */
export const registry = (): Promise<string> => installed('registry')

/** A program of theirs, by its path. */
export const registryTool = (path: string): string => join(place('registry'), 'node_modules', path)

/** Installs them when they are missing or others than the lock says. Returns a line about it. */
async function installed(name: string): Promise<string> {
  const marker = join(place(name), 'node_modules', '.package-lock.json')
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(place(name), 'package-lock.json')).mtimeMs) return 'installed'
  await must('npm', ['ci', '--prefix', place(name), '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  return 'installed just now'
}
