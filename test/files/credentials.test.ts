// The same credential files, read by the proxies' own programs and by ours: whom `user list` shows gets in, and
// nobody else does. Random files, a fixed budget (FUZZ_SEED, FUZZ_RUNS).

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as htpasswd from '../../stacks/basic/htpasswd.ts'
import { entries, people } from '../../stacks/bearer/keyfile.ts'
import { KEYS, keyLines, NAMES, PASSWORDS, passwordLines, SSH } from '../credentials.ts'
import { docker, dockerOk } from '../engine/project.ts'
import { runs } from '../fuzz.ts'

const root = join(import.meta.dirname, '../..')
const now = 1_795_262_400

/** The same with some bytes that are no text at all. */
const bytes = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> => fc.tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), fc.boolean()).map(([whole, changes, change]) => {
  const content = Buffer.from(whole)
  if (change) for (const [at, byte] of changes) if (content.length > 0) content[at % content.length] = byte
  return content
})

const samples = (text: fc.Arbitrary<string>, count: number): Buffer[] => {
  const { seed = 0, numRuns = 0 } = runs(count)
  return fc.sample(bytes(text), { seed, numRuns })
}

describe('credentials/keys, in Lua', () => {
  test('every key opens for the same person, with the same role, or for nobody', () => {
    const files = samples(keyLines, 3000)
    const asked = files.map((file) => [...new Set([...KEYS.map(({ digest }) => digest), ...SSH.map((key) => key.slice(12)), ...(file.toString('latin1').match(/[0-9A-Fa-f]{64}|AAAA[A-Za-z0-9+/]{64}/g) ?? [])])])
    const input = Buffer.concat(files.flatMap((file, index) => [Buffer.from(`${file.length} ${asked[index]?.length}\n`), file, Buffer.from(`${asked[index]?.join('\n')}\n`)]))
    const answers = execFileSync('luajit', [join(import.meta.dirname, 'keys.lua'), join(root, 'stacks/bearer/files/lua'), String(now)], { input, maxBuffer: 64 << 20 }).toString('latin1').split('\n')
    let [at, good] = [0, 0]
    for (const [index, file] of files.entries()) {
      const text = file.toString('utf8')
      // Ours refuses to go on with half a last line; the proxy leaves it out.
      const lines = entries(text.slice(0, text.lastIndexOf('\n') + 1))
      const opens = (what: string): string => {
        const [line, ...more] = lines.filter((one) => one.what === what || one.what === `ssh-ed25519 ${what}`)
        return line && more.length === 0 && line.end > now ? `${line.name} ${line.role}` : ''
      }
      const found = (asked[index] ?? []).map((what) => [what, answers[at++]])
      expect(found, JSON.stringify(text)).toEqual((asked[index] ?? []).map((what) => [what, opens(what)]))
      const inside = new Set(found.flatMap(([, who]) => (who ? [who.split(' ')[0]] : [])))
      good += inside.size
      if (text !== '' && !text.endsWith('\n')) continue
      expect(new Set(people(text, now).filter(({ expires }) => expires === null || expires.getTime() / 1000 > now).map(({ name }) => name))).toEqual(inside)
    }
    expect(good).toBeGreaterThan(500)
  })
})

describe('credentials/htpasswd, in nginx and njs', () => {
  let dir: string
  let container: string
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ollama-stack-people-'))
    chmodSync(dir, 0o777)
    copyFileSync(join(import.meta.dirname, 'people-nginx.conf'), join(dir, 'nginx.conf'))
    copyFileSync(join(import.meta.dirname, 'people-look.js'), join(dir, 'look.js'))
    container = await dockerOk('run', '-d', '--rm', '--network', 'none', '--user', `${process.getuid?.() ?? 0}`, '--tmpfs', '/tmp', '-v', `${dir}:/cases`, '-v', `${join(root, 'stacks/basic/files')}:/product:ro`,
      '--entrypoint', 'nginx', 'nginx:1.30', '-c', '/cases/nginx.conf', '-e', 'stderr')
  })
  afterAll(async () => {
    await docker('kill', container)
    rmSync(dir, { recursive: true, force: true })
  })

  interface Found { role?: string; hash?: string; problem?: string }
  /** null: nginx itself refused. */
  const look = (file: string, name: string, password: string): Promise<Found | null> => new Promise((resolve, reject) => {
    request({ socketPath: join(dir, 'socket'), path: `/?file=${file}`, auth: `${name}:${password}` }, (response) => {
      let text = ''
      response.on('data', (part) => { text += String(part) }).on('end', () => resolve(response.statusCode === 200 ? JSON.parse(text) as Found : null))
    }).on('error', reject).end()
  })

  test('every password opens for the same person, with the same role, or for nobody', async () => {
    const seconds = Date.now() / 1000
    // nginx tries whatever cost stands there, and one of 31 takes it a week.
    const files = samples(passwordLines, 250).filter((file) => !/\$(?:0[7-9]|[1-3]\d)\$/.test(file.toString('latin1')))
    await expect.poll(() => look('none', 'ann', 'x').then(() => true, () => false), { timeout: 10_000 }).toBe(true)
    let good = 0
    for (const [index, file] of files.entries()) {
      writeFileSync(join(dir, `${index}`), file)
      const listed = htpasswd.entries(file.toString('utf8'))
      const opens = (name: string, hash: string): string => {
        const one = listed.find((entry) => entry.name === name && entry.hash === hash)
        return one && (one.expires === null || one.expires.getTime() / 1000 > seconds) ? one.role : ''
      }
      const tries = NAMES.filter((name) => name.length < 65).flatMap((name) => PASSWORDS.map((one) => ({ name, ...one })))
      const found = await Promise.all(tries.map(async ({ name, password, hash }) => {
        const line = await look(`${index}`, name, password)
        return [name, password, line?.role !== undefined && line.hash === hash ? line.role : '']
      }))
      good += found.filter(([, , role]) => role !== '').length
      expect(found, JSON.stringify(file.toString('utf8'))).toEqual(tries.map(({ name, password, hash }) => [name, password, opens(name, hash)]))
    }
    expect(good).toBeGreaterThan(50)
  })
})
