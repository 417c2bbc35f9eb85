// Who may use the local door. Every program on this machine may, and that is what it is for; but a
// web page in a browser is no program of the user's, and the stack behind sees a valid login.

import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { originPattern } from '../../stacks/origins.ts'

/**
 * A page of any site can point a name of its own here (DNS rebinding). These names it can't have,
 * and an address can't be pointed elsewhere. The port isn't compared: `ssh -L` and containers map it.
 */
const NAMES = /^(?:(?:[a-z0-9-]+\.)*localhost|host\.docker\.internal|host\.containers\.internal)$/

/** What a bare Ollama lets in (envconfig, AllowedOrigins): pages of this machine, and apps' own schemes. */
const LOCAL_ORIGIN = /^(?:https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d{1,5})?|(?:app|file|tauri|vscode-webview|vscode-file):\/\/[!-~]*)$/

export interface Refused {
  status: 400 | 403 | 421 | 501
  why: string
}

export interface Admitted {
  /** What a browser is to be told that may read the answer; null: no page asks. */
  origin: string | null
}

/** `more`: further origins, exact or `SCHEME://*`. */
export function gate(more: readonly string[]): (request: Pick<IncomingMessage, 'url' | 'method' | 'headersDistinct'>) => Refused | Admitted {
  const extra = more.length === 0 ? null : new RegExp(originPattern(more))
  return ({ url = '', method, headersDistinct: headers }) => {
    const one = (name: string): string | undefined => headers[name]?.join(', ')
    // With a whole URL the Host header would count for nothing (RFC 9112, 3.2.2).
    if (!url.startsWith('/')) return { status: 400, why: 'This is no proxy: ask for a path, such as /api/tags.' }
    if (!isOwnHost(one('host') ?? '')) return { status: 421, why: 'ollama-stack connect answers to localhost and to addresses, not to other names: any web page could have those.' }
    const coding = one('transfer-encoding')
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') return { status: 501, why: 'This transfer encoding is not supported.' }
    const origin = one('origin')
    if (origin !== undefined) {
      if (LOCAL_ORIGIN.test(origin) || extra?.test(origin)) return { origin }
      return { status: 403, why: 'Web pages of this origin may not use ollama-stack connect. Its --origin lets one in.' }
    }
    // Images, scripts and forms of a foreign page come without Origin. A link that somebody follows is no harm.
    if (one('sec-fetch-site') === 'cross-site' && !(one('sec-fetch-mode') === 'navigate' && method === 'GET')) {
      return { status: 403, why: 'Web pages of other sites may not use ollama-stack connect.' }
    }
    return { origin: null }
  }
}

function isOwnHost(text: string): boolean {
  const [, v6, name = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(text.toLowerCase()) ?? []
  return v6 === undefined ? isIP(name) === 4 || NAMES.test(name) : isIP(v6) === 6
}
