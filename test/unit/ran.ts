// The program in this process: what a command line prints, and its exit code.

import { PassThrough, Readable } from 'node:stream'
import { early } from '../../src/cli/early.ts'
import { helpTexts } from '../../src/manual.ts'
import { run, type Process } from '../../src/run.ts'

export interface Given { env?: Record<string, string>; stdin?: Readable; tty?: boolean; signal?: AbortSignal }

export async function ran(cwd: string, argv: readonly string[], { env = {}, stdin = Readable.from([]), tty = false, signal = new AbortController().signal }: Given = {}): Promise<{ code: number; out: string; err: string }> {
  // As the programs do (src/bin.ts).
  const texts = await helpTexts()
  const said = early({ argv, cwd, env }, 'development', () => texts)
  if (said) return said
  const sink = () => Object.assign(new PassThrough(), { isTTY: tty })
  const [stdout, stderr] = [sink(), sink()]
  const streams = { stdin: Object.assign(stdin, { isTTY: tty }), stdout, stderr } as unknown as Pick<Process, 'stdin' | 'stdout' | 'stderr'>
  const code = await run({ argv, cwd, env, signal, ...streams })
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}
