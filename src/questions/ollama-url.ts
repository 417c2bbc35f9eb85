// Which Ollama: `container`, the stack's own, or the URL of another. Its grammar, and how compose.yaml says it.

import { isIP } from 'node:net'
import { GATEWAY, SOCKET } from '../../stacks/forward/forward.ts'
import type { Elsewhere } from '../../stacks/stack.ts'
import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import type { ComposeFile } from '../compose.ts'
import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import { isDnsName } from './values.ts'

export const OWN = 'container'
/** This machine, in such a URL. */
export const HOST = 'host'

const HERE = [HOST, 'localhost', '127.0.0.1', GATEWAY]
/** What Docker's DNS takes for the stack's own, whatever the network outside calls so. */
const OURS = ['ollama', 'ollama-host', 'ollama-api', 'proxy', 'front', 'tls']
/** Unspecified, loopback, link-local (where clouds keep credentials), multicast and reserved: RFC 6890. */
const NOWHERE = /^(?:0|127|169\.254|22[4-9]|2[3-5]\d)\./
const EXAMPLE = 'For the Ollama on this machine: --ollama http://host:11434. For another machine\'s: --ollama http://192.168.1.5:11434'

/** `container`, or `http://HOST:PORT` in one spelling. Throws UsageError E_OLLAMA_URL. */
export function ollama(text: string): string {
  if (text === OWN) return text
  const no = (why: string, hint = EXAMPLE): never => {
    throw new UsageError('E_OLLAMA_URL', `--ollama can't be ${quoted(text.replace(/\/\/[^/@]*@/, '//...@'))}: ${why}.`, hint)
  }
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? []
  if (scheme === undefined) return no(`it is neither ${OWN} nor a URL`)
  if (/^https$/i.test(scheme)) return no('what speaks HTTPS there is another proxy, which wants its own name as Host and often a login', 'Name the Ollama behind it, as http://ADDRESS:11434, and cross foreign networks in a VPN.')
  if (!/^http$/i.test(scheme)) return no(`${quoted(`${scheme}://`)} is nothing that Ollama speaks`)
  if (rest.includes('@')) return no('a user name or password has no place there, Ollama takes none', 'Name the Ollama itself, not a proxy with a login in front of it.')
  const [, authority = '', path = ''] = /^([^/?#]*)(.*)$/.exec(rest) ?? []
  if (path !== '' && path !== '/') return no('a path has no place there, the requests bring theirs')
  if (authority.startsWith('[')) return no('the networks of the stack have no IPv6', 'Give its IPv4 address, or a name that has one.')
  const [, given = '', digits = String(OLLAMA_PORT)] = /^([^:]*)(?::([1-9]\d{0,4}))?$/.exec(authority) ?? []
  const host = given.toLowerCase()
  if (!(isIP(host) === 4 || isDnsName(host)) || Number(digits) > 65535) return no('it names no host and port')
  if (OURS.includes(host)) return no('that is the name of a service of the stack itself', `Give the address, or the whole name: --ollama http://${host}.lan:${Number(digits)}`)
  if (!HERE.includes(host) && NOWHERE.test(host)) return no('no other machine has an Ollama there')
  return `http://${HERE.includes(host) ? HOST : host}:${Number(digits)}`
}

/** A URL that `ollama` gave; null for `container`. */
export function placeOf(url: string): { host: string; port: number } | null {
  const [, host = '', port] = /^http:\/\/([^:]+):(\d+)$/.exec(url) ?? []
  return port === undefined ? null : { host, port: Number(port) }
}

/** What compose.yaml says today; null: Ollama is a container of the stack. */
export function elsewhereOf({ services }: Pick<ComposeFile, 'services'>): Elsewhere | null {
  const upstream = services['ollama']?.environment?.['UPSTREAM']
  if (upstream === undefined) return null
  const place = upstream === SOCKET ? services['ollama-host']?.environment?.['UPSTREAM'] ?? '' : upstream
  const [, named = '', port = OLLAMA_PORT] = /^(.*?)(?::(\d+))?$/.exec(place) ?? []
  const host = HERE.includes(named) ? HOST : named
  return { host, port: Number(port), way: upstream === SOCKET ? 'socket' : named === GATEWAY ? 'gateway' : 'network' }
}

/** The same as the flag's value. */
export function ollamaOf(file: Pick<ComposeFile, 'services'>): string {
  const place = elsewhereOf(file)
  return place === null ? OWN : `http://${place.host}:${place.port}`
}
