// From a URL to everything that forwarding needs: whom to trust, which login, and proof that both work.

import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { Context } from '../cli/command.ts'
import { StackError, throwAll, UsageError } from '../errors.ts'
import { pasted, readSecret, refuseTerminal } from '../questions/read-secret.ts'
import { loginRefused, tryLogin, wantedLogin } from './greet.ts'
import { caIn, certificateOf, identityOf, isEncrypted, noSecret, SECRET } from './login.ts'
import { isKind, SCHEMES, type Kind, type Scheme } from './schemes.ts'
import type { Kept } from './store.ts'
import type { Target } from './target.ts'
import { fingerprint, settle, type Agree, type Identity, type Trust } from './trust.ts'

export interface Wishes {
  user?: string
  secretStdin: boolean
  ca?: string
  fingerprint?: string
  cert?: string
  key?: string
  p12?: string
}

export interface Session {
  kind: Kind
  /** For people: `the password of ann`. */
  whose: string
  user: string | null
  headers: Record<string, string>
  identity: Identity
  trust: Trust
  /** All that the next start needs. */
  kept: Kept
  /** The stack couldn't be asked now; what was kept goes on. */
  offline: StackError | null
}

/** Not the stack's own word on the login or the certificate: it may be back in a minute. */
const AWAY = new Set(['E_TIMEOUT', 'E_REFUSED', 'E_NO_NAME', 'E_CLOSED', 'E_NO_ANSWER', 'E_SERVER_DOWN'])

const isAway = (error: unknown): error is StackError => error instanceof StackError && AWAY.has(error.code)

/** Throws what settle(), wantedLogin() and tryLogin() say, E_SECRET, E_CLIENT_CERT. */
export async function prepare(target: Target, wishes: Wishes, kept: Kept, context: Context): Promise<Session> {
  const line = `ollama-stack connect ${target.url}`
  const given = await givenSecret(wishes, context)
  const certificate = certificateOf(wishes, kept, context.cwd)
  const opens = isEncrypted(certificate) ? given ?? kept.secret ?? await asked('the password of the client certificate', line, context) : undefined
  const identity = identityOf(certificate, opens)
  const ca = wishes.ca === undefined ? undefined : caIn(resolve(context.cwd, wishes.ca))
  const wish = { ca, pinned: kept.ca, fingerprint: wishes.fingerprint === undefined ? undefined : fingerprint(wishes.fingerprint) }
  let trust: Trust = { ca: ca ?? kept.ca ?? null, fresh: false }
  let kind: Kind
  let words = ''
  let offline: StackError | null = null
  try {
    trust = await settle(target, wish, identity, agreeing(context))
    ;({ kind, words } = await wantedLogin({ target, identity, ca: trust.ca }))
  } catch (error) {
    if (!isAway(error) || kept.login === undefined || !isKind(kept.login) || wish.fingerprint !== undefined) throw error
    offline = error
    kind = kept.login
  }
  if (kind === 'certificate' && words !== '') {
    if (Object.keys(certificate).length > 0) throw loginRefused({ target }, 'the client certificate', words)
    throw new UsageError('E_CLIENT_CERT', 'The stack wants a client certificate.', `Give the files that its owner gave you: ${line} --p12 NAME.p12\nOr: ${line} --cert NAME.crt --key NAME.key`)
  }
  const scheme: Scheme = SCHEMES[kind]
  const user = scheme.named ? wishes.user ?? kept.user ?? await askedName(line, context) : ''
  const whose = scheme.what(user || nameIn(certificate.cert))
  const stored = kept.login === kind && (kept.user ?? '') === user ? kept.secret : undefined
  const ask = (): Promise<string> => asked(whose, user === '' ? line : `${line} --user ${user}`, context)
  let secret = scheme.secret ? given ?? stored ?? await ask() : opens
  let headers = scheme.headers(user, secret ?? '')
  for (let left = context.interactive && scheme.secret && given === undefined ? 2 : 0; kind !== 'none' && offline === null; left--) {
    const refused = await tryLogin({ target, identity, ca: trust.ca }, headers, whose).then(() => null, (error: unknown) => error)
    if (refused === null) break
    if (isAway(refused)) offline = refused
    else if (left > 0 && refused instanceof StackError && refused.code === 'E_LOGIN') {
      context.ui.warn(refused.message)
      secret = await ask()
      headers = scheme.headers(user, secret)
    } else throw refused
  }
  const next: Kept = { ...(trust.ca === null ? {} : { ca: trust.ca }), login: kind, ...(user === '' ? {} : { user }), ...(secret === undefined ? {} : { secret }), ...certificate }
  return { kind, whose, user: user === '' ? null : user, headers, identity, trust, kept: next, offline }
}

async function givenSecret({ secretStdin }: Wishes, { stdin, env, signal }: Context): Promise<string | undefined> {
  if (!secretStdin) return env[SECRET] || undefined
  throwAll(refuseTerminal(stdin, 'secret'))
  return readSecret({ stdin, signal }, 'secret')
}

async function asked(what: string, line: string, context: Context): Promise<string> {
  if (!context.interactive) throw noSecret(what, line)
  return context.ui.hidden(`${what[0]?.toUpperCase()}${what.slice(1)}?`, pasted)
}

async function askedName(line: string, context: Context): Promise<string> {
  if (!context.interactive) throw new UsageError('E_USER_NAME', 'The stack wants a name and a password, and no name was given.', `Add it: ${line} --user NAME`)
  const name = await context.ui.text({ message: 'Your name at the stack?', hint: 'the name that its owner gave you', initial: '', problem: (typed) => (typed.trim() === '' ? 'Without it the stack lets nobody in.' : undefined) })
  return name.trim()
}

function agreeing({ interactive, ui }: Context): Agree {
  if (!interactive) return null
  return ({ where, issuer, fingerprint: shown }) => {
    ui.note('Nobody vouches for this certificate', `${where} shows a certificate from ${issuer}. Its SHA-256 fingerprint:\n\n${shown.slice(0, 48)}\n${shown.slice(48)}\n\nThe owner sees the same number in: ollama-stack status`)
    return ui.confirm('Is it the same number?', { initial: false })
  }
}

/** The common name of a client certificate, or nothing. */
function nameIn(cert: string | undefined): string {
  return cert === undefined ? '' : /^CN=(.*)$/m.exec(new X509Certificate(cert).subject)?.[1] ?? ''
}
