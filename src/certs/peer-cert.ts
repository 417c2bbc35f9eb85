// Which certificate a server shows, whoever signed it.

import { isIP } from 'node:net'
import tls from 'node:tls'
import type { X509Certificate } from 'node:crypto'
import { outOfTime } from '../net/clock.ts'

/** `trusted`: PEM of what must have signed it; the system's own without it; null: anything goes. Rejects when nothing answers within 5 s. */
export function peerCert(at: { host: string; port: number }, name: string, trusted?: string | null): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...at,
      ...(typeof trusted === 'string' ? { ca: trusted, allowPartialTrustChain: true } : {}),
      rejectUnauthorized: trusted !== null,
      // By address there is no name in the handshake, and the names are compared by who asks.
      ...(isIP(name) ? { checkServerIdentity: () => undefined } : { servername: name }),
    })
    socket.setTimeout(5000, () => socket.destroy(new Error('no TLS handshake within 5 s')))
    socket.on('error', (error) => {
      const late = outOfTime(error)
      reject(late === null ? error : new Error(late, { cause: error }))
    })
    socket.on('secureConnect', () => {
      const cert = socket.getPeerX509Certificate()
      socket.end()
      if (cert) resolve(cert)
      else reject(new Error('the server showed no certificate'))
    })
  })
}
