// "Did you mean ...?": what other programs call it, else the nearest word.

import { nearest } from './nearest.ts'

/** `restart` is near `restore`, which is about something else; and no one command does it. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['init', 'create'], ['new', 'create'],
  ['start', 'up'], ['run', 'up'], ['apply', 'up'],
  ['stop', 'down'], ['rm', 'down'], ['destroy', 'down'], ['uninstall', 'down'],
  ['ps', 'status'], ['ls', 'status'], ['models', 'status'],
  ['check', 'doctor'], ['verify', 'test'],
  ['edit', 'configure'], ['update', 'upgrade'],
  ['proxy', 'connect'], ['restart', ''],
])
const OF_PEOPLE: ReadonlyMap<string, string> = new Map([
  ['create', 'add'], ['new', 'add'], ['invite', 'add'],
  ['ls', 'list'], ['show', 'list'],
  ['delete', 'remove'], ['del', 'remove'], ['rm', 'remove'], ['revoke', 'remove'],
  ['reset', 'rotate'], ['renew', 'rotate'], ['passwd', 'rotate'],
])

/** Of the commands `known`, the one that somebody means who types `word`. */
export function meant(word: string, known: readonly string[]): string | undefined {
  const other = (known.includes('up') ? ELSEWHERE : OF_PEOPLE).get(word)
  return other === undefined ? nearest(word, known) : other || undefined
}
