// The image's own commands: `ollama list` is its health check.

import { request as http } from 'node:http'
import type { Settings } from './environment.ts'
import { SOCKET } from './heads.ts'
import { VERSION } from './server.ts'

export interface Told {
  out: (text: string) => void
  err: (text: string) => void
}

/** Every address is where the server listens; from inside, that is loopback. */
function ask({ host, port }: Settings, method: string, path: string, body?: string, onLine?: (line: string) => void): Promise<string> {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new Promise((resolve, reject) => {
    const request = http({ host: name, port, method, path, headers: { 'User-Agent': `ollama/${VERSION}`, ...(body ? { 'Content-Type': 'application/json' } : {}) } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (!onLine) return
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        lines.filter((line) => line !== '').forEach(onLine)
      })
      response.on('error', reject)
      response.on('end', () => resolve(text))
    })
    request.on('error', () => reject(new Error("could not connect to ollama server, run 'ollama serve' to start it")))
    request.end(body)
  })
}

interface Listed {
  name: string
  digest: string
  size: number
  size_vram?: number
  modified_at: string
  expires_at: string
}

async function models(settings: Settings, path: string): Promise<Listed[]> {
  await ask(settings, 'HEAD', '/')
  return (JSON.parse(await ask(settings, 'GET', path)) as { models: Listed[] }).models
}

export async function list(settings: Settings, { out }: Told): Promise<void> {
  const rows = (await models(settings, '/api/tags')).map(({ name, digest, size, modified_at }) => [name, digest.slice(0, 12), bytes(size), ago(new Date(modified_at))])
  out(table([['NAME', 'ID', 'SIZE', 'MODIFIED'], ...rows]))
}

export async function ps(settings: Settings, { out }: Told): Promise<void> {
  const rows = (await models(settings, '/api/ps')).map(({ name, digest, size, expires_at }) => [name, digest.slice(0, 12), bytes(size), '100% CPU', '4096', `until ${expires_at}`])
  out(table([['NAME', 'ID', 'SIZE', 'PROCESSOR', 'CONTEXT', 'UNTIL'], ...rows]))
}

export async function pull(settings: Settings, model: string, { err }: Told): Promise<void> {
  await ask(settings, 'HEAD', '/')
  let last = ''
  let failure: string | undefined
  const onLine = (text: string): void => {
    const { status = last, error } = JSON.parse(text) as { status?: string; error?: string }
    failure ??= error
    if (status !== last) err(`${status}\n`)
    last = status
  }
  const rest = await ask(settings, 'POST', '/api/pull', JSON.stringify({ model }), onLine)
  if (rest !== '') onLine(rest)
  if (failure !== undefined) throw new Error(failure)
}

export async function version(settings: Settings, { out }: Told): Promise<void> {
  try {
    const { version } = JSON.parse(await ask(settings, 'GET', '/api/version')) as { version: string }
    out(`ollama version is ${version}\n`)
  } catch {
    // The real one warns and still says which client it is.
    out(`Warning: could not connect to a running Ollama instance\nWarning: client version is ${VERSION}\n`)
  }
}

/** The recorded heads as a JSON array. */
export function heads(forget: boolean, { out }: Told): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http({ socketPath: SOCKET, path: '/', method: forget ? 'DELETE' : 'GET' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        out(`${Buffer.concat(chunks).toString()}\n`)
        resolve()
      })
    })
    request.on('error', reject)
    request.end()
  })
}

function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd((widths[column] ?? 0) + 4)).join('')}\n`).join('')
}

function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3)))
  const value = size / 1000 ** power
  return `${value >= 10 || power === 0 ? Math.floor(value) : value.toFixed(1)} ${units[power]}`
}

function ago(date: Date): string {
  const seconds = Math.floor((Date.now() - date.getTime()) / 1000)
  const say = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'} ago`
  if (seconds < 1) return 'Less than a second ago'
  if (seconds < 60) return say(seconds, 'second')
  if (seconds < 3600) return say(Math.floor(seconds / 60), 'minute')
  return seconds < 172_800 ? say(Math.floor(seconds / 3600), 'hour') : say(Math.floor(seconds / 86_400), 'day')
}
