// A server certificate in its last days: `up` renews it, the proxy takes it without cutting anybody off.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { makeServerCert, readCert } from '../../src/certs.ts'
import { open } from '../../src/http.ts'
import { create, dockerOk, door, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'

const DAY = 24 * 60 * 60_000

describe.each(Object.values(stacks))('$id', (stack) => {
  const place = workspace()
  const name = `test-renewal-${stack.id}`
  const dir = join(place.dir, name)
  const ids = (): Promise<string> => dockerOk('ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`)
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  test('renewed on up, seen by the next connection, and a running stream arrives whole', async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--tls', 'private', '--user', 'ann:admin', '--port', String(await freePort()), '--yes', '--json'])
    expect(code, stdout).toBe(0)
    const made = JSON.parse(stdout) as CreateDocument
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
})
