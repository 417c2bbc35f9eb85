// A clock that is wrong is named as that, where it can be known.

import { expect, test } from 'vitest'
import { explainAcme } from '../../src/running/acme-failure.ts'
import { makeCa, makeClientCert, refuseClock } from '../../src/certs/certs.ts'
import { clockProblem, outOfTime } from '../../src/net/clock.ts'
import { StackError } from '../../src/errors.ts'
import { loadProject } from '../../src/project/project.ts'

const MINUTE = 60_000
const now = new Date('2026-11-21T14:05:06Z')

test("the engine's clock is another one from five minutes on, either way", () => {
  for (const ahead of [null, 0, 4 * MINUTE, -4 * MINUTE]) expect(clockProblem({ ahead }, now)).toBeNull()
  expect(clockProblem({ ahead: 6 * MINUTE }, now)?.message).toMatch(/^This machine's clock says 2026-11-21 14:05 UTC, the Docker Engine's 2026-11-21 14:11 UTC\./)
  expect(clockProblem({ ahead: -400 * 24 * 60 * MINUTE }, now)).toMatchObject({ code: 'E_CLOCK', message: expect.stringContaining("Engine's 2025-10-17 14:05 UTC") as string, hint: expect.stringContaining('timedatectl') as string })
})

test('a CA signs nothing before its own time, or after it', async () => {
  const ca = await makeCa({ name: 'lab', now })
  for (const [year, says] of [['2019', /is valid from 2026-11-21 13:05 UTC on, and this machine's clock says 2019-/], ['2040', /ended on 2036-11-18 13:05 UTC, and this machine's clock says 2040-/]] as const) {
    const then = new Date(`${year}-01-01T00:00:00Z`)
    expect(() => refuseClock(ca, then)).toThrow(says)
    await expect((async () => makeClientCert({ ca, person: 'ann', now: then }))()).rejects.toMatchObject({ code: 'E_CLOCK', message: expect.stringMatching(says) as string })
  }
})

test("Node's words for a certificate out of its time come with the time; others are no matter of clocks", () => {
  const error = (code: string): Error => Object.assign(new Error('x'), { code })
  expect(outOfTime(error('CERT_HAS_EXPIRED'), now)).toContain("has expired by this machine's clock, which says 2026-11-21 14:05 UTC")
  expect(outOfTime(error('CERT_NOT_YET_VALID'), now)).toContain("isn't valid yet by this machine's clock")
  expect(outOfTime(error('ECONNREFUSED'), now)).toBeNull()
})

test("ACME: the CA's certificate doesn't hold by the engine's clock", () => {
  const line = JSON.stringify({ level: 'error', ts: 1, logger: 'tls.obtain', msg: 'could not get certificate', error: '[ollama.example.com] Obtain: registering account [] with server: provisioning client: performing request: Get "https://ca.example/directory": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:12Z is before 2024-02-02T00:00:00Z (ca=https://ca.example/directory)' })
  const project = { dir: '/nowhere', tls: 'acme', hosts: ['ollama.example.com'], port: 443, file: { services: { proxy: {} } } } as unknown as ReturnType<typeof loadProject>
  const error = explainAcme(new StackError('E_UNHEALTHY', `The service proxy (container x-proxy-1) runs, but its health check fails.\nIts last log lines:\n  ${line}`), project)
  expect(error).toMatchObject({ code: 'E_ACME', message: expect.stringContaining("the engine's clock, which says 2019-01-01T00:00:12Z") as string, hint: expect.stringContaining('timedatectl set-ntp true') as string })
})
