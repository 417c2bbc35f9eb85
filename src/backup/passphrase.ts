// The passphrase of a backup: from a hidden question or from stdin, never an argument.

import type { Context } from '../cli/command.ts'
import { throwAll, UsageError } from '../errors.ts'
import { readSecret, refuseTerminal } from '../questions/read-secret.ts'

/** Whoever has the file may guess as fast as they can. */
const LEAST = 12

const WORD = 'passphrase'
export const passphraseFlag = { help: `Take the ${WORD} from stdin instead of asking` }

/** For a new backup: asked twice, since nobody can look it up again. Throws E_PASSPHRASE, E_NEEDS_ANSWERS, CancelError. */
export async function newPassphrase(fromStdin: boolean, keys: number, context: Context): Promise<string> {
  const { ui } = context
  if (fromStdin) return longEnough(await fromPipe(context))
  if (!context.interactive) throw nobodyToAsk('The private keys in a backup are encrypted', 'backup')
  const problem = (text: string): string | undefined => (text.length < LEAST ? `At least ${LEAST} characters, such as five words.` : undefined)
  const first = await ui.hidden(`A passphrase for the ${keys === 1 ? 'private key' : `${keys} private keys`} in it (at least ${LEAST} characters)`, problem)
  await ui.hidden('The same again', (text) => (text === first ? undefined : 'That is another one than before.'))
  return first
}

/** For one that exists. */
export async function knownPassphrase(fromStdin: boolean, file: string, context: Context): Promise<string> {
  if (fromStdin) return fromPipe(context)
  if (!context.interactive) throw nobodyToAsk(`The private keys in ${file} are encrypted`, 'restore FILE DIR')
  return context.ui.hidden('The passphrase of this backup', (text) => (text === '' ? 'Type it, or press Ctrl-C.' : undefined))
}

function fromPipe(context: Context): Promise<string> {
  throwAll(refuseTerminal(context.stdin, WORD))
  return readSecret(context, WORD)
}

function longEnough(text: string): string {
  if (text.length >= LEAST) return text
  throw new UsageError('E_PASSPHRASE', `The passphrase has ${text.length} characters, and whoever gets the file may guess for as long as they like.`, `Take at least ${LEAST}, such as five words.`)
}

function nobodyToAsk(why: string, command: string): UsageError {
  return new UsageError('E_NEEDS_ANSWERS', `${why}, and there is no terminal to ask for the passphrase in.`, `Pipe it: ollama-stack ${command} --passphrase-stdin < FILE_WITH_THE_PASSPHRASE`)
}
