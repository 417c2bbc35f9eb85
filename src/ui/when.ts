// Points and spans of time as people write them: `30d`, `2027-01-31`, `1h`.

import { UsageError } from '../errors.ts'
import { quoted } from './quoted.ts'

const DAY_S = 86_400
export const DAY_MS = DAY_S * 1000
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: DAY_S, w: 7 * DAY_S }
/** Ten years: beyond that somebody means "no end" or has slipped. */
const LONGEST_S = 10 * 366 * DAY_S

/** `90s`, `30m`, `1h`, `7d`, `2w`, in milliseconds. Throws E_TIME. */
export function span(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^([1-9]\d{0,8})([smhdw])$/.exec(text) ?? []
  const seconds = Number(number) * (UNITS[unit] ?? 0)
  if (seconds > 0 && seconds <= LONGEST_S) return seconds * 1000
  throw new UsageError('E_TIME', `${flag} can't be ${quoted(text)}.`, `Give a number of seconds, minutes, hours, days or weeks, up to ten years: ${flag} 1h`)
}

/**
 * A span from `now`, a date (to the end of that day on this machine), or a moment with its time zone
 * (RFC 3339). Whole seconds, later than now. Throws E_TIME.
 */
export function moment(flag: string, text: string, now: Date): Date {
  const at = /^[1-9]\d*[a-z]$/.test(text) ? new Date(now.getTime() + span(flag, text)) : dated(text)
  if (at === null) throw new UsageError('E_TIME', `${flag} can't be ${quoted(text)}: it is neither a span nor a date.`, `Write ${flag} 30d, or a date: ${flag} 2027-01-31`)
  at.setMilliseconds(0)
  if (at <= now) throw new UsageError('E_TIME', `${flag} ${text} is over already.`, `Write a time to come, such as ${flag} 30d.`)
  if (at.getTime() - now.getTime() > LONGEST_S * 1000) throw new UsageError('E_TIME', `${flag} ${text} is more than ten years away.`, `Leave ${flag} out for a credential without an end.`)
  return at
}

/**
 * A span back from `now`, the beginning of a date on this machine, or a moment with its time zone
 * (RFC 3339). Throws E_TIME.
 */
export function past(flag: string, text: string, now: Date): Date {
  const at = /^[1-9]\d*[a-z]$/.test(text) ? new Date(now.getTime() - span(flag, text)) : dated(text)
  if (at === null) throw new UsageError('E_TIME', `${flag} can't be ${quoted(text)}: it is neither a span nor a date.`, `Write ${flag} 10m, a date, or a moment: ${flag} 2026-12-31T08:00:00Z`)
  if (/^\d{4}-\d\d-\d\d$/.test(text)) at.setHours(0, 0, 0, 0)
  if (at > now) throw new UsageError('E_TIME', `${flag} ${text} is yet to come.`, `Write a time that is over, such as ${flag} 10m.`)
  return at
}

function dated(text: string): Date | null {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number)
  if (year !== undefined && month !== undefined && day !== undefined) {
    const end = new Date(year, month - 1, day, 23, 59, 59)
    // 2027-02-31 would be the 3rd of March.
    return end.getMonth() === month - 1 ? end : null
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return null
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : at
}

/** `3 minutes ago`, `in 30 days`. */
export function relative(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime()
  if (Math.abs(ms) < 1500) return 'now'
  return ms < 0 ? `${inWords(ms)} ago` : `in ${inWords(ms)}`
}

/** How long that is, either way, to the nearest: `45 seconds`, `3 minutes`, `30 days`. */
export function inWords(ms: number): string {
  const [seconds = 0, minutes = 0, hours = 0, days = 0] = [1, 60, 3600, DAY_S].map((unit) => Math.round(Math.abs(ms) / 1000 / unit))
  const [count, unit] = seconds < 60 ? [seconds, 'second'] as const
    : minutes < 60 ? [minutes, 'minute'] as const
    : hours < 48 ? [hours, 'hour'] as const
    : [days, 'day'] as const
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
