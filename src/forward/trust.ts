// Which certificate is trusted. What the user gives (a CA's file, a fingerprint) or once agreed to
// is pinned for that host and port; else what this machine trusts anyway.

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import tls from 'node:tls'
import { StackError, UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import { topOf } from '../certs/top-cert.ts'
import type { Target } from './target.ts'
import { unreachable, UNTRUSTED } from './words.ts'

/** A client certificate: PEM, or PKCS#12. */
export type Identity = Pick<tls.SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>

export interface Wish {
  /** PEM. */
  ca?: string | undefined
  /** As `fingerprint` returns it. */
  fingerprint?: string | undefined
  /** PEM of what was trusted before. */
  pinned?: string | undefined
}

/** PEM of what to trust, null for what this machine trusts. `fresh`: decided now, worth keeping. */
export interface Trust {
  ca: string | null
  fresh: boolean
}

/** Asked about a certificate that nobody vouches for. Without a terminal there is nobody to ask. */
export type Agree = ((seen: { where: string; issuer: string; fingerprint: string }) => Promise<boolean>) | null

/** Sends nothing but a handshake. Throws E_UNTRUSTED, E_FINGERPRINT, E_CERT_CHANGED and what unreachable() says. */
export async function settle(target: Target, wish: Wish, identity: Identity, agree: Agree): Promise<Trust> {
  if (!target.tls) return { ca: null, fresh: false }
  if (wish.fingerprint === undefined) {
    const given = wish.ca ?? wish.pinned
    const { chain, problem } = await handshake(target, { ...identity, ...trusting(given ?? null) })
    if (problem === null) return { ca: given ?? null, fresh: false }
    if (!isUntrusted(problem) || given !== undefined) throw given === undefined ? unreachable(target, problem, false) : changed(target, problem, chain, given)
    return { ca: await ask(target, chain, agree), fresh: true }
  }
  const { chain } = await handshake(target, identity)
  const top = topOf(chain)
  if (top === undefined || top.fingerprint256 !== wish.fingerprint) {
    throw new StackError('E_FINGERPRINT', `${where(target)} shows a certificate with another fingerprint: ${top?.fingerprint256 ?? 'none'}.`, { hint: 'Nothing secret was sent. Ask the owner which one is right: ollama-stack status shows it.' })
  }
  return { ca: await checked(target, top), fresh: true }
}

async function ask(target: Target, chain: readonly X509Certificate[], agree: Agree): Promise<string> {
  const top = topOf(chain)
  if (top === undefined) throw new StackError('E_UNTRUSTED', `${where(target)} shows no certificate.`)
  const { fingerprint256: fingerprint } = top
  const pem = await checked(target, top)
  const seen = { where: where(target), issuer: quoted(/^CN=(.*)$/m.exec(top.subject)?.[1] ?? 'no name'), fingerprint }
  if (agree !== null) {
    if (await agree(seen)) return pem
    throw new StackError('E_UNTRUSTED', 'The certificate is not trusted. Nothing secret was sent, nothing was kept.', { hint: `With the owner's file: ollama-stack connect ${target.url} --ca ca.crt` })
  }
  throw new StackError('E_UNTRUSTED', `The certificate of ${seen.where} is from ${seen.issuer}, which this machine doesn't know. SHA-256 fingerprint:\n${fingerprint}`, {
    hint: `The owner's ollama-stack status shows the same number, if nobody is in between. Then: ollama-stack connect ${target.url} --fingerprint ${fingerprint}\nOr with the file certs/ca.crt of the project: ollama-stack connect ${target.url} --ca ca.crt`,
  })
}

/** Names and dates must be right too: agreeing to a CA is no way around them. */
async function checked(target: Target, top: X509Certificate): Promise<string> {
  const pem = top.toString()
  const { problem } = await handshake(target, trusting(pem))
  if (problem !== null) throw unreachable(target, problem, true)
  return pem
}

function changed(target: Target, problem: Error, chain: readonly X509Certificate[], given: string): StackError {
  const error = unreachable(target, problem, true)
  const now = topOf(chain)?.fingerprint256
  if (!isUntrusted(problem) || now === undefined) return error
  return new StackError(error.code, `${error.message}\nTrusted: ${new X509Certificate(given).fingerprint256}\nShown:   ${now}`, {
    hint: `Nothing secret was sent. Ask the owner, whose ollama-stack status shows the number; only if it is the new one: ollama-stack connect ${target.url} --fingerprint ${now}`,
    cause: problem,
  })
}

/** TLS options. An intermediate CA, or the server's own certificate, is trusted as it is. */
export function trusting(ca: string | null): { ca?: string; allowPartialTrustChain?: true } {
  return ca === null ? {} : { ca, allowPartialTrustChain: true }
}

const where = ({ url }: Target): string => new URL(url).host
const isUntrusted = (error: Error): boolean => 'code' in error && UNTRUSTED.has(String(error.code))

/** SHA-256 as OpenSSL writes it; read in any spelling (`SHA256:ab12...`, without colons). Throws E_VALUE. */
export function fingerprint(text: string): string {
  const hex = text.replace(/^sha-?256(?: fingerprint)?[:=]\s*/i, '').replaceAll(':', '').toUpperCase()
  if (/^[0-9A-F]{64}$/.test(hex)) return (hex.match(/../g) ?? []).join(':')
  throw new UsageError('E_VALUE', `--fingerprint can't be ${quoted(text, 120)}: a SHA-256 fingerprint has 64 hexadecimal digits.`, "The owner sees it in: ollama-stack status")
}

interface Handshake {
  /** The server's certificate first, then those that it sent along. */
  chain: X509Certificate[]
  /** What is wrong with it; null: nothing. */
  problem: Error | null
}

function handshake(target: Target, options: tls.ConnectionOptions): Promise<Handshake> {
  const { host, port } = target
  return new Promise((resolve, reject) => {
    // What is wrong is looked at below; nothing is sent on this connection.
    const socket = tls.connect({ ...options, host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ALPNProtocols: ['http/1.1'], rejectUnauthorized: false })
    socket.setTimeout(10_000, () => socket.destroy(Object.assign(new Error('no TLS handshake within 10 s'), { code: 'ETIMEDOUT' })))
    socket.on('error', (error) => reject(unreachable(target, error, false)))
    socket.on('secureConnect', () => {
      const chain = chainOf(socket)
      // A code, whatever the types say: https would fail with an error that has it.
      const code = socket.authorized ? null : String(socket.authorizationError)
      socket.destroy()
      resolve({ chain, problem: code === null ? null : Object.assign(new Error(code), { code, cert: { subjectaltname: chain[0]?.subjectAltName ?? '' } }) })
    })
  })
}

function chainOf(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let cert: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true); cert?.raw && chain.length < 10; cert = cert.issuerCertificate) {
    const one = new X509Certificate(cert.raw)
    if (chain.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256)) break
    chain.push(one)
  }
  return chain
}
