// A line of a log, for people. Whatever a client managed to put into it can't act on the terminal.

import { styleText } from 'node:util'
import { jsonLine } from '../../stacks/json-line.ts'
import type { Access } from '../../stacks/stack.ts'
import { bytes } from '../ui/bytes.ts'
import type { LogLine } from '../engine.ts'
import { oneLine } from '../ui/quoted.ts'

/** Of the services in their order. None is red: that says something else. */
const COLORS = ['cyan', 'magenta', 'blue', 'green'] as const
const WHO_WIDTH = 24
const WHAT_WIDTH = 26

export interface Looks {
  color: boolean
  /** Every service that may be named. */
  services: readonly string[]
}

export function logText({ service, line, time }: LogLine, access: Access | null, { color, services }: Looks): string {
  const paint = (format: Parameters<typeof styleText>[0], text: string): string => (color ? styleText(format, text, { validateStream: false }) : text)
  const name = service.padEnd(Math.max(...services.map(({ length }) => length)))
  const who = COLORS[services.indexOf(service) % COLORS.length] ?? 'cyan'
  const text = oneLine(access ? accessText(access) : messageText(line))
  const shown = access ? paint(statusColor(access), text) : text
  return `${paint('dim', localTime(time))} ${paint(who, `${name} |`)} ${shown}`
}

function statusColor({ status, refused }: Access): 'red' | 'yellow' | 'reset' {
  if (status !== null && status >= 500) return 'red'
  return refused !== null || (status !== null && status >= 400) ? 'yellow' : 'reset'
}

/** Who, from where, what, status, how long, how much. */
export function accessText({ person, address, method, path, status, seconds, firstByte, bytes: count, refused }: Access): string {
  const who = `${person ?? '-'} ${address}`.padEnd(WHO_WIDTH)
  const what = `${method} ${path}`.trim() || (status === null ? 'TLS handshake' : 'unreadable request')
  const why = refused === null ? '' : `: ${refused}`
  if (status === null && method === '') return `${who} ${what.padEnd(WHAT_WIDTH)} refused${why}`
  const first = firstByte === null ? '' : `, first byte ${duration(firstByte)}`
  return `${who} ${what.padEnd(WHAT_WIDTH)} ${status ?? 'gone'} in ${duration(seconds)}${first}, ${bytes(count)}${why}`
}

/** `312 ms`, `4.2 s`, `3 min 12 s`. */
export function duration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** nginx, Lua and Ollama write sentences, Caddy and the checker of passwords JSON. */
function messageText(line: string): string {
  const { level, ts: _, time: __, logger, msg, message = msg, ...facts } = jsonLine(line) ?? {}
  if (typeof message !== 'string') return line
  const said = [level, logger].filter((word) => typeof word === 'string').join(' ')
  const more = Object.entries(facts).map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join('')
  return `${said === '' ? '' : `${said}: `}${message}${more}`
}

/** On this machine's clock, to the second. */
function localTime(time: string): string {
  const at = new Date(time)
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** A line of Ollama's own access log. */
const GIN = /^\[GIN\] [\d/]+ - [\d:]+ \| +(\d+) \| +\S+ \| +(\S+) \| (\S+ +"[^"]*")$/

/** What Ollama's server logs of itself: its health check (`ollama list`), and `ollama ps` for `status`. Every few seconds, it would bury what people did. `own`: its address. */
export function isOwnQuestion({ service, line }: LogLine, own: string): boolean {
  const [, status, address = '', request = ''] = GIN.exec(line) ?? []
  return service === 'ollama' && status === '200' && [own, '127.0.0.1'].includes(address) && /^(?:HEAD +"\/"|GET +"\/api\/(?:tags|ps)")$/.test(request)
}

/** What the proxy handed on to it, and logs too, with the person: nobody else comes from another address. */
export function isFromProxy({ service, line }: LogLine, own: string): boolean {
  const [, , address] = GIN.exec(line) ?? []
  return service === 'ollama' && address !== undefined && ![own, '127.0.0.1'].includes(address)
}
