// Certificates and credentials say from when until when they hold, so a wrong clock keeps people out, or lets them
// in for too long. What can be known of one: the engine's clock is another, and what was made earlier isn't from the future.

import { codeOf, StackError } from '../errors.ts'

/** Milliseconds. Browsers and TLS libraries forgive none, but ours are dated back by an hour. */
const NOTABLE = 5 * 60_000
export const HARMFUL = 60 * 60_000

/** What to type. */
export const SET = 'sudo timedatectl set-ntp true   (date -u shows it; Docker Desktop sets its own when it is started anew)'

/** `2026-11-21 14:05 UTC` */
export const clock = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** E_CLOCK when the engine's clock is another one; else null. `ahead`: as the engine has it. */
export function clockProblem({ ahead }: { ahead: number | null }, now: Date): StackError | null {
  if (ahead === null || Math.abs(ahead) < NOTABLE) return null
  return new StackError('E_CLOCK', `This machine's clock says ${clock(now)}, the Docker Engine's ${clock(new Date(now.getTime() + ahead))}. One of them is wrong, so certificates and keys may count as expired, or as not yet valid.`, { hint: `Set it right: ${SET}` })
}

/** Throws E_CLOCK when that certificate signs nothing that holds now. */
export function refuseOutside(what: string, { notBefore, notAfter }: { notBefore: Date; notAfter: Date }, now: Date): void {
  if (now >= notBefore && now < notAfter) return
  const span = now < notBefore ? `is valid from ${clock(notBefore)} on` : `ended on ${clock(notAfter)}`
  throw new StackError('E_CLOCK', `${what} ${span}, and this machine's clock says ${clock(now)}.`, {
    hint: `If that is wrong: ${SET}\nIf it is right, the project needs a new CA: make it again, in another directory.`,
  })
}

/** Node's words for a certificate out of its time, with the time that they went by; null for any other error. */
export function outOfTime(error: unknown, now = new Date()): string | null {
  const code = codeOf(error)
  if (code !== 'CERT_HAS_EXPIRED' && code !== 'CERT_NOT_YET_VALID') return null
  return `the certificate ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : "isn't valid yet"} by this machine's clock, which says ${clock(now)} (if that is wrong: sudo timedatectl set-ntp true)`
}
