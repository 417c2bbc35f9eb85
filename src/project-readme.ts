// The project's own README: how to live with this very stack. Names no person and no secret.

import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { FileMap, Stack, StackConfig } from '../stacks/stack.ts'
import { stacksDir } from './paths.ts'

const CERTS = '| `certs/` | `ca.crt` (clients need it), the server\'s certificate, people\'s certificates. `ca.key` signs new ones: keep it safe |\n'

export function projectReadme(stack: Stack, config: StackConfig): FileMap {
  const tls = config.tls !== 'off'
  const host = config.hosts[0] ?? config.bind
  const url = `${tls ? 'https' : 'http'}://${isIP(host) === 6 ? `[${host}]` : host}:${config.port}`
  const text = fill(readFileSync(join(stacksDir, 'common', 'README.md'), 'utf8'), {
    name: config.name,
    title: stack.title,
    url,
    login: stack.howTo.login,
    curl: `curl ${tls ? '--cacert certs/ca.crt ' : ''}${stack.howTo.curl} ${url}/api/tags`,
    credentials: stack.howTo.credentials.replace(/\.$/, ''),
    noun: stack.noun,
    clients: clients(tls),
    certs: tls ? CERTS : '',
    clear: tls ? '' : 'The connection is plain HTTP: whoever can listen on its way reads the credential. Keep it on this machine or inside a VPN.',
  })
  return new Map([['README.md', { content: `${text.trimEnd()}\n`, mode: 0o644 }]])
}

function clients(tls: boolean): string {
  if (!tls) return 'The login goes where they ask for an API key, a token or extra headers.'
  return 'They must trust `certs/ca.crt`: `SSL_CERT_FILE` for most programs, `NODE_EXTRA_CA_CERTS` for Node, `REQUESTS_CA_BUNDLE` for\n' +
    'Python; a phone or browser imports it as a certificate authority. `up` renews the server\'s certificate in time.'
}

/** Replaces {{tokens}}. A token without a value, or a value without a token, is our own mistake. */
function fill(text: string, values: Record<string, string>): string {
  const used = new Set<string>()
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, token: string) => {
    used.add(token)
    const value = values[token]
    if (value === undefined) throw new Error(`README.md: nothing for {{${token}}}`)
    return value
  })
  const unused = Object.keys(values).filter((token) => !used.has(token))
  if (unused.length > 0) throw new Error(`README.md: no {{${unused.join('}}, {{')}}}`)
  return filled
}
