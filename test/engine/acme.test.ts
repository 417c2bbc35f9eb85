// Certificates of a real ACME CA: issued on create, renewed under a running stream, kept over a restart.
// The CA is Caddy's own acme_server; the ports are the real ones, 80 and 443, on Docker's own bridge.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Login } from '../../stacks/stack.ts'
import { ask, open, type Door } from '../../src/net/http.ts'
import { peerCert } from '../../src/certs/peer-cert.ts'
import { BRIDGE, startCa, type AcmeCa } from './acme-ca.ts'
import { create, docker, dockerOk, loginOf, ollamaStack, remains, workspace, type CreateDocument } from './project.ts'

const NAME = 'ollama.example.com'
const place = workspace()
let ca: AcmeCa

beforeAll(async () => { ca = await startCa(join(place.dir, 'ca'), 'test-acme-ca', NAME) })
afterAll(async () => {
  await ca.stop()
  place.remove()
})

describe.each(Object.values(stacks).map((stack) => ({ stack, challenge: stack.needsTls ? 'tls-alpn-01' as const : 'http-01' as const })))('$stack.id by $challenge', ({ stack, challenge }) => {
  const name = `test-acme-${stack.id}`
  const dir = join(place.dir, name)
  const front = stack.needsTls ? 'proxy' : 'tls'
  let made: CreateDocument
  let at: Door
  let login: Login | undefined
  const shown = (): Promise<X509Certificate> => peerCert(at.connect, NAME, at.ca)
  const restart = async (): Promise<void> => {
    await dockerOk('restart', container(front))
    // One that was stopped while it renewed leaves a lock, which is waited for.
    await expect.poll(() => shown().then(() => true, () => false), { timeout: 90_000 }).toBe(true)
  }
  const container = (service: string): string => `${name}-${service}-1`

  beforeAll(async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--user', 'ann:admin', '--tls', 'acme', '--bind', BRIDGE, '--host', NAME, '--acme-directory', ca.directory[challenge], '--acme-root', ca.root, '--yes', '--json'])
    made = JSON.parse(stdout) as CreateDocument
    expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
    at = { url: made.project.url, connect: { host: BRIDGE, port: 443 }, ca: readFileSync(ca.root, 'utf8') }
    const [ann] = made.users
    login = ann && loginOf(made, ann)
  })
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  })

  test('a certificate at once, and every smoke check passes', async () => {
    expect(made.project).toMatchObject({ url: `https://${NAME}`, tls: 'acme', ca: join(dir, 'certs/acme/root.crt') })
    expect(made.checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect((await shown()).subjectAltName).toBe(`DNS:${NAME}`)
    // Who names nobody in the handshake gets it too.
    expect((await peerCert(at.connect, '127.0.0.1', at.ca)).subjectAltName).toBe(`DNS:${NAME}`)
  })

  test('browsers are told to stay with TLS, under that name and no other', async () => {
    const hsts = async (host: string): Promise<unknown> => (await ask(at, { path: '/api/tags', login, headers: { host } })).headers['strict-transport-security']
    expect(await hsts(NAME)).toBe('max-age=63072000')
    expect([await hsts('localhost'), await hsts(BRIDGE)]).toEqual([undefined, undefined])
  })

  test('port 80 sends everybody to the one name, and hands nothing on', async () => {
    const plain: Door = { url: `http://${NAME}`, connect: { host: BRIDGE, port: 80 }, ca: null }
    for (const headers of [{}, { host: 'foreign.example' }, { ...login?.headers }]) {
      const { status, headers: answer } = await ask(plain, { method: 'POST', path: '/api/chat?x=1', body: '{}', headers })
      expect([status, answer['location']]).toEqual([308, `https://${NAME}/api/chat?x=1`])
    }
  })

  test('the log has the address of the client, whatever the client says it is', async () => {
    // A client on this machine is its address on the network edge, on Docker's side.
    const gateway = (await dockerOk('network', 'inspect', `${name}_edge`, '-f', '{{(index .IPAM.Config 0).Subnet}}')).replace('.8/29', '.9')
    const seen = async (request: () => Promise<unknown>): Promise<string> => {
      const before = (await docker('logs', container('proxy'))).stdout.length
      await request()
      let line = ''
      await expect.poll(async () => (line = (await docker('logs', container('proxy'))).stdout.slice(before).trim()), { timeout: 5000 }).not.toBe('')
      const { address, first_byte: first } = JSON.parse(line) as { address: string; first_byte: number | null }
      // With how long Ollama took, whatever stands in front.
      expect(first).toEqual(expect.any(Number))
      return address
    }
    const lies = { 'x-real-ip': '6.6.6.6', 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' }
    expect(await seen(() => ask(at, { path: '/api/version', login, headers: lies }))).toBe(gateway)
    if (front === 'tls') {
      // Past Caddy: a process of this machine on the network edge is believed as little.
      const [address = ''] = (await dockerOk('inspect', container('proxy'), '-f', `{{(index .NetworkSettings.Networks "${name}_edge").IPAddress}}`)).split('\n')
      const direct: Door = { url: `http://${NAME}`, connect: { host: address, port: 8081 }, ca: null }
      expect(await seen(() => ask(direct, { path: '/api/version', login, headers: lies }))).toBe(gateway)
      expect((await ask(direct, { path: '/api/version' })).status).toBe(401)
    }
  })

  test('what ends TLS has as little as the others', async () => {
    const [inspected] = JSON.parse(await dockerOk('inspect', container(front))) as { Config: { User: string }; HostConfig: object; Mounts: { Destination: string; RW: boolean }[]; NetworkSettings: { Networks: object } }[]
    expect(inspected?.HostConfig).toMatchObject({ CapDrop: ['ALL'], ReadonlyRootfs: true, Privileged: false, SecurityOpt: ['no-new-privileges:true'] })
    expect(inspected?.Config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(inspected?.Mounts.filter(({ RW }) => RW).map(({ Destination }) => Destination)).toEqual(['/data'])
    if (front === 'tls') expect(Object.keys(inspected?.NetworkSettings.Networks ?? {})).toEqual([`${name}_edge`])
  })

  test('renewed under a running stream, which arrives whole; a restart asks for nothing anew', async () => {
    // Due at once: the CA dates its certificates back by a minute, which is more than that share of their half a day.
    const file = join(dir, front, 'certificates.caddy')
    const usual = readFileSync(file, 'utf8')
    writeFileSync(file, `renew_interval 1s\nrenewal_window_ratio 0.999\n${usual}`)
    await restart()
    const first = (await shown()).serialNumber
    const response = await open(at, { method: 'POST', path: '/api/generate', login, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 200 } }) })
    let text = ''
    let ended = false
    const whole = (async () => {
      for await (const part of response) text += String(part)
      ended = true
    })()
    await expect.poll(async () => (await shown()).serialNumber, { timeout: 20_000, interval: 250 }).not.toBe(first)
    expect(ended).toBe(false)
    await whole
    expect((JSON.parse(text.trim().split('\n').at(-1) ?? '') as { done: boolean }).done).toBe(true)

    writeFileSync(file, usual)
    await restart()
    const onDisk = new X509Certificate(readFileSync(join(dir, `certs/acme/certificates/${new URL(ca.directory[challenge]).host.replace(':', '-')}-acme-local-directory/${NAME}/${NAME}.crt`)))
    expect((await shown()).serialNumber).toBe(onDisk.serialNumber)
    expect(JSON.parse((await ollamaStack(['status', '--json', '-C', dir])).stdout)).toMatchObject({ cert: { notAfter: new Date(onDisk.validTo).toISOString() } })
  })

  test('test --thorough finds the same through it', async () => {
    const { checks } = JSON.parse((await ollamaStack(['test', '--thorough', '--json', '-C', dir])).stdout) as CreateDocument
    expect(checks.length).toBeGreaterThan(35)
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([])
  })

  test('down takes everything but the certificates', async () => {
    expect((await ollamaStack(['down', '--volumes', '--yes', '-C', dir])).code).toBe(0)
    expect(await remains(name)).toEqual([])
    expect(readFileSync(join(dir, 'certs/acme/README.md'), 'utf8')).toContain('Keep the folder')
  })
})

