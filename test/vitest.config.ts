import { defineConfig } from 'vitest/config'

// unit: nothing but Node. files: rendered projects, checked by the real programs.
// engine: a real Docker Engine. terminal: a real terminal, through tmux.
const project = (name: string, more: object = {}) => ({
  test: { name, root: import.meta.dirname, include: [`${name}/**/*.test.ts`], ...more },
})

const BESIDE = ['compose-*', 'errors', 'cancel', 'renewal', 'acme', 'allow', 'attacks', 'tls-surface', 'host-network', 'stacks', 'mtls', 'logs', 'backend', 'connect', 'clients', 'faults*'].map((name) => `engine/${name}.test.ts`)
const ENGINE = { testTimeout: 240_000, hookTimeout: 240_000, globalSetup: './engine/alone.ts' }

export default defineConfig({
  test: {
    // A test without an assertion proves nothing.
    expect: { requireAssertions: true },
    projects: [
      // Some have openssl make RSA keys, on machines that are busy.
      project('unit', { testTimeout: 30_000 }),
      project('images'),
      project('files', { testTimeout: 120_000, hookTimeout: 120_000 }),
      project('terminal', { testTimeout: 60_000 }),
      // What measures no time, five files at once; then the rest, one stack at a time.
      project('engine', { ...ENGINE, name: 'beside', include: BESIDE, maxWorkers: 5, sequence: { groupOrder: 1 } }),
      project('engine', { ...ENGINE, exclude: BESIDE, fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
