// The quick reader of certificates says what the patient one says, or nothing.

import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { makeCa, makeClientCert, strangerCert } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { skim } from '../../stacks/mtls/skim.ts'

const now = new Date()
const der = (cert: string): Buffer => new X509Certificate(cert).raw

test.each([['ann', now], ['a.b_c@d-e', now], ['Zoë 李', now], ['a+b=c, CN=x', now], ['x'.repeat(64), new Date('2049-06-01T00:00:00Z')], ['late', new Date('2051-06-01T00:00:00Z')]])('%s', async (person, at) => {
  const { cert } = await makeClientCert({ ca: await makeCa({ name: 'lab', now: at }), person, now: at })
  const { cn, notBefore, notAfter } = readCert(cert)
  expect(skim(der(cert))).toEqual({ cn, notBefore, notAfter })
})

test('cut short anywhere, or with a byte changed: no exception', async () => {
  const { cert } = await strangerCert({ person: 'ann', now })
  const whole = der(cert)
  for (let at = 0; at < whole.length; at++) {
    expect(() => skim(whole.subarray(0, at))).not.toThrow()
    for (const value of [0, 0x30, 0x83, 0xff]) {
      const changed = Buffer.from(whole)
      changed[at] = value
      expect(() => skim(changed)).not.toThrow()
    }
  }
})
