// Which web pages and apps may call from a browser: exact origins, or every page of an app's scheme.

import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import { isDnsName } from './values.ts'
import { domainToASCII } from 'node:url'
import { isIP } from 'node:net'

/** By the names of apps. What each sends is from their sources and issue trackers; web UIs send their own address. */
export const ORIGIN_PRESETS: Record<string, { title: string; origins: string[] }> = {
  obsidian: { title: 'Obsidian', origins: ['app://obsidian.md', 'capacitor://localhost', 'http://localhost'] },
  onlyoffice: { title: 'ONLYOFFICE desktop', origins: ['onlyoffice://*', 'file://*'] },
  'page-assist': { title: 'Page Assist', origins: ['chrome-extension://jfgfiigpkhlkbnfnbobbkinehhfdhndo', 'moz-extension://*'] },
  extensions: { title: 'Any browser extension', origins: ['chrome-extension://*', 'moz-extension://*', 'safari-web-extension://*'] },
  tauri: { title: 'Tauri apps', origins: ['tauri://localhost', 'http://tauri.localhost', 'https://tauri.localhost'] },
  vscode: { title: 'VS Code web views', origins: ['vscode-webview://*', 'vscode-file://*'] },
}

const FLAG = '--origin'
/** Schemes of the web itself: pages of every site have them, so only exact ones will do. */
const WEB = /^(?:https?|wss?|ftp):/

/**
 * One value of the flag: an origin, the name of an app, or a pasted OLLAMA_ORIGINS list.
 * Throws E_ORIGIN naming the entry: an origin that matched more than was meant would be a hole.
 */
export function origins(text: string): string[] {
  const name = text.toLowerCase()
  const preset = Object.hasOwn(ORIGIN_PRESETS, name) ? ORIGIN_PRESETS[name] : undefined
  if (preset) return preset.origins
  return text.split(',').map((entry) => origin(entry.trim()))
}

function origin(text: string): string {
  const plain = text.toLowerCase().replace(/\/$/, '')
  if (plain === '' || plain === '*' || plain === 'null') throw refused(text, REASONS[plain] ?? '')
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/.exec(`${plain}${plain.endsWith(':/') ? '/' : ''}`) ?? []
  if (scheme === '') throw refused(text, 'it has no scheme, such as https://')
  if (!WEB.test(`${scheme}:`)) return appOrigin(text, scheme, rest)
  if (!/^https?$/.test(scheme)) throw refused(text, 'pages have http or https addresses')
  if (rest.includes('*')) throw refused(text, 'a * would let in pages that nobody meant; give each exact address')
  return webOrigin(text, scheme, rest)
}

function webOrigin(text: string, scheme: string, rest: string): string {
  if (/[/?#@\\]/.test(rest)) throw refused(text, 'an origin has no path, query or user name')
  const [, v6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::([1-9]\d{0,4}))?$/.exec(rest) ?? []
  if (port !== undefined && Number(port) > 65_535) throw refused(text, 'ports go up to 65535')
  const shown = port === undefined || port === (scheme === 'https' ? '443' : '80') ? '' : `:${port}`
  if (v6 !== undefined && isIP(v6) === 6) return `${scheme}://${new URL(`http://[${v6}]`).hostname}${shown}`
  // As browsers write it (url.spec.whatwg.org, host serializing).
  const host = name !== undefined && /^[\p{L}\p{N}\p{M}.-]+$/u.test(name) ? domainToASCII(name) : ''
  if (host !== '' && (isIP(host) === 4 ? host === name : isDnsName(host))) return `${scheme}://${host}${shown}`
  throw refused(text, 'what follows the scheme is no host name or address')
}

/** `scheme://*` for all of an app, `scheme://name` for one of its pages; OLLAMA_ORIGINS' `scheme://name*` is that one too. */
function appOrigin(text: string, scheme: string, rest: string): string {
  if (/^(?:data|javascript|blob|about|view-source)$/.test(scheme)) throw refused(text, 'pages of that scheme have no origin of their own')
  if (rest === '*' || rest === '') return `${scheme}://*`
  const name = rest.replace(/\*$/, '')
  if (/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(name)) return `${scheme}://${name}`
  throw refused(text, `write ${scheme}://* for every page of the app, or ${scheme}://NAME for one`)
}

const REASONS: Record<string, string> = {
  '': 'it is empty',
  '*': 'every web page on the internet could then use what a browser remembers',
  null: 'sandboxed frames and local files of anybody send it',
}

function refused(text: string, why: string): UsageError {
  return new UsageError('E_ORIGIN', `${FLAG} can't be ${quoted(text)}: ${why}.`, `Give an exact origin (${FLAG} https://chat.example.com), an app's scheme (${FLAG} 'onlyoffice://*') or an app: ${Object.keys(ORIGIN_PRESETS).join(', ')}`)
}
