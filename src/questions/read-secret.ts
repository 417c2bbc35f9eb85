// A secret of the owner's, from stdin: never an argument, where others could see it.

import { addAbortSignal, type Readable } from 'node:stream'
import { UsageError } from '../errors.ts'

/** What it is: the flag is called `--WORD-stdin`, and the error E_WORD. */
export type SecretWord = 'password' | 'passphrase' | 'secret'

const OTHERWISE: Record<SecretWord, string> = { password: 'get a strong password made', passphrase: 'get asked', secret: 'get asked' }
const UNREADABLE: Record<SecretWord, string> = { password: 'no client could send it as a password', passphrase: 'no other system could read it as a passphrase', secret: 'it can be neither a password nor a key' }

const wrong = (word: SecretWord, message: string, hint: string): UsageError => new UsageError(`E_${word.toUpperCase()}`, message, hint)

/** Waiting for somebody to type there would look like hanging, and would show the secret. */
export function refuseTerminal(stdin: Readable, word: SecretWord = 'password'): UsageError[] {
  if (!('isTTY' in stdin && stdin.isTTY)) return []
  return [wrong(word, `--${word}-stdin reads a pipe or a file, and stdin is the terminal.`, `Put the file behind the line (--${word}-stdin < FILE), or leave the flag out and ${OTHERWISE[word]}.`)]
}

/** Up to the end; one line break at the end belongs to `echo`. Throws E_PASSWORD (E_PASSPHRASE, E_SECRET) for an endless one and for what isn't text. */
export async function readSecret({ stdin, signal }: { stdin: Readable; signal: AbortSignal }, word: SecretWord = 'password'): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of addAbortSignal(signal, stdin)) {
    parts.push(Buffer.from(part as Buffer))
    length += parts.at(-1)?.length ?? 0
    if (length > 4096) throw wrong(word, `What came on stdin is far too long for a ${word}.`, `Give it alone: printf %s '${word.toUpperCase()}' | ... --${word}-stdin`)
  }
  try {
    return oneLine(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)), word)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw wrong(word, `What came on stdin isn't UTF-8, so ${UNREADABLE[word]}.`, `Save the ${word} as UTF-8 text.`)
  }
}

function oneLine(text: string, word: SecretWord): string {
  const secret = text.replace(/\r?\n$/, '')
  const pipe = `printf %s "$${word.toUpperCase()}" | ... --${word}-stdin`
  if (secret === '') throw wrong(word, `Nothing came on stdin, so there is no ${word}.`, `Pipe it: ${pipe}`)
  if (/[\r\n]/.test(secret)) throw wrong(word, 'More than one line came on stdin.', `Give the ${word} alone: ${pipe}`)
  return secret
}

/** What is wrong with what was typed as one that somebody was given. */
export const pasted = (text: string): string | undefined => (text === '' ? 'Paste it, or end this with Ctrl-C' : undefined)
