// Where to: the URL of a stack, as its owner gave it.

import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { UsageError } from '../errors.ts'
import { isLoopback, isPrivate, thisMachine } from '../questions/machine.ts'
import { quoted } from '../ui/quoted.ts'

export interface Target {
  /** Scheme, host and port, without a slash at the end. */
  url: string
  tls: boolean
  /** A name or an address, without brackets. */
  host: string
  port: number
  /** Plain HTTP, also where somebody on the way could read it. */
  insecure: boolean
}

/** Throws E_URL. Whatever has a password in it isn't repeated. */
export function targetOf(text: string, insecure = false): Target {
  if (!/^https?:\/\//i.test(text)) {
    const whole = /^[\w.-]+(?::\d+)?\/?$/.test(text) ? `https://${text}` : 'https://nas.lan:8443'
    throw refused(text.includes('@') ? 'The URL' : quoted(text), 'it begins with neither https:// nor http://', whole)
  }
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.hostname === '') throw refused(text.includes('@') ? 'The URL' : quoted(text), "it isn't a URL", 'https://nas.lan:8443')
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('E_URL', 'A password in the URL would be seen by everybody who lists the processes of this machine.', `Leave it out: ollama-stack connect ${url.origin} --user ${/^[\w.@-]+$/.test(url.username) ? url.username : 'NAME'}. The password is asked for.`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw refused(quoted(text), 'a stack has no path', url.origin)
  const tls = url.protocol === 'https:'
  return { url: url.origin, tls, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || (tls ? 443 : 80)), insecure }
}

const refused = (what: string, why: string, right: string): UsageError =>
  new UsageError('E_URL', `${what} can't be where to connect: ${why}.`, `Write: ollama-stack connect ${right}`)

/** Whether somebody on the way could read what is sent. Not on this machine, not through a VPN of its own. */
export async function readableOnTheWay({ tls, host, port, insecure }: Target): Promise<boolean> {
  if (tls || insecure || host === 'localhost') return false
  try {
    const { address } = await lookup(host)
    if (isLoopback(address)) return false
    return !isSafeFrom(await sourceFor(address, port))
  } catch {
    return true
  }
}

/** Whether nobody can read what leaves from this address of this machine. */
export const isSafeFrom = (source: string): boolean => isPrivate(source, thisMachine())

/** Which address of this machine a connection would come from. Connecting a UDP socket asks the routing table and sends nothing. */
function sourceFor(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    socket.on('error', reject)
    socket.connect(port, address, () => {
      const { address: source } = socket.address()
      socket.close()
      resolve(source)
    })
  })
}
