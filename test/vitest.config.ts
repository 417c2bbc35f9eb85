import { defineConfig } from 'vitest/config'

// unit: nothing but Node. files: rendered projects, checked by the real programs.
// engine: a real Docker Engine. terminal: a real terminal, through tmux.
const project = (name: string, more: object = {}) => ({
  test: { name, root: import.meta.dirname, include: [`${name}/**/*.test.ts`], ...more },
})

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
      // One stack at a time: they share the machine's ports and its patience.
      project('engine', { testTimeout: 240_000, hookTimeout: 240_000, fileParallelism: false, globalSetup: './engine/alone.ts' }),
    ],
  },
})
