import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// unit: nothing but Node. files: rendered projects, checked by the real programs.
// engine: a real Docker Engine. terminal: a real terminal, through tmux. first: the first minute, from a registry.
const project = (name: string, more: object = {}) => ({
  test: { name, root: import.meta.dirname, include: [`${name}/**/*.test.ts`], ...more },
})

/** They measure time. */
const ALONE = ['basic', 'bearer', 'limits', 'people'].map((name) => `engine/${name}.test.ts`)
/** Those that take longest, so that the last ones to end are short. */
const LONG = ['acme', 'stacks', 'compose-interchange', 'errors', 'attacks', 'tls-surface', 'faults-services', 'renewal'].map((name) => `/engine/${name}.test.ts`)

/**
 * Unit tests that run on Windows too. The others use what is only on POSIX: modes and links, sockets that are files,
 * a shell, openssl, paths that begin with a slash. Add a file here when it needs none of these.
 */
const PORTABLE = ['access', 'args', 'attack-matrix', 'attack-tls', 'basic-routes', 'client-merge', 'clock', 'compose-plan', 'diff', 'hints', 'layers', 'merge', 'mtls-hosts', 'mtls-skim', 'ollama', 'origins', 'platform', 'redraw', 'values', 'when', 'workflows']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((end) => moduleId.endsWith(end))
      return at < 0 ? LONG.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

const ENGINE = { testTimeout: 240_000, hookTimeout: 240_000, globalSetup: './engine/alone.ts' }

export default defineConfig({
  test: {
    // A test without an assertion proves nothing.
    expect: { requireAssertions: true },
    sequence: { sequencer: LongestFirst },
    projects: [
      // Some have openssl make RSA keys, on machines that are busy.
      project('unit', { testTimeout: 90_000, ...(process.platform === 'win32' && { include: PORTABLE.map((name) => `unit/${name}.test.ts`) }) }),
      project('images'),
      project('files', { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('terminal', { testTimeout: 90_000 }),
      // Every command of the pages, on stacks of their own.
      project('docs', { testTimeout: 120_000, hookTimeout: 120_000, globalSetup: './engine/alone.ts' }),
      project('first', { testTimeout: 120_000, hookTimeout: 120_000, globalSetup: ['./engine/alone.ts', './first/published.ts'] }),
      // Five files at once; then those that measure time, one by one.
      project('engine', { ...ENGINE, name: 'beside', exclude: ALONE, maxWorkers: 5, sequence: { groupOrder: 1 } }),
      project('engine', { ...ENGINE, include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
