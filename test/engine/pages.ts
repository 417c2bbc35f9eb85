// Web pages of somebody else's, which call the stack from a browser.

import { writeFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'

export interface Pages {
  /** The certificate of their CA. */
  ca: string
  /** Two, so that one host has two origins. */
  ports: [number, number]
  close(): void
}

/** Pages of somebody's at https://localhost and https://app.localhost. */
export async function servePages(dir: string): Promise<Pages> {
  const now = new Date()
  const authority = await makeCa({ name: 'pages', now })
  const ca = join(dir, 'pages.crt')
  writeFileSync(ca, authority.cert)
  const pair = await makeServerCert({ ca: authority, hosts: ['localhost', 'app.localhost'], now })
  const servers = [0, 0].map(() => https.createServer(pair, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
    // Chromium then takes the page for one from the internet.
    if (pathname === '/public') response.setHeader('content-security-policy', 'treat-as-public-address')
    if (pathname === '/form-without-referrer') response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><title>page</title>${pathname.startsWith('/form') ? form(searchParams.get('to') ?? '') : ''}`)
  }))
  const [one, two] = await Promise.all(servers.map((server) => new Promise<number>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })))
  return { ca, ports: [one ?? 0, two ?? 0], close: () => servers.forEach((server) => server.close()) }
}

/** Its body is JSON, once the `=` between name and value lies within a string. */
const form = (to: string): string =>
  `<form method="post" enctype="text/plain" action="${to}"><input name='{"model":"gemma3:1b","x":"' value='"}'><button>Go</button></form>`
