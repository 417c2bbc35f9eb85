// A person's own password, from stdin: never an argument, where others could see it.

import { addAbortSignal, type Readable } from 'node:stream'
import { UsageError } from './errors.ts'

/** Waiting for somebody to type there would look like hanging, and would show the password. */
export function refuseTerminal(stdin: Readable): UsageError[] {
  if (!('isTTY' in stdin && stdin.isTTY)) return []
  return [new UsageError('E_PASSWORD', '--password-stdin reads a pipe or a file, and stdin is the terminal.', 'Put the file behind the line (--password-stdin < FILE), or leave the flag out and get a strong password made.')]
}

/** Up to the end; one line break at the end belongs to `echo`. Throws E_PASSWORD for an endless one and for what isn't text. */
export async function readPassword({ stdin, signal }: { stdin: Readable; signal: AbortSignal }, flag = '--password-stdin'): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of addAbortSignal(signal, stdin)) {
    parts.push(Buffer.from(part as Buffer))
    length += parts.at(-1)?.length ?? 0
    if (length > 4096) throw new UsageError('E_PASSWORD', 'What came on stdin is far too long for a password.', `Give it alone: printf %s 'PASSWORD' | ... ${flag}`)
  }
  try {
    return oneLine(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)), flag)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError('E_PASSWORD', "What came on stdin isn't UTF-8, so no client could send it as a password.", 'Save the password as UTF-8 text.')
  }
}

function oneLine(text: string, flag: string): string {
  const password = text.replace(/\r?\n$/, '')
  if (password === '') throw new UsageError('E_PASSWORD', 'Nothing came on stdin, so there is no password.', `Pipe it: printf %s "$PASSWORD" | ... ${flag}`)
  if (/[\r\n]/.test(password)) throw new UsageError('E_PASSWORD', 'More than one line came on stdin.', `Give the password alone: printf %s "$PASSWORD" | ... ${flag}`)
  return password
}
