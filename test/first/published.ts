// What vitest calls before the first test of this project: the package as it would be published, in a registry.

import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openRegistry } from './registry.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    registry: string
  }
}

export default async function published({ provide }: TestProject): Promise<() => Promise<void>> {
  const registry = await openRegistry()
  try {
    await registry.publish(join(import.meta.dirname, '..', '..'))
  } catch (error) {
    await registry.close()
    throw error
  }
  provide('registry', registry.url)
  return registry.close
}
