// What a client can see of an answer, and what is wrong with it.

import type { Case } from './case.ts'
import type { RawReply } from './raw.ts'

/** A request that can't be read as one thing leaves a connection on which nobody knows what comes next. */
const UNREADABLE = new Set([400, 408, 414, 431, 501, 505])
/** What HTTP libraries say by themselves: those, to `OPTIONS *`, and to an expectation. */
const BY_LIBRARY = new Set([...UNREADABLE, 200, 417])

/** A sentence for each thing that is not as it must be. `challenge`: the stack's own. */
export function judge(one: Case, reply: RawReply, challenge: RegExp): string[] {
  const { status, statuses, headers, body, closed } = reply
  const wrong: string[] = []
  const header = (name: string): string | undefined => headers.get(name)?.join(' | ')

  if (!one.expect.includes(status)) wrong.push(`answered ${status || 'nothing'}, expected ${one.expect.map((code) => code || 'nothing').join(' or ')}`)
  const answers = one.answers ?? [status === 0 ? [] : [status]]
  if (!answers.some((row) => row.join() === statuses.join())) wrong.push(`${statuses.length} answers, ${statuses.join(', ')}, expected ${answers.map((row) => row.join(', ')).join(' or ')}`)
  // A 400 of Ollama's own is about what it read, and its connection goes on.
  if (one.loose && one.upstream === 'never' && UNREADABLE.has(statuses.at(-1) ?? 0) && !closed) wrong.push(`the connection stays open after ${statuses.at(-1)}`)
  if (status === 401 && !(one.challenge ?? challenge).test(header('www-authenticate') ?? '')) wrong.push(`401 with WWW-Authenticate: ${header('www-authenticate') ?? 'none'}`)

  // From here on, what a configuration can say.
  if (status === 0 || (one.library && BY_LIBRARY.has(status))) return wrong
  const refused = status >= 400 && one.upstream === 'never'
  if (refused && one.method !== 'HEAD' && !isJsonError(body)) wrong.push(`${status} without a JSON error: ${body.slice(0, 80)}`)
  if (header('vary') !== 'Origin') wrong.push(`Vary: ${header('vary') ?? 'none'}`)
  const origin = header('access-control-allow-origin')
  const permissions = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
  if (one.allowed === undefined && permissions.length > 0) wrong.push(`answered with ${permissions.join(', ')}`)
  if (one.allowed !== undefined && origin !== one.allowed) wrong.push(`Access-Control-Allow-Origin: ${origin ?? 'none'}`)
  return wrong
}

export function isJsonError(body: string): boolean {
  try {
    return (JSON.parse(body) as { error?: unknown }).error !== undefined
  } catch {
    return false
  }
}
