// The ways to log in that are known here, by the word in WWW-Authenticate: what each needs, and how
// it is written into a request.

import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'

export interface Scheme {
  /** With a name. */
  named: boolean
  /** With something secret in a header. */
  secret: boolean
  /** For sentences; `name`: of the person, where it is known. */
  what(name: string): string
  /** Throws E_SECRET for what no such header can hold. */
  headers(user: string, secret: string): Record<string, string>
}

const nothing = (): Record<string, string> => ({})

export const SCHEMES = {
  basic: { named: true, secret: true, what: (name) => `the password of ${shown(name)}`, headers: basic },
  bearer: { named: false, secret: true, what: () => 'the key', headers: bearer },
  certificate: { named: false, secret: false, what: (name) => `the client certificate${name === '' ? '' : ` of ${shown(name)}`}`, headers: nothing },
  none: { named: false, secret: false, what: () => 'no login', headers: nothing },
} satisfies Record<string, Scheme>

export type Kind = keyof typeof SCHEMES

export const isKind = (word: string): word is Kind => Object.hasOwn(SCHEMES, word)

/** RFC 7617: the first colon ends the name; no control characters in either. */
function basic(user: string, secret: string): Record<string, string> {
  if (user === '' || user.includes(':') || /\p{Cc}/u.test(user + secret)) throw new UsageError('E_SECRET', 'This name or password has a character that Basic auth cannot carry.', 'Paste it again, without what came along.')
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` }
}

/** RFC 6750, 2.1: b64token. */
function bearer(_user: string, secret: string): Record<string, string> {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(secret)) throw new UsageError('E_SECRET', 'This is no key: it has other characters than a key may have.', 'Paste it again, without what came along.')
  return { authorization: `Bearer ${secret}` }
}

const shown = (name: string): string => quoted(name).slice(1, -1)
