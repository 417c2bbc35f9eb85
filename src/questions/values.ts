// The grammar of every value that comes from outside: an allowlist each, checked before the value
// comes near a file. All throw UsageError.

import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { domainToASCII } from 'node:url'
import { ROLES, type Person, type Role } from '../../stacks/stack.ts'
import { checkNewName } from '../../stacks/names.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../cli/nearest.ts'
import { TEST_PREFIX } from './test-names.ts'
import { quoted } from '../ui/quoted.ts'

/** One of a few words. A wrong one names the nearest. */
export function word<T extends string>(flag: string, text: string, words: readonly T[]): T {
  const found = words.find((one) => one === text)
  if (found !== undefined) return found
  const near = nearest(text, words)
  throw new UsageError('E_VALUE', `${flag} can't be ${quoted(text)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}Choose one of: ${words.join(', ')}.`)
}

/** A Compose project name (compose-spec, "name"). */
export function projectName(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)) return text
  throw new UsageError('E_NAME', `--name can't be ${quoted(text)}: Compose doesn't take it as a project's name.`, 'Use up to 63 lower-case letters, digits, dashes and underscores, beginning with a letter or digit: --name home-ollama')
}

/** The nearest project name to a directory's. */
export function nameFrom(directory: string): string {
  const name = directory.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^[^a-z0-9]+|-+$/g, '').slice(0, 63)
  return name === '' ? 'ollama-stack' : name
}

/** `ann`, `ann:admin`, `bob:user`. Without a role the first person is admin, the others user. */
export function people(texts: readonly string[]): Person[] {
  if (texts.length === 0) throw new UsageError('E_USER_NAME', 'A stack needs at least one person who may log in.', 'Name one: --user ann')
  const found: Person[] = []
  for (const text of texts) {
    const [name = '', role, ...more] = text.split(':')
    if (more.length > 0) throw new UsageError('E_USER_NAME', `${quoted(text)} has too many colons.`, 'Write NAME or NAME:ROLE: --user ann:admin')
    checkNewName(name, found.map((person) => person.name))
    if (name.toLowerCase().startsWith(TEST_PREFIX)) {
      throw new UsageError('E_USER_NAME', `${quoted(name)} can't be a user name: names that begin with ${TEST_PREFIX} belong to the smoke tests.`, 'Choose another one: --user ann')
    }
    found.push({ name, role: role === undefined ? (found.length === 0 ? 'admin' : 'user') : word<Role>(`The role in --user ${name}`, role, ROLES) })
  }
  return found
}

/** An IP address to publish on, in its short form. */
export function address(text: string): string {
  if (isIP(text) !== 0 && !text.includes('%')) return short(text)
  const hint = text === 'localhost' ? 'Write --bind 127.0.0.1 for this machine only.' : 'Give one address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 for everywhere.'
  throw new UsageError('E_BIND', `--bind can't be ${quoted(text)}: it isn't an IP address in its usual form.`, hint)
}

/** The short form of RFC 5952. `::ffff:127.0.0.1` is 127.0.0.1, and is judged as that. */
export function short(ip: string): string {
  if (isIP(ip) === 4) return ip
  const brief = new URL(`http://[${ip}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(brief)
  if (!mapped) return brief
  return mapped.slice(1).map((part) => parseInt(part, 16)).flatMap((part) => [part >> 8, part & 255]).join('.')
}

export function port(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535) return Number(text)
  throw new UsageError('E_PORT', `--port can't be ${quoted(text)}: it isn't a port number.`, 'Give a number from 1 to 65535: --port 8880')
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Whether `name` is a DNS name in lower-case ASCII (RFC 1123, 2.1). One that ends in a number would be read as an address (url.spec.whatwg.org, "ends in a number"). */
export function isDnsName(name: string): boolean {
  const labels = name.split('.')
  return name.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')
}

/** A DNS name or an IP, as it will stand in the certificate and in Host headers. */
export function host(text: string): string {
  if (isIP(text) !== 0 && !text.includes('%')) {
    const ip = short(text)
    if (ip !== '0.0.0.0' && ip !== '::') return ip
    throw new UsageError('E_HOST', `--host can't be ${quoted(text)}: no client can connect to it.`, `To listen on every address: --bind ${ip}. --host is the name or address that clients use.`)
  }
  // Letters and digits only: IDNA would drop a zero-width space and take ten other dots for one.
  const name = /^[\p{L}\p{N}\p{M}.-]+$/u.test(text) ? domainToASCII(text) : ''
  if (isDnsName(name)) return name
  throw new UsageError('E_HOST', `--host can't be ${quoted(text)}: it is neither a DNS name nor an IP address.`, 'Give the bare name, without https://, a port or brackets: --host ollama.example.com')
}

/** `60/m`, `5/s`: what nginx can count in. */
export function rate(text: string): string {
  if (/^[1-9]\d{0,5}\/[sm]$/.test(text)) return text
  throw new UsageError('E_RATE', `--rate can't be ${quoted(text)}.`, 'Give requests per second or minute, for each person: --rate 60/m')
}

/** `gemma3:1b`, `hf.co/org/model:Q4_K_M`. `flag`: where it was written, if in a flag. */
export function modelName(text: string, flag = ''): string {
  if (text.length <= 256 && /^[A-Za-z0-9][\w.-]*(:\d+)?(\/[A-Za-z0-9][\w.-]*)*(:[\w.-]+)?$/.test(text) && !text.includes('..')) return text
  throw new UsageError('E_MODEL_NAME', flag === '' ? `${quoted(text)} isn't a model name.` : `${flag} can't be ${quoted(text)}: it isn't a model name.`, 'Names look like gemma3:1b or hf.co/org/model:Q4_K_M. See https://ollama.com/library')
}

/** A model, or null for `none`. */
export const model = (text: string): string | null => (text === 'none' ? null : modelName(text, '--model'))

/** A mail address in plain ASCII: it goes to the CA and into a file of Caddy's. */
export function email(text: string): string {
  const [local = '', domain = '', ...more] = text.split('@')
  if (more.length === 0 && /^[A-Za-z0-9._%+-]{1,64}$/.test(local) && isDnsName(domain.toLowerCase())) return text
  throw new UsageError('E_EMAIL', `--acme-email can't be ${quoted(text)}: it isn't a mail address.`, 'Give one that you read, such as --acme-email ann@example.com')
}

/** The URL of an ACME directory (RFC 8555, 7.1.1). */
export function acmeDirectory(text: string): string {
  const [, name = '', port] = /^https:\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::([1-9]\d{0,4}))?(?:\/[\w.~-]+)*\/?$/.exec(text) ?? []
  const known = isIP(name.replace(/^\[|\]$/g, '')) !== 0 || isDnsName(name.toLowerCase())
  if (known && Number(port ?? 443) <= 65535) return text
  throw new UsageError('E_ACME', `--acme-directory can't be ${quoted(text)}: it isn't an https URL of a CA's directory.`, 'Such as --acme-directory https://ca.example.com/acme/acme/directory. Leave it out for Let\'s Encrypt.')
}

/** Absolute. What is there is looked at later (own-cert.ts). */
export function path(flag: string, text: string, cwd: string): string {
  if (text !== '' && !text.includes('\0')) return resolve(cwd, text)
  throw new UsageError('E_VALUE', `${flag} can't be ${quoted(text)}: it names no file.`, 'Give the path of the file.')
}
