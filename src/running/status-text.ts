// `status` for people: lines.

import { callable, launcher } from '../cli/callable.ts'
import { NO_CREDENTIAL } from '../../stacks/stack.ts'
import { harmless, oneLine } from '../ui/quoted.ts'
import type { Refusals } from './refused-logins.ts'
import type { OnDisk, Running, Status } from './status.ts'
import { inWords, relative } from '../ui/when.ts'

const MOST_NAMED = 8
const MOST_REFUSALS = 3

/** For `up`, which doesn't look at models and logins, too. */
export function statusLines(status: Running & Partial<Status>, now: Date): string[] {
  const { services, models = [], refused = null, running, edited, dir } = status
  const width = Math.max(...services.map(({ name }) => name.length), 'Refused'.length)
  return [
    ...services.map(({ name, state, health, image, since }) => {
      const words = [state, ...(health === 'none' ? [] : [health]), ...(since === null ? [] : [lasting(state, new Date(since), now)])]
      return `${name.padEnd(width)}  ${words.join(', ')}  (${image})`
    }),
    ...diskLines(status, now, width),
    ...(models.length > 0 ? [label('Loaded', width) + models.map(({ name, size, processor }) => oneLine(`${name} (${size}, ${processor})`)).join(', ')] : []),
    ...(refused ? refusalLines(refused, now, width) : []),
    ...problemLines(status, width),
    ...(running && edited ? [`compose.yaml was edited since this was started. Apply it: ${launcher(dir)} up`] : []),
    ...(running ? [] : [`Start it: ${launcher(dir)} up`]),
  ].map(harmless)
}

/** What there is to say without an engine. */
export function onDiskLines(disk: OnDisk, now: Date): string[] {
  const width = 'Refused'.length
  return [...diskLines(disk, now, width), ...problemLines(disk, width)].map(harmless)
}

function diskLines({ url, auth, people, users, cert }: OnDisk, now: Date, width: number): string[] {
  const named = people.slice(0, MOST_NAMED).map(({ name, role, expires }) => `${name} (${[role, ...(expires === null ? [] : [ending(new Date(expires), now)])].join(', ')})`)
  const more = users > named.length ? ` and ${users - named.length} more: ollama-stack user list` : ''
  return [
    `${label('URL', width)}${url}`,
    `${label('Login', width)}${auth}; ${users === 0 ? 'nobody may log in' : named.join(', ') + more}`,
    ...(cert ? [`${label('TLS', width)}certificate ${cert.daysLeft < 0 ? 'EXPIRED on' : 'valid until'} ${cert.notAfter.slice(0, 10)} (${relative(new Date(cert.notAfter), now)})`] : []),
    ...(cert?.fingerprint ? [`${label('', width)}SHA-256 ${cert.fingerprint}`] : []),
  ]
}

function problemLines({ problems, dir }: OnDisk, width: number): string[] {
  return problems.map(({ message, hint }) => `${label('WRONG', width)}${message}\n${label('', width)}${callable(hint, dir)}`)
}

function refusalLines({ since, hour, day, latest }: Refusals, now: Date, width: number): string[] {
  const strangers = latest.filter(({ reason }) => reason === NO_CREDENTIAL).reduce((sum, { times }) => sum + times, 0)
  if (latest.length === 0) return []
  const span = inWords(now.getTime() - new Date(since).getTime())
  return [
    `${label('Refused', width)}${counted(day, 'login')} in the last ${span}, ${hour} in the last hour${strangers === 0 ? '' : `; and ${counted(strangers, 'request')} without a credential`}`,
    ...latest.slice(0, MOST_REFUSALS).map(({ at, address, reason, times }) => `${label('', width)}${relative(new Date(at), now).replace(/^now$/, 'just now')} from ${oneLine(`${address}: ${reason}`)}${times === 1 ? '' : ` (${times} times)`}`),
    `${label('', width)}The smoke tests (create, configure, test) are refused on purpose, and count.`,
  ]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function label(text: string, width: number): string {
  return `${text.padEnd(width)}  `
}

function ending(at: Date, now: Date): string {
  return at <= now ? 'EXPIRED' : `ends ${relative(at, now)}`
}

function lasting(state: string, since: Date, now: Date): string {
  const ago = relative(since, now)
  if (state !== 'running') return ago
  return ago === 'now' ? 'just started' : `for ${inWords(now.getTime() - since.getTime())}`
}
