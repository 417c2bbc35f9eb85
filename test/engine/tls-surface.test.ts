// What outsiders' scanners find at the TLS port: testssl.sh and sslscan, as Debian has them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { create, freePort, ollamaStack, run, workspace, type CreateDocument } from './project.ts'

/** Mozilla's intermediate set (guideline 6.0) for a P-256 certificate, and the three of TLS 1.3. */
const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305',
  'TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256',
]
/** The order is the client's to choose, says Mozilla; a private CA has no list of what it revoked. */
const BY_CHOICE = ['cipher_order', 'cert_revocation']

const place = workspace()
afterAll(() => place.remove())

// The two nginx stacks share their TLS settings byte by byte.
describe.concurrent.each([stacks['bearer'], stacks['mtls']].filter((stack) => stack !== undefined))('$id', (stack) => {
  const dir = join(place.dir, `test-surface-${stack.id}`)
  let made: CreateDocument
  beforeAll(async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--tls', 'private', '--host', 'localhost', '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
    expect(code, stdout).toBe(0)
    made = JSON.parse(stdout) as CreateDocument
  })
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  })

  test('sslscan: TLS 1.2 and 1.3, and these ciphers alone', async ({ expect }) => {
    const { stdout } = await run('sslscan', ['--no-colour', '--xml=-', new URL(made.project.url).host])
    const all = (pattern: RegExp): string[] => [...stdout.matchAll(pattern)].map(([, found = '']) => found)
    expect(all(/<protocol [^>]*version="([0-9.]+)" enabled="1"/g)).toEqual(['1.2', '1.3'])
    expect(all(/<cipher status="\w+" [^>]*cipher="([^"]+)"/g).sort()).toEqual(CIPHERS.toSorted())
    expect(stdout).not.toMatch(/vulnerable="1"|<renegotiation supported="1" secure="0"|<compression supported="1"/)
  })

  test('testssl.sh: nothing above LOW but what is so by choice', async ({ expect }) => {
    const report = join(place.dir, `${stack.id}.json`)
    await run('testssl', ['--quiet', '--warnings', 'off', '--ip', '127.0.0.1', '--add-ca', made.project.ca ?? '', '--jsonfile', report, made.project.url])
    const findings = JSON.parse(readFileSync(report, 'utf8')) as { id: string; severity: string; finding: string }[]
    expect(findings.length).toBeGreaterThan(100)
    expect(findings.find(({ id }) => id === 'TLS1_3')?.finding).toMatch(/^offered/)
    expect(findings.filter(({ id, severity }) => !['OK', 'INFO', 'LOW'].includes(severity) && !BY_CHOICE.includes(id))).toEqual([])
  })
})
