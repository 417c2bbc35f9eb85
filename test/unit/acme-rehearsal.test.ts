// When the staging CA is asked, and what is left when the asking was cut short. The whole way, with a
// CA, is in engine/acme.test.ts.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withCertificate } from '../../src/running/acme-rehearsal.ts'
import type { Engine } from '../../src/engine.ts'
import { StackError } from '../../src/errors.ts'
import type { Project } from '../../src/project/project.ts'

const USUAL = 'cert_issuer acme {\n\tdir https://real.example/directory\n\ttest_dir https://staging.example/directory\n}\n'
const REHEARSING = 'cert_issuer acme {\n\t# Rehearsal. Otherwise: dir https://real.example/directory\n\tdir https://staging.example/directory\n\ttest_dir https://staging.example/directory\n}\n'
const CERT = 'certs/acme/certificates/staging.example-directory/ai.example.com/ai.example.com.crt'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'acme-rehearsal-'))
  put('tls/certificates.caddy', USUAL)
  mkdirSync(join(dir, 'certs/acme'), { recursive: true })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}
const asks = (): string => /^\tdir https:\/\/(\w+)/m.exec(readFileSync(join(dir, 'tls/certificates.caddy'), 'utf8'))?.[1] ?? ''

/** Which CA was asked at each start. */
async function up(fails = false): Promise<string[]> {
  const asked: string[] = []
  const project = { dir, name: 'x', tls: 'acme', hosts: ['ai.example.com'], file: { services: { tls: {} } } } as unknown as Project
  const engine = { observe: async () => ({ containers: [] }) } as unknown as Engine
  const start = async (): Promise<string[]> => {
    asked.push(asks())
    if (fails) throw new StackError('E_ACME', 'There is no certificate.')
    return [asks()]
  }
  const done = withCertificate(project, engine, new AbortController().signal, start)
  if (fails) await expect(done).rejects.toMatchObject({ code: 'E_ACME' })
  else expect(await done).toEqual(asked)
  expect(readFileSync(join(dir, 'tls/certificates.caddy'), 'utf8')).toBe(USUAL)
  return asked
}

test('at first the real one', async () => expect(await up()).toEqual(['real']))

test('after a failure the staging one, and the real one only when that was content', async () => {
  expect(await up(true)).toEqual(['real'])
  expect(await up(true)).toEqual(['staging'])
  expect(await up(true)).toEqual(['staging'])
  expect(await up()).toEqual(['staging', 'real'])
  expect(await up()).toEqual(['real'])
})

test('a failure of an hour ago is forgotten', async () => {
  await up(true)
  utimesSync(join(dir, 'certs/acme/failed'), new Date(0), new Date(0))
  expect(await up()).toEqual(['real'])
})

test('cut short while the staging one was asked: its certificate goes, and the real one is asked after it again', async () => {
  await up(true)
  put('tls/certificates.caddy', REHEARSING)
  put(CERT, 'a certificate that nobody trusts')
  expect(await up()).toEqual(['staging', 'real'])
  expect(existsSync(join(dir, CERT))).toBe(false)
})
