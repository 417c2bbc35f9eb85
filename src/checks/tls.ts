// The server's certificate and protocol, as a strict client sees them.

import { isIP } from 'node:net'
import { covers } from '../certs/host-match.ts'
import { ask, TlsAlert, type Door } from '../net/http.ts'
import { peerCert } from '../certs/peer-cert.ts'
import { couldNotRun, failed, passed, type Check, type Visit } from './check.ts'

const DAY = 24 * 60 * 60_000
/** Below this, `up` should have made a new one. */
const SOON_DAYS = 14

export const tlsChecks: Check<Pick<Visit, 'project' | 'door' | 'now' | 'signal'>>[] = [
  {
    id: 'certificate',
    title: 'The certificate chain, its names and its dates hold',
    async run({ project, door, now }) {
      const name = nameOf(door)
      const { validTo, subjectAltName = '' } = await peerCert(door.connect, name, door.ca)
      const days = Math.floor((new Date(validTo).getTime() - now.getTime()) / DAY)
      if (days < (project.tls === 'acme' ? 0 : SOON_DAYS)) return failed(`expires in ${days} days`)
      const names = namesOf(subjectAltName)
      // Others' certificates name what they name; ours all of it.
      const missing = (project.tls === 'private' ? project.hosts : [name]).filter((host) => !covers(names, host))
      if (missing.length > 0) return failed(`doesn't name ${missing.join(', ')}`)
      for (const other of project.certified.filter((one) => one !== name && isIP(one) === 0)) {
        const { subjectAltName: own = '' } = await peerCert(door.connect, other, null)
        if (!covers(namesOf(own), other)) return failed(`there is none for ${other}`)
      }
      return passed(`${name} verified, ${names.length} ${names.length === 1 ? 'name' : 'names'}, ${days} days left`)
    },
  },
  {
    id: 'certificate-trusted',
    title: 'Clients trust the certificate without a CA file',
    applies: ({ tls, ca }) => tls !== 'off' && ca === null,
    async run({ project, door }) {
      try {
        await peerCert(door.connect, nameOf(door))
        return passed('signed by a CA that everybody has')
      } catch (error) {
        const why = `${error instanceof Error ? error.message : String(error)}; clients need its CA's certificate`
        // A company's CA may be on its machines and not in Node's list.
        return project.tls === 'files' ? couldNotRun(`not one of the CAs that come with Node: ${why}`) : failed(why)
      }
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

const namesOf = (subjectAltName: string): string[] => subjectAltName.split(', ').map((one) => one.replace(/^(DNS|IP Address):/, ''))

function nameOf({ url }: Door): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}
