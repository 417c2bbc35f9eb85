// What a certificate of ours can name: servers, and people.

import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { StackError } from '../errors.ts'

/** RFC 5280, ub-common-name. */
export const LONGEST_CN = 64

/** domainToASCII stops at a `/`, drops tabs and decodes %62: such a host is refused before it. */
const ODD = /[\p{C}\p{Z}]|(?![A-Za-z0-9.-])\p{ASCII}/u
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Names in ASCII (IDNA), since a certificate holds no other; addresses as addresses. */
export function generalName(host: string): { type: 'dns' | 'ip'; value: string } {
  if (isIP(host) === 4) return { type: 'ip', value: host }
  if (isIP(host) === 6) {
    if (host.includes('%')) throw new StackError('E_CERT_HOST', `${JSON.stringify(host)} has a zone, which means something on one machine only.`)
    // x509 can't read a dotted tail, as in ::ffff:1.2.3.4; URL writes it in hex.
    return { type: 'ip', value: new URL(`http://[${host}]`).hostname.slice(1, -1) }
  }
  // A full stop at the end is for the resolver: clients take it off before they compare.
  const name = ODD.test(host) ? '' : domainToASCII(host).replace(/\.$/, '')
  if (isIP(name) || name.length > 253 || !name.split('.').every((label) => LABEL.test(label))) {
    throw new StackError('E_CERT_HOST', `${JSON.stringify(host)} is neither a DNS name nor an IP address.`)
  }
  return { type: 'dns', value: name }
}

/** As long as RFC 5280 allows. It counts characters, not UTF-16 units. */
export function personName(name: string): string {
  const length = [...name].length
  if (length > 0 && length <= LONGEST_CN) return name
  throw new StackError('E_CERT_PERSON', `A name in a certificate has 1 to ${LONGEST_CN} characters, this one has ${length}.`)
}
