// Why a stack can't be reached, for people: by the codes of Node and OpenSSL.

import { codeOf, StackError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import type { Target } from './target.ts'

/** OpenSSL's names for a chain that doesn't end at a CA that is trusted here. */
export const UNTRUSTED = new Set(['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED'])

/** `own`: what was trusted was given or pinned, and not left to this machine. */
export function unreachable({ url, host, port, tls }: Target, cause: unknown, own: boolean): StackError {
  const code = codeOf(cause)
  const where = new URL(url).host
  const fail = (name: string, message: string, hint: string): StackError => new StackError(name, message, { hint, cause })
  if (UNTRUSTED.has(code)) return own
    ? fail('E_CERT_CHANGED', `${where} shows a certificate that isn't from the CA you trust for it: it was made anew, or somebody is in between.`, `Nothing secret was sent. Ask the owner; if it was made anew: ollama-stack connect ${url} --forget, then connect again.`)
    : fail('E_UNTRUSTED', `The certificate of ${where} is from a CA that this machine doesn't know.`, `Take certs/ca.crt of the project: ollama-stack connect ${url} --ca ca.crt`)
  if (code === 'E_INSECURE_HTTP') return fail(code, `${url} is plain HTTP, and everybody on the way there could read the login: it doesn't go through a VPN now.`, 'Nothing was sent. Is the VPN on?')
  if (code === 'CERT_HAS_EXPIRED') return fail('E_CERT_EXPIRED', `The certificate of ${where} has expired.`, "On the stack's machine: ollama-stack up renews it. If it is still valid there, the clock of this machine is wrong.")
  if (code === 'CERT_NOT_YET_VALID') return fail('E_CERT_EXPIRED', `The certificate of ${where} isn't valid yet.`, `One of the two clocks is wrong; this machine's says ${new Date().toISOString()}.`)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return fail('E_CERT_NAME', `The certificate of ${where} is for ${namesOf(cause)}, not for ${host}.`, 'Use one of these names in the URL, or have the owner make the certificate anew with this one (--host).')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return fail('E_NO_NAME', `Nobody knows where ${host} is: this machine's DNS has no such name${code === 'EAI_AGAIN' ? ' now, or is out of reach' : ''}.`, 'Check the spelling and the network, or use the address instead of the name.')
  if (code === 'ECONNREFUSED') return fail('E_REFUSED', `Nothing listens at ${where}.`, "Is the stack running? On its machine: ollama-stack status")
  if (/^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/.test(code)) return fail('E_TIMEOUT', `${where} can't be reached from here.`, 'Is that machine on, and is this one in the same network or VPN? A firewall may also drop what goes there.')
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code)) return fail('E_CERT_REQUIRED', `${where} wants a client certificate.`, `ollama-stack connect ${url} --cert NAME.crt --key NAME.key (or --p12 NAME.p12)`)
  if (/ALERT/.test(code)) return fail('E_CERT_REFUSED', `${where} refuses the client certificate${/EXPIRED/.test(code) ? ': it has expired' : /UNKNOWN_CA/.test(code) ? ': it is from another CA' : ''}.`, "Ask the owner for a new one: ollama-stack user rotate NAME")
  if (/^(?:EPROTO|ERR_SSL_)/.test(code)) return fail('E_NO_TLS', `${where} doesn't speak TLS, or none that Node.js takes.`, `Is it ${url.replace('https:', 'http:')}, or another port?`)
  if (code.startsWith('HPE_')) return fail('E_NO_HTTP', `What ${where} answers isn't HTTP.`, 'Is it the right port?')
  if (code === 'ECONNRESET' || code === 'EPIPE') return fail('E_CLOSED', `${where} closed the connection without an answer.`, tls ? 'Try again; if it stays so, the owner sees why in the log of the proxy.' : `Is it ${url.replace('http:', 'https:')}?`)
  return fail('E_NO_ANSWER', `${where} (port ${port}) can't be used: ${cause instanceof Error ? cause.message || code : String(cause)}.`, 'Check the URL, and the network.')
}

/** What the certificate names, as far as Node says: `DNS:nas.lan, IP Address:10.0.0.2`. */
function namesOf(cause: unknown): string {
  const names = cause instanceof Error && 'cert' in cause && typeof cause.cert === 'object' && cause.cert !== null && 'subjectaltname' in cause.cert ? String(cause.cert.subjectaltname) : ''
  return names === '' ? 'other names' : quoted(names.replace(/(?:DNS|IP Address):/g, ''), 200).slice(1, -1)
}
