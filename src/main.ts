// From a process to run(): what both programs share.

import { run } from './run.ts'
import { onInterrupt } from './cli/signals.ts'

export async function main(argv: readonly string[]): Promise<void> {
  const { stdin, stdout, stderr, env } = process
  // `ollama-stack status | head` closes the pipe early, which is no mistake.
  stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0) })
  const { signal, release } = onInterrupt(stderr)
  process.exitCode = await run({ argv, cwd: process.cwd(), env, stdin, stdout, stderr, signal })
  release()
}
