// The server's certificate and protocol, as a strict client sees them.

import tls from 'node:tls'
import { isIP } from 'node:net'
import { ask, TlsAlert } from '../http.ts'
import { failed, passed, type Check, type Visit } from './check.ts'

const DAY = 24 * 60 * 60_000
/** Below this, `up` should have made a new one. */
const SOON_DAYS = 14

export const tlsChecks: Check[] = [
  {
    id: 'certificate',
    title: 'The certificate chain, its names and its dates hold',
    async run(visit) {
      const { project, door, now } = visit
      const peer = await handshake(visit)
      const days = Math.floor((new Date(peer.valid_to).getTime() - now.getTime()) / DAY)
      if (days < SOON_DAYS) return failed(`expires in ${days} days`)
      const names = peer.subjectaltname?.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')) ?? []
      const missing = project.hosts.filter((host) => !names.some((name) => same(name, host)))
      if (missing.length > 0) return failed(`doesn't name ${missing.join(', ')}`)
      return passed(`${new URL(door.url).hostname} verified, ${names.length} names, ${days} days left`)
    },
  },
  {
    id: 'tls-versions',
    title: 'TLS 1.2 and 1.3 work, older protocols are refused',
    async run({ door }) {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) await ask(door, { path: '/', tls: { maxVersion } })
      try {
        // SECLEVEL=0, or our own OpenSSL wouldn't even offer it.
        await ask(door, { path: '/', tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } })
        return failed('TLS 1.1 was accepted')
      } catch (error) {
        if (!(error instanceof TlsAlert)) throw error
        return passed('1.2 and 1.3 answer, 1.1 is refused')
      }
    },
  },
]

/** Throws when the chain doesn't verify against the project's CA. */
function handshake({ door }: Visit): Promise<tls.PeerCertificate> {
  const name = new URL(door.url).hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...door.connect,
      ca: door.ca ?? undefined,
      ...(isIP(name) ? { checkServerIdentity: () => undefined } : { servername: name }),
    })
    socket.setTimeout(5000, () => socket.destroy(new Error('no TLS handshake within 5 s')))
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      const peer = socket.getPeerCertificate()
      socket.end()
      resolve(peer)
    })
  })
}

/** The two spellings of an IPv6 address are one. */
function same(a: string, b: string): boolean {
  const plain = (name: string): string => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase())
  return plain(a) === plain(b)
}
