// The TLS attacks against a server that takes everything, and one that takes nothing old.

import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { weakOffers } from '../../src/attacks/tls.ts'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'

let server: tls.Server | undefined
afterEach(() => server?.close())

async function listening(options: tls.TlsOptions): Promise<{ connect: { host: string; port: number } }> {
  const now = new Date()
  const pair = await makeServerCert({ ca: await makeCa({ name: 'x', now }), hosts: ['localhost'], now })
  server = tls.createServer({ ...pair, ...options }, (socket) => socket.end())
  server.on('tlsClientError', () => undefined)
  const listener = server
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return { connect: { host: '127.0.0.1', port: (listener.address() as AddressInfo).port } }
}

test('each weakness is named', async () => {
  const { accepted, cannot } = await weakOffers(await listening({ minVersion: 'TLSv1', ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' }))
  expect(accepted).toEqual(expect.arrayContaining(['TLS 1.0', 'TLS 1.1', 'CBC ciphers']))
  expect(cannot).toEqual([])
})

test('nothing of it where only what is good is offered', async () => {
  expect(await weakOffers(await listening({ minVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }))).toEqual({ accepted: [], cannot: [] })
})
