// Whom the stack knows, asked on a terminal.

import { text } from '@clack/prompts'
import type { Context } from '../cli/command.ts'
import { CancelError } from '../errors.ts'

export async function askName(message: string, { stdin, stderr }: Pick<Context, 'stdin' | 'stderr'>): Promise<string> {
  const name = await text({ message, input: stdin, output: stderr, validate: (typed) => (typed?.trim() ? undefined : 'The name that the owner of the stack gave you') })
  if (typeof name === 'symbol') throw new CancelError()
  return name.trim()
}
