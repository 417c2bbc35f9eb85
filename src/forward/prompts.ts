// Questions of `connect` on a terminal. A secret isn't shown while it is typed.

import { password, text } from '@clack/prompts'
import type { Context } from '../command.ts'
import { CancelError } from '../errors.ts'

type Streams = Pick<Context, 'stdin' | 'stderr'>

export async function askSecret(message: string, { stdin, stderr }: Streams): Promise<string> {
  return answered(await password({ message, input: stdin, output: stderr, validate: (typed) => (typed ? undefined : 'Paste it, or end this with Ctrl-C') }))
}

export async function askName(message: string, { stdin, stderr }: Streams): Promise<string> {
  return answered(await text({ message, input: stdin, output: stderr, validate: (typed) => (typed?.trim() ? undefined : 'The name that the owner of the stack gave you') })).trim()
}

function answered(answer: string | symbol): string {
  if (typeof answer === 'symbol') throw new CancelError('Nothing was kept.')
  return answer
}
