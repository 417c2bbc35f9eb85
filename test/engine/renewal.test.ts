// A server certificate in its last days: `up` renews it, the proxy takes it without cutting anybody off.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { makeServerCert } from '../../src/certs/certs.ts'
import { readCert } from '../../src/certs/read-cert.ts'
import { HTTP2_CASES, tryHttp2 } from '../../src/attacks/http2.ts'
import { open } from '../../src/net/http.ts'
import { create, dockerOk, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'

const DAY = 24 * 60 * 60_000

describe.each(Object.values(stacks))('$id', (stack) => {
  const place = workspace()
  const name = `test-renewal-${stack.id}`
  const dir = join(place.dir, name)
  let made: CreateDocument
  const ids = (): Promise<string> => dockerOk('ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`)
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  test('renewed on up, seen by the next connection, and a running stream arrives whole', async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--tls', 'private', '--user', 'ann:admin', '--port', String(await freePort()), '--yes', '--json'])
    expect(code, stdout).toBe(0)
    made = JSON.parse(stdout) as CreateDocument
    const at = door(made)
    const read = (path: string): string => readFileSync(join(dir, path), 'utf8')

    // One with ten days left, in the same files: as if the project were that old.
    const ca = { cert: read('certs/ca.crt'), key: read('certs/ca.key') }
    const fresh = readCert(read('certs/server/server.crt'))
    const old = await makeServerCert({ ca, hosts: fresh.sans, now: new Date(Date.now() - (fresh.notAfter.getTime() - Date.now()) + 10 * DAY) })
    writeFileSync(join(dir, 'certs/server/server.crt'), old.cert)
    writeFileSync(join(dir, 'certs/server/server.key'), old.key)
    await dockerOk('restart', `${name}-proxy-1`)
    const shown = (): Promise<string> => new Promise((resolve, reject) => {
      const socket = tls.connect({ host: '127.0.0.1', port: Number(new URL(at.url).port), ca: at.ca ?? undefined, checkServerIdentity: () => undefined }, () => {
        resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase())
        socket.end()
      })
      socket.on('error', reject)
    })
    await expect.poll(() => shown().catch(() => ''), { timeout: 15_000 }).toBe(readCert(old.cert).fingerprint)

    const before = await ids()
    const [ann] = made.users
    const response = await open(at, { method: 'POST', path: '/api/generate', login: ann && loginOf(made, ann), body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 200 } }) })
    const up = await ollamaStack(['up', '-C', dir, '--json'])
    expect(JSON.parse(up.stdout)).toMatchObject({ changed: ['renew the server certificate'] })
    const renewed = readCert(read('certs/server/server.crt'))
    expect(renewed.notAfter.getTime() - Date.now()).toBeGreaterThan(300 * DAY)
    await expect.poll(shown, { timeout: 5000 }).toBe(renewed.fingerprint)
    expect(await ids()).toBe(before)

    let text = ''
    for await (const part of response) text += String(part)
    expect((JSON.parse(text.trim().split('\n').at(-1) ?? '') as { done: boolean }).done).toBe(true)
    expect((JSON.parse((await ollamaStack(['up', '-C', dir, '--json'])).stdout) as { changed: string[] }).changed).toEqual([])
  })

  test('over TLS and HTTP/2 nothing gets in that HTTP/1 keeps out, and what gets in arrives once', async () => {
    // Where TLS is never off, engine/stacks.test.ts has done so.
    if (!stack.needsTls) {
      const { checks } = JSON.parse((await ollamaStack(['test', '--thorough', '-C', dir, '--json'])).stdout) as CreateDocument
      expect(checks.filter(({ ok }) => ok !== true)).toEqual([])
      expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['attack-tls', 'attack-sni', 'attack-http2']))
    }

    const heads = async (): Promise<{ method: string; target: string; headers: string[] }[]> => JSON.parse(await dockerOk('exec', `${name}-ollama-1`, 'ollama', 'standin-heads', '--clear')) as never
    await heads()
    const [ann] = made.users
    if (!ann) throw new Error('nobody was made')
    const { statuses, refused } = await tryHttp2(door(made), loginOf(made, ann), 'h2')
    expect([refused, statuses.length]).toEqual([false, HTTP2_CASES.length])
    const arrived = (await heads()).flatMap(({ headers, method, target }) => {
      const agent = headers[headers.findIndex((word) => word.toLowerCase() === 'user-agent') + 1] ?? ''
      return agent.startsWith('ollama/') ? [] : [{ agent, line: `${method} ${target}`, host: headers[headers.findIndex((word) => word.toLowerCase() === 'host') + 1] }]
    })
    expect(new Set(arrived.map(({ agent }) => agent)).size, JSON.stringify(arrived)).toBe(arrived.length)
    expect(arrived.filter(({ host }) => host !== 'localhost:11434')).toEqual([])
    // An admin's: of all those spellings only the good ones.
    expect(new Set(arrived.map(({ line }) => line))).toEqual(new Set(['GET /api/version', 'POST /api/pull', 'POST /api/chat']))
  })
})
