// What the stack itself says: which login it wants, and whether it takes this one.

import http from 'node:http'
import https from 'node:https'
import { StackError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import { agentFor, type Forwarding } from './proxy.ts'
import { isKind, type Kind } from './schemes.ts'
import { unreachable } from './words.ts'

type Place = Pick<Forwarding, 'target' | 'identity' | 'ca'>

/** Sends no password and no key. `words`: why it lets nobody in so far. */
export async function wantedLogin(place: Place): Promise<{ kind: Kind; words: string }> {
  const answer = await get(place, '/api/tags', {})
  if (answer.status === 200) return { kind: place.identity.cert || place.identity.pfx ? 'certificate' : 'none', words: '' }
  if (answer.status !== 401) throw refusedBy(place, answer)
  // Several schemes may be offered in one header (RFC 9110, 11.6.1); the first one that is known will do.
  const kind = [...answer.challenge.matchAll(/(?:^|,\s*)([a-z]+)(?=\s|,|$)/gi)].map(([, word = '']) => word.toLowerCase()).find(isKind)
  if (kind !== undefined) return { kind, words: wordsOf(answer.body) }
  throw new StackError('E_LOGIN_KIND', `${hostOf(place)} wants a login of a kind that isn't known here: ${answer.challenge === '' ? 'it names none' : quoted(answer.challenge)}.`, {
    hint: 'Is it a stack of create-ollama-stack? Those want Basic, Bearer or a client certificate.',
  })
}

/** Resolves when the login is let in. `whose`: for the message, such as `the password of ann`. Throws E_LOGIN with the server's words. */
export async function tryLogin(place: Place, headers: Record<string, string>, whose: string): Promise<void> {
  for (const path of ['/api/version', '/api/tags']) {
    const answer = await get(place, path, headers)
    if (answer.status === 200) continue
    if (answer.status !== 401) throw refusedBy(place, answer)
    throw loginRefused(place, whose, wordsOf(answer.body))
  }
}

export function loginRefused(place: Pick<Place, 'target'>, whose: string, words: string): StackError {
  return new StackError('E_LOGIN', `${hostOf(place)} refuses ${whose}: ${words === '' ? 'it gives no reason.' : words}`, {
    hint: `Is it spelt right, and still valid? The owner makes a new one with: ollama-stack user rotate NAME\nIf it is the one that was kept: ollama-stack connect ${place.target.url} --forget`,
  })
}

function refusedBy(place: Place, { status, body }: Answer): StackError {
  const words = wordsOf(body)
  const hint = status === 421 ? 'Use a name that the stack was made with (--host), or its address.'
    : status === 403 ? "The owner's --allow says which addresses may connect."
    : status === 429 ? 'Wait a moment, then try again.'
    : status >= 500 ? "On the stack's machine: ollama-stack status"
    : 'Is it a stack of create-ollama-stack, and the right port?'
  // A refusal of the login would have come first.
  return new StackError(status >= 500 ? 'E_SERVER_DOWN' : 'E_SERVER', `${hostOf(place)} answers ${status}${words === '' ? '.' : `: ${words}`}`, { hint })
}

const hostOf = ({ target }: Pick<Place, 'target'>): string => new URL(target.url).host

function wordsOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return typeof error === 'string' ? quoted(error, 300).slice(1, -1) : ''
  } catch {
    return ''
  }
}

interface Answer {
  status: number
  challenge: string
  body: string
}

/** One short request, on a connection of its own. */
function get(place: Place, path: string, headers: Record<string, string>): Promise<Answer> {
  const { target: { host, port, tls, url }, ca } = place
  const agent = agentFor(place)
  return new Promise<Answer>((resolve, reject) => {
    const request = (tls ? https : http).request({ host, port, path, agent, headers: { host: new URL(url).host, accept: 'application/json', ...headers } })
    request.setTimeout(15_000, () => request.destroy(Object.assign(new Error('no answer within 15 s'), { code: 'ETIMEDOUT' })))
    request.on('error', reject)
    request.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
        if (body.length > 1 << 20) response.destroy()
      })
      response.on('error', reject)
      response.on('close', () => resolve({ status: response.statusCode ?? 0, challenge: response.headers['www-authenticate'] ?? '', body }))
    })
    request.end()
  }).catch((error: unknown) => { throw unreachable(place.target, error, ca !== null) })
    .finally(() => agent.destroy())
}
