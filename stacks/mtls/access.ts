import { jsonLine } from '../json-line.ts'
import { NO_CREDENTIAL, type Access } from '../stack.ts'

/** A line of the access log, as access-log.caddy has Caddy write it, or of the one about handshakes (Caddyfile). */
export function access(line: string): Access | null {
  const { logger, msg, ts, person, address, method, path, status, size, duration, first_byte: firstByte } = jsonLine(line) ?? {}
  if (typeof ts !== 'number') return null
  const at = new Date(ts * 1000)
  if (logger === 'http.stdlib' && typeof msg === 'string') return refusedHandshake(msg, at)
  if (typeof address !== 'string' || typeof method !== 'string' || typeof path !== 'string') return null
  // A certificate that isn't let in has a name too.
  const named = typeof person === 'string' && person !== ''
  const isRefused = status === 401
  return {
    at,
    person: named && !isRefused ? person : null,
    address, method, path,
    // 0 is Caddy's word for no answer.
    status: typeof status === 'number' && status > 0 ? status : null,
    bytes: Number(size),
    seconds: Number(duration),
    firstByte: typeof firstByte === 'number' ? firstByte / 1000 : null,
    refused: !isRefused ? null : named ? 'a certificate that was removed, or whose time is over' : NO_CREDENTIAL,
  }
}

/** What Go's crypto/x509 says, and what it means here. */
const REASONS: [RegExp, string][] = [
  [/unknown authority/, 'a certificate of another CA'],
  [/expired or is not yet valid/, 'a certificate whose time is over, or has not come'],
  [/incompatible key usage/, 'a certificate that is not for clients'],
  [/x509: /, 'a certificate that does not hold'],
]

/** Other handshakes fail for the client's reasons, or have nothing to do with a login. */
function refusedHandshake(text: string, at: Date): Access | null {
  const [, address = '', why = ''] = /^http: TLS handshake error from \[?([0-9a-fA-F.:]+?)\]?:\d+: tls: failed to verify certificate: (.*)/s.exec(text) ?? []
  const reason = REASONS.find(([pattern]) => pattern.test(why))?.[1]
  return reason === undefined ? null : { at, person: null, address, method: '', path: '', status: null, bytes: 0, seconds: 0, firstByte: null, refused: reason }
}
