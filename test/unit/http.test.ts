// Requests of the program's own, with the short-lived logins of its checks.

import { afterEach, expect, test, vi } from 'vitest'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'
import { ask } from '../../src/net/http.ts'
import { closeAll, fake } from './connect-rig.ts'

afterEach(() => {
  closeAll()
  vi.unstubAllEnvs()
})

test('the certificate counts, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
  const now = new Date()
  const [ours, theirs] = [await makeCa({ name: 'ours', now }), await makeCa({ name: 'theirs', now })]
  let asked = 0
  const { url } = await fake((_request, response) => { asked++; response.end() }, await makeServerCert({ ca: theirs, hosts: ['127.0.0.1'], now }))
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  await expect(ask({ url, connect: { host: '127.0.0.1', port: Number(new URL(url).port) }, ca: ours.cert }, { path: '/', login: { headers: { authorization: 'Bearer x' } } })).rejects.toThrow()
  expect(asked).toBe(0)
})
