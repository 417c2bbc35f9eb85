// Values -> text of a language, such that no value can end its own quotes.

import { stringify as toYaml } from 'yaml'
import { stringify as toToml } from 'smol-toml'
import { posixWord } from '../ui/shell-word.ts'
import type { Format, Value } from './client.ts'

/** A word that begins with ~/, which the shell must see bare to take it for the home directory. */
export function homeWord(word: string): string {
  return `~/${posixWord(word.slice(2))}`
}

export function exports(env: Record<string, string>): string {
  return Object.entries(env).map(([name, value]) => `export ${name}=${value === '' ? "''" : posixWord(value)}`).join('\n')
}

/** Within double quotes both Compose and dotenv take \" \\ and \$ back; most values need no such thing. */
export function dotenv(env: Record<string, string>): string {
  return Object.entries(env).map(([name, value]) => `${name}=${value.includes("'") ? `"${value.replace(/["\\$]/g, '\\$&')}"` : `'${value}'`}`).join('\n')
}

/** For a string within single quotes, in Python as in JavaScript. */
export function codeString(value: string): string {
  return value.replace(/[\\']/g, '\\$&').replace(/[\p{Cc}\u2028\u2029]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function writeFormat(format: Format, value: Value): string {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'toml') return `${toToml(value).trimEnd()}\n`
  if (format === 'curl') return curlConfig(value)
  return toYaml(format === 'compose' ? dollarsDoubled(value) : value, { lineWidth: 0, singleQuote: true, compat: 'yaml-1.1' })
}

/** Compose replaces $NAME and ${NAME}; $$ is a dollar. */
export function dollarsDoubled(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(dollarsDoubled)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, dollarsDoubled(one)]))
}

const CURL_ESCAPES: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' }

/** https://curl.se/docs/manpage.html#-K: a name and a value in double quotes, with these escapes. */
function curlConfig(value: Value): string {
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('a curl file is a list of options')
  return Object.entries(value).map(([name, text]) => `${name} = "${String(text).replace(/[\\"\n\r\t\v]/g, (char) => CURL_ESCAPES[char] ?? '')}"\n`).join('')
}