// The CA's two directories stand for a real one and its staging twin.
describe('where the CA refuses', () => {
  const name = 'test-acme-nobody'
  /** A name that the CA gives nothing for. */
  const OTHER = 'nobody.example.com'
  const dir = join(place.dir, name)
  afterAll(async () => {
    await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  })
  const up = async (): Promise<{ code: number; error?: { code: string; message: string; hint: string } }> => {
    const { code, stdout } = await ollamaStack(['up', '-C', dir, '--json'])
    return { code, ...JSON.parse(stdout) as object }
  }
  const edit = (file: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(join(dir, file), 'utf8')
    expect(text).toMatch(from)
    writeFileSync(join(dir, file), text.replace(from, to))
  }

  test('the reason is told; the next up asks the staging CA alone, until that is content, and then the real one', async () => {
    const { code } = await create([dir, '--tls', 'acme', '--bind', BRIDGE, '--host', OTHER, '--acme-directory', ca.directory['http-01'], '--acme-root', ca.root, '--model', 'none', '--no-start', '--yes'])
    expect(code).toBe(0)
    edit('tls/certificates.caddy', /^\tdir .*$/m, `$&\n\ttest_dir ${ca.directory['tls-alpn-01']}`)
    edit('compose.yaml', 'start_period: 60s', 'start_period: 6s')
    const before = await ca.orders()
    const first = await up()
    expect(first).toMatchObject({ code: 1, error: { code: 'E_ACME', message: expect.stringMatching(new RegExp(`^There is no certificate for ${OTHER} yet\\. The CA's answer: .*rejectedIdentifier`)) as string, hint: expect.stringContaining(`dig +short ${OTHER}`) as string } })
    expect(await remains(name)).toEqual([])
    const after = await ca.orders()
    expect(after['http-01']).toBeGreaterThan(before['http-01'])

    expect(await up()).toMatchObject({ code: 1, error: { code: 'E_ACME' } })
    expect(await ca.orders()).toEqual({ 'http-01': after['http-01'], 'tls-alpn-01': expect.any(Number) as number })
    expect((await ca.orders())['tls-alpn-01']).toBeGreaterThan(after['tls-alpn-01'])
    expect(readFileSync(join(dir, 'tls/certificates.caddy'), 'utf8')).toContain(`\tdir ${ca.directory['http-01']}\n`)

    for (const file of ['tls/certificates.caddy', 'tls/sites.caddy', 'compose.yaml', 'proxy/hosts.conf']) edit(file, new RegExp(OTHER, 'g'), NAME)
    expect(await up()).toMatchObject({ code: 0 })
    const at: Door = { url: `https://${NAME}`, connect: { host: BRIDGE, port: 443 }, ca: readFileSync(ca.root, 'utf8') }
    await expect.poll(() => ask(at, { path: '/api/tags' }).then(({ status }) => status, () => 0), { timeout: 20_000 }).toBe(401)
    expect((await ca.orders())['http-01']).toBe(after['http-01'] + 1)
    expect(existsSync(join(dir, 'certs/acme/failed'))).toBe(false)
  })
})
