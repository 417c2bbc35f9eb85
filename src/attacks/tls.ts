// The handshake: old protocols, weak ciphers, a name that isn't ours, no TLS at all.

import net from 'node:net'
import tls from 'node:tls'
import { couldNotRun, failed, passed, type Check } from '../checks/check.ts'
import type { Door } from '../net/http.ts'
import { isJsonError } from './judge.ts'
import { parse, raw } from './raw.ts'

type Version = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

interface Offer {
  what: string
  min: Version
  max: Version
  ciphers: string
}

/** Our own OpenSSL wouldn't offer these at any higher level. */
const LOWEST = '@SECLEVEL=0'

const OFFERS: readonly Offer[] = [
  { what: 'TLS 1.0', min: 'TLSv1', max: 'TLSv1', ciphers: `ALL:${LOWEST}` },
  { what: 'TLS 1.1', min: 'TLSv1.1', max: 'TLSv1.1', ciphers: `ALL:${LOWEST}` },
  { what: 'CBC ciphers', min: 'TLSv1.2', max: 'TLSv1.2', ciphers: `ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA:AES128-SHA:AES256-SHA256:${LOWEST}` },
  { what: 'key exchange without forward secrecy', min: 'TLSv1.2', max: 'TLSv1.2', ciphers: `AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:${LOWEST}` },
  { what: 'ciphers without encryption', min: 'TLSv1.2', max: 'TLSv1.2', ciphers: `eNULL:${LOWEST}` },
  { what: 'ciphers without authentication', min: 'TLSv1.2', max: 'TLSv1.2', ciphers: `aNULL:${LOWEST}` },
]

export const tlsAttacks: readonly Check[] = [
  {
    id: 'attack-tls',
    title: 'Old protocols and weak ciphers are refused, each on its own',
    applies: ({ tls: mode }) => mode !== 'off',
    async run({ door }) {
      const { accepted, cannot } = await weakOffers(door)
      if (accepted.length > 0) return failed(`accepted: ${accepted.join(', ')}`)
      if (cannot.length === OFFERS.length) return couldNotRun("this machine's OpenSSL offers none of them")
      return passed(`${OFFERS.length - cannot.length} offers refused${cannot.length > 0 ? `; this machine's OpenSSL can't offer ${cannot.join(', ')}` : ''}`)
    },
  },
  {
    id: 'attack-sni',
    title: 'A foreign name in the handshake opens nothing, nor does HTTP without TLS',
    applies: ({ tls: mode }) => mode !== 'off',
    async run({ door, user, signal }) {
      const ours = new URL(door.url).host
      const login = Object.entries(user.login.headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const ask = (host: string, lines = ''): string => `GET /api/tags HTTP/1.1\r\nHost: ${host}\r\n${lines}Connection: close\r\n\r\n`
      const rows: [what: string, host: string, servername: string, loggedIn: boolean, expect: number[]][] = [
        // 0: a stack may refuse the name in the handshake itself.
        ['a foreign name in the handshake and none who asks', ours, 'foreign.example', false, [0, 401, 421]],
        ['a foreign name in the handshake and in the Host', 'foreign.example', 'foreign.example', true, [0, 421]],
        ['a foreign Host behind our name', 'foreign.example', 'localhost', true, [421]],
      ]
      for (const [what, host, servername, loggedIn, expect] of rows) {
        const reply = await raw(door, loggedIn ? user.login : null, ask(host, loggedIn ? login : ''), { servername, signal })
        if (!expect.includes(reply.status)) return failed(`${what}: answered ${reply.status}`)
        if (reply.status !== 0 && !isJsonError(reply.body)) return failed(`${what}: ${reply.status} without a JSON error`)
      }
      const plain = await withoutTls(door, ask(ours))
      return plain === 400 || plain === 0 ? passed(`${rows.length + 1} requests, each refused`) : failed(`HTTP without TLS: answered ${plain}`)
    },
  },
]

/** What a server takes that it shouldn't, and what can't be tried from here. */
export async function weakOffers(door: Pick<Door, 'connect'>): Promise<{ accepted: string[]; cannot: string[] }> {
  const outcomes = await Promise.all(OFFERS.map(async (offer) => [offer.what, await handshake(door, offer)] as const))
  const those = (outcome: string): string[] => outcomes.filter(([, one]) => one === outcome).map(([what]) => what)
  return { accepted: those('accepted'), cannot: those('not offered') }
}

function handshake(door: Pick<Door, 'connect'>, { min, max, ciphers }: Offer): Promise<'accepted' | 'refused' | 'not offered'> {
  return new Promise((resolve) => {
    let socket: tls.TLSSocket
    try {
      socket = tls.connect({ ...door.connect, rejectUnauthorized: false, minVersion: min, maxVersion: max, ciphers })
    } catch {
      // OpenSSL knows none of these ciphers.
      return resolve('not offered')
    }
    const end = (outcome: 'accepted' | 'refused' | 'not offered'): void => {
      socket.destroy()
      resolve(outcome)
    }
    socket.setTimeout(5000, () => end('refused'))
    socket.on('secureConnect', () => end('accepted'))
    socket.on('close', () => end('refused'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(/NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|NO_CIPHER_MATCH/.test(error.code ?? '') ? 'not offered' : 'refused'))
  })
}

/** The status that an HTTP request in the clear gets, or 0. */
function withoutTls(door: Door, bytes: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = net.connect(door.connect, () => socket.write(bytes))
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(3000, () => socket.destroy())
    socket.on('data', (chunk: string) => { text += chunk })
    // A reset is a refusal too; what came before it counts.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(parse(text).status))
  })
}
