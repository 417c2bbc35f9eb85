// CORS and the Host check, as the library under Ollama does them (gin-contrib/cors 1.7.2).

import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

export interface CorsRules {
  everyone: boolean
  exact: Set<string>
  /** What stands before and behind the star. */
  patterns: [string, string][]
}

const SCHEMES = ['http://', 'https://', 'chrome-extension://', 'safari-extension://', 'moz-extension://', 'ms-browser-extension://']

const METHODS = 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS'

// No x-api-key and no anthropic-*: a browser can't call /v1/messages of a bare Ollama.
const HEADERS = [
  'Authorization', 'Content-Type', 'User-Agent', 'Accept', 'X-Requested-With', 'Openai-Beta',
  ...['Arch', 'Async', 'Custom-Poll-Interval', 'Helper-Method', 'Lang', 'Os', 'Package-Version', 'Poll-Helper', 'Retry-Count', 'Runtime', 'Runtime-Version', 'Timeout']
    .map((name) => `X-Stainless-${name}`),
].join(',')

/** Throws where the real server panics at start. */
export function corsRules(origins: string[]): CorsRules {
  for (const origin of origins) {
    const stars = origin.split('*').length - 1
    if (stars === 0 && !SCHEMES.some((scheme) => origin.startsWith(scheme))) {
      throw new Error(`panic: bad origin: origins must contain '*' or include ${SCHEMES.join(',')}`)
    }
    if (stars > 1) throw new Error('panic: only one * is allowed')
  }
  return {
    everyone: origins.includes('*'),
    exact: new Set(origins.map((origin) => origin.trim().toLowerCase())),
    patterns: origins.filter((origin) => origin.includes('*')).map((origin) => origin.split('*') as [string, string]),
  }
}

export interface CorsAnswer {
  /** 403 or 204 ends the request here, with an empty body. */
  status?: 403 | 204
  headers: Record<string, string | string[]>
}

export function cors(rules: CorsRules, request: IncomingMessage): CorsAnswer {
  const { origin, host = '' } = request.headers
  if (!origin || origin === `http://${host}` || origin === `https://${host}`) return { headers: {} }
  if (!rules.everyone && !rules.exact.has(origin) && !rules.patterns.some(([before, behind]) => origin.startsWith(before) && origin.endsWith(behind))) {
    return { status: 403, headers: {} }
  }
  const allow = { 'Access-Control-Allow-Origin': rules.everyone ? '*' : origin }
  if (request.method !== 'OPTIONS') return { headers: rules.everyone ? allow : { ...allow, Vary: 'Origin' } }
  return {
    status: 204,
    headers: {
      ...allow,
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': HEADERS,
      'Access-Control-Max-Age': '43200',
      ...(rules.everyone ? {} : { Vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'] }),
    },
  }
}

/** Ollama's only guard against DNS rebinding, and only when it listens on loopback. */
export function hostAllowed(host: string): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '').toLowerCase()
  if (isIP(name)) return localAddress(name)
  return name === '' || name === 'localhost' || name === hostname().toLowerCase() || /\.(localhost|local|internal)$/.test(name)
}

function localAddress(ip: string): boolean {
  if (/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(ip) || ['0.0.0.0', '::', '::1'].includes(ip) || /^f[cd]/.test(ip)) return true
  return Object.values(networkInterfaces()).flat().some((face) => face?.address === ip)
}
