// Files of a certificate that somebody damaged: named before anything is started.

import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeCa, makeServerCert, type KeyPair } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { StackError } from '../../src/errors.ts'
import { checkServerCert, renewServerCert } from '../../src/running/server-cert.ts'

const stack = { needsTls: false }
let dir: string
let ca: KeyPair
let server: KeyPair
let other: KeyPair
const put = (name: string, text: string): void => writeFileSync(join(dir, 'certs/server', name), text)

beforeAll(async () => {
  const now = new Date()
  ca = await makeCa({ name: 'test', now })
  server = await makeServerCert({ ca, hosts: ['localhost'], now })
  other = await makeServerCert({ ca, hosts: ['localhost'], now })
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'server-cert-'))
  mkdirSync(join(dir, 'certs/server'), { recursive: true })
  put('ca.crt', ca.cert)
  put('server.crt', server.cert)
  put('server.key', server.key)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('whole files, and none at all without TLS', () => {
  expect(() => checkServerCert({ dir, tls: 'private', stack })).not.toThrow()
  expect(() => checkServerCert({ dir: '/nowhere', tls: 'off', stack })).not.toThrow()
})

test.each<[string, () => void, string]>([
  ['an empty CA', () => put('ca.crt', ''), 'certs/server/ca.crt is not a whole certificate'],
  ['a key where the CA should be', () => put('ca.crt', ca.key), 'certs/server/ca.crt is not a whole certificate'],
  ['half a certificate', () => put('server.crt', server.cert.slice(0, 200)), 'certs/server/server.crt is not a whole certificate'],
  ['half a key', () => put('server.key', server.key.slice(0, 60)), 'certs/server/server.key is not a whole private key'],
  ['the key of another', () => put('server.key', other.key), 'certs/server/server.key is the key of another certificate'],
  ['no key', () => rmSync(join(dir, 'certs/server/server.key')), 'certs/server/server.key is missing'],
])('%s', (_, damage, message) => {
  damage()
  const error = (() => { try { checkServerCert({ dir, tls: 'private', stack }) } catch (caught) { return caught } })() as StackError
  expect(error).toBeInstanceOf(StackError)
  expect({ code: error.code, message: error.message }).toEqual({ code: 'E_CERT_DAMAGED', message: expect.stringContaining(message) })
  expect(error.hint).toContain('backup')
})

describe('renewal', () => {
  const DAY = 24 * 60 * 60_000
  const project = () => ({ dir, tls: 'private' as const, stack, hosts: ['localhost', '127.0.0.1'] })
  const cert = (): string => readFileSync(join(dir, 'certs/server/server.crt'), 'utf8')
  const left = (): number => (readCert(cert()).notAfter.getTime() - Date.now()) / DAY
  const end = (): Date => readCert(server.cert).notAfter
  beforeEach(() => {
    writeFileSync(join(dir, 'certs/ca.crt'), ca.cert)
    writeFileSync(join(dir, 'certs/ca.key'), ca.key)
  })

  test('not before the last 30 days', async () => {
    expect(await renewServerCert(project(), new Date(end().getTime() - 31 * DAY))).toEqual({ renewed: false, warning: null })
    expect(cert()).toBe(server.cert)
  })
  test.each([29, 1, -5])('with %i days left: a new pair of the same CA, for the same names', async (days) => {
    const now = new Date(end().getTime() - days * DAY)
    expect(await renewServerCert(project(), now)).toEqual({ renewed: true, warning: null })
    expect(() => checkServerCert(project())).not.toThrow()
    expect(left()).toBeGreaterThan((end().getTime() - Date.now()) / DAY)
    expect(readCert(cert()).sans).toEqual(['localhost', '127.0.0.1'])
    expect(new X509Certificate(cert()).verify(new X509Certificate(ca.cert).publicKey)).toBe(true)
  })
  test('without the CA\'s key nothing changes, and it is told', async () => {
    rmSync(join(dir, 'certs/ca.key'))
    expect(await renewServerCert(project(), new Date(end().getTime() - DAY))).toEqual({ renewed: false, warning: expect.stringMatching(/ends on \d{4}-\d\d-\d\d\. .*put certs\/ca\.key back/) })
    expect(cert()).toBe(server.cert)
  })
})
