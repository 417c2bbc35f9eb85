// --allow on all three, seen from addresses that are on the list and that aren't.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { networkClient, type NetworkClient } from './network-client.ts'
import { create, dockerOk, freePort, ollamaStack, workspace, type CreateDocument } from './project.ts'

let client: NetworkClient
beforeAll(async () => { client = await networkClient(0) })
afterAll(() => client.remove())

describe.each(Object.values(stacks))('$id', (stack) => {
  const place = workspace()
  const name = `test-allow-${stack.id}`
  const dir = join(place.dir, name)
  let made: CreateDocument
  let login: string[]

  beforeAll(async () => {
    const [listed] = client.addresses
    const { code, stdout } = await create([dir, '--auth', stack.id, '--user', 'ann:admin', '--bind', '0.0.0.0', '--port', String(await freePort()), '--host', client.host, '--allow', listed, '--allow', 'fd00:1234::/32', '--origin', 'https://app.example.com', '--model', 'none', '--yes', '--json'])
    made = JSON.parse(stdout) as CreateDocument
    expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
    const [ann] = made.users
    login = ann?.files ? ['--cert', ann.files.cert, '--key', ann.files.key] : stack.brings.includes('password') ? ['-u', `ann:${ann?.secret}`] : ['-H', `Authorization: Bearer ${ann?.secret}`]
  })
  afterAll(async () => {
    if (existsSync(join(dir, 'compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })
  const get = (from: string, ...args: string[]) => client.curl(from, ['--cacert', made.project.ca ?? '', `${made.project.url}/api/tags`, ...args])

  test('this machine is on the list itself, and the check says which address the proxy sees', () => {
    expect(made.checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect(made.checks.find(({ id }) => id === 'allowlist')).toMatchObject({ ok: true, detail: expect.stringMatching(/^it sees this machine as \d+\.\d+\.\d+\.\d+$/) as string })
  })

  test('a listed address comes to the login, and with a credential in', async () => {
    const [listed] = client.addresses
    expect((await get(listed)).status).toBe(401)
    expect((await get(listed, ...login)).status).toBe(200)
  })

  test('another one is refused whatever it brings, and nothing of it reaches Ollama', async () => {
    const [listed, other] = client.addresses
    await dockerOk('exec', `${name}-ollama-1`, 'ollama', 'standin-heads', '--clear')
    const lies = ['X-Forwarded-For', 'X-Real-IP', 'X-Client-IP', 'CF-Connecting-IP', 'True-Client-IP'].map((header) => `${header}: ${listed}`)
    const tries: string[][] = [
      [], login, [...login, '-X', 'POST', '-d', '{}'],
      ...[...lies, `X-Forwarded-For: ${listed}, 10.0.0.1`, `Forwarded: for=${listed}`, 'Host: localhost', 'Host: foreign.example', `Host: ${listed}`].map((header) => [...login, '-H', header]),
      [...login, '-X', 'OPTIONS', '-H', 'Origin: https://app.example.com', '-H', 'Access-Control-Request-Method: POST'],
      [...login, '--haproxy-protocol'],
    ]
    for (const args of tries) {
      const { status, body } = await get(other, ...args).catch((error: Error) => ({ status: 0, body: error.message }))
      // What isn't TLS ends before there is anything to answer.
      if (args.includes('--haproxy-protocol')) expect(status, args.join(' ')).toBe(0)
      else expect([status, JSON.parse(body)], args.join(' ')).toEqual([403, { error: 'This address may not connect.' }])
    }
    const models = await client.curl(other, ['--cacert', made.project.ca ?? '', ...login, `${made.project.url}/v1/models`])
    expect([models.status, JSON.parse(models.body)]).toMatchObject([403, { error: { type: 'permission_error', message: 'This address may not connect.' } }])
    // But for the health check, which is Ollama's own command in its own container.
    const heads = JSON.parse(await dockerOk('exec', `${name}-ollama-1`, 'ollama', 'standin-heads', '--clear')) as { headers: string[] }[]
    expect(heads.filter(({ headers }) => !headers[headers.indexOf('User-Agent') + 1]?.startsWith('ollama/'))).toEqual([])
  })
})
