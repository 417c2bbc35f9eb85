// What the environment says, read the way Ollama reads it.

import { join } from 'node:path'

export interface Settings {
  host: string
  port: number
  /** OLLAMA_ORIGINS and Ollama's own defaults. Checked by `corsRules`. */
  origins: string[]
  noCloud: boolean
  noPrune: boolean
  /** Seconds that a model stays loaded; negative is for ever. */
  keepAlive: number
  /** Where the key pair lies: `$HOME/.ollama`. */
  keys: string
  models: string
  warnings: string[]
}

const LOCAL = ['localhost', '127.0.0.1', '0.0.0.0']
const APPS = ['app://*', 'file://*', 'tauri://*', 'vscode-webview://*', 'vscode-file://*']

/** Throws with the words to print when the server can't start like this. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const value = (name: string): string => (env[name] ?? '').trim().replace(/^["']+|["']+$/g, '')
  const home = env.HOME
  if (!home) throw new Error('$HOME is not defined')
  const warnings: string[] = []
  return {
    ...address(value('OLLAMA_HOST'), warnings),
    origins: [
      ...(value('OLLAMA_ORIGINS') === '' ? [] : value('OLLAMA_ORIGINS').split(',')),
      ...LOCAL.flatMap((host) => [`http://${host}`, `https://${host}`, `http://${host}:*`, `https://${host}:*`]),
      ...APPS,
    ],
    noCloud: truth(value('OLLAMA_NO_CLOUD')),
    noPrune: truth(value('OLLAMA_NOPRUNE')),
    keepAlive: seconds(value('OLLAMA_KEEP_ALIVE')) ?? 300,
    keys: join(home, '.ollama'),
    models: value('OLLAMA_MODELS') || join(home, '.ollama', 'models'),
    warnings,
  }
}

/** Go's strconv.ParseBool, and anything that it refuses counts as true. */
const truth = (text: string): boolean => text !== '' && !['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)

/** A port that isn't one is only warned about, as by Ollama; a host that can't be bound fails later, when it is bound. */
function address(text: string, warnings: string[]): { host: string; port: number } {
  const [, scheme, rest = ''] = /^(?:(\w+):\/\/)?(.*?)\/*$/.exec(text) ?? []
  const usual = scheme === 'http' ? 80 : scheme === 'https' ? 443 : 11434
  const [, bracketed, name, given] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(rest) ?? [undefined, undefined, rest, undefined]
  // A bare IPv6 address has colons but no port.
  const bare = rest.split(':').length > 2 && !rest.startsWith('[')
  // `:5000` is every address, for Go.
  const host = (bare ? rest : (bracketed ?? name)) || (given === undefined ? '127.0.0.1' : '0.0.0.0')
  if (bare || given === undefined) return { host, port: usual }
  const port = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (port <= 65535) return { host, port }
  warnings.push(`invalid port, using default: port=${given} default=${usual}`)
  return { host, port: usual }
}

/** `5m`, `1h30m`, `300` or -1; undefined when it is none of these. */
export function seconds(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '') return undefined
  if (/^-?\d+$/.test(value)) return Number(value)
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0) return undefined
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 }
  const sum = parts.reduce((total, [, amount, unit = 's']) => total + Number(amount) * (units[unit] ?? 1), 0)
  return value.startsWith('-') ? -sum : sum
}
