// An Ollama asked directly, as whoever reaches its port may: it has no login.

import { ask } from '../net/http.ts'

/** Its own default (envconfig), where tools look for it. */
export const OLLAMA_PORT = 11434

/** How long somebody else's server may take for an answer. */
const PATIENCE_MS = 3000
/** The same for addresses of this machine, of which most are silent. */
const NEAR_MS = 1000

/** By what it says and nothing else: on some networks a gateway answers for every address. */
export async function isOllama(host: string, signal?: AbortSignal): Promise<boolean> {
  return (await versionAt(host, OLLAMA_PORT, signal, NEAR_MS)) !== null
}

/** Of the Ollama that answers there; null for silence and for anything else. */
export async function versionAt(host: string, port: number, signal?: AbortSignal, patience = PATIENCE_MS): Promise<string | null> {
  const { version } = await saidAt({ host, port }, '/api/version', signal, patience) ?? {}
  return typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? version : null
}

/** The object that it answers to a GET; null for silence and for anything else. */
export async function saidAt(connect: { host: string; port: number }, path: string, signal?: AbortSignal, patience = PATIENCE_MS): Promise<Record<string, unknown> | null> {
  try {
    // Ollama lets everybody ask who names it localhost.
    const { status, body } = await ask({ url: `http://localhost:${connect.port}`, connect, ca: null }, { path, idle: patience, signal: AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(patience)]) })
    const answer: unknown = status === 200 ? JSON.parse(body) : null
    return typeof answer === 'object' && answer !== null ? { ...answer } : null
  } catch {
    signal?.throwIfAborted()
    return null
  }
}
