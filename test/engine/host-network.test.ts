// --host-network on all three: clients' own addresses, in IPv4, in IPv6 and on loopback, and nobody
// else who says an address is believed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { loadProject } from '../../src/project/project.ts'
import { networkClient, type NetworkClient } from './network-client.ts'
import { create, dockerOk, freePort, loginOf, ollamaStack, remains, run, workspace, type CreateDocument } from './project.ts'

const place = workspace()
const claim = join(import.meta.dirname, 'claim.mjs')
const rows = Object.values(stacks).map((stack) => ({ id: stack.id, stack, bind: stack.id === 'bearer' ? '::' : '0.0.0.0', name: `test-host-${stack.id}`, dir: join(place.dir, `test-host-${stack.id}`) }))
const rowOf = (id: string): (typeof rows)[number] => {
  const row = rows.find((one) => one.id === id)
  if (!row) throw new Error(`no stack called ${id}`)
  return row
}
const made = new Map<string, CreateDocument>()
let client: NetworkClient

beforeAll(async () => {
  client = await networkClient(1)
  await Promise.all(rows.map(async ({ id, bind, name, dir }) => {
    const six = bind === '::'
    const [listed] = six ? client.addresses6 : client.addresses
    const { code, stdout } = await create([dir, '--auth', id, '--name', name, '--user', 'ann:admin', '--bind', bind, '--port', String(await freePort()), '--host', six ? client.host6 : client.host, '--allow', listed, '--host-network', '--yes', '--json'])
    made.set(id, JSON.parse(stdout) as CreateDocument)
    expect({ code, error: made.get(id)?.error }).toEqual({ code: 0, error: undefined })
  }))
})
afterAll(async () => {
  await Promise.all(rows.filter(({ dir }) => existsSync(join(dir, 'compose.yaml'))).map(({ dir }) => ollamaStack(['down', '--volumes', '--yes', '-C', dir])))
  place.remove()
  await client.remove()
})

describe.each(rows)('$id on $bind', ({ id, stack, bind, name, dir }) => {
  const six = bind === '::'
  const loopback = six ? '::1' : '127.0.0.1'
  const own = (): CreateDocument => {
    const document = made.get(id)
    if (!document) throw new Error(`${id} was not made`)
    return document
  }
  const addresses = (): [string, string] => (six ? client.addresses6 : client.addresses)
  const login = (): string[] => {
    const [ann] = own().users
    if (!ann) throw new Error('nobody was made')
    return ann.files ? ['--cert', ann.files.cert, '--key', ann.files.key] : Object.entries(loginOf(own(), ann).headers).flatMap(([key, value]) => ['-H', `${key}: ${value}`])
  }
  const get = (from: string, path: string, ...args: string[]) => client.curl(from, ['--cacert', own().project.ca ?? '', `${own().project.url}${path}`, ...args])
  const inspect = async <T>(service: string, format: string): Promise<T> => JSON.parse(await dockerOk('inspect', `${name}-${service}-1`, '-f', `{{json ${format}}}`)) as T
  const proxyAddress = async (): Promise<string> => (await inspect<Record<string, { IPAddress: string }>>('proxy', '.NetworkSettings.Networks'))[`${name}_edge`]?.IPAddress ?? ''
  const port = (): string => new URL(own().project.url).port
  const containers = (): Promise<string> => dockerOk('ps', '-a', '--no-trunc', '--filter', `label=com.docker.compose.project=${name}`, '--format', '{{.ID}} {{.Names}} {{.State}}')
  /** The address in the proxy's log line about that path. */
  const logged = async (path: string): Promise<string | undefined> => {
    const { stdout, stderr } = await run('docker', ['logs', `${name}-proxy-1`])
    return `${stdout}\n${stderr}`.split('\n').map((line) => stack.access(line)).find((access) => access?.path === path)?.address
  }

  test('every smoke check passes, with answers that come as they are made, and this machine is itself', () => {
    expect(own().checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect(own().checks.find(({ id }) => id === 'allowlist')?.detail).toBe(`it sees this machine as ${loopback}`)
    expect(own().checks.find(({ id }) => id === 'generation')?.detail).toMatch(/^\d+ chunks over/)
    expect(loadProject(dir)).toMatchObject({ bind, port: Number(port()), hostNetwork: true, url: own().project.url })
  })

  test('a listed address comes in with a credential, another one does not, and the log has both', async () => {
    const [listed, other] = addresses()
    expect((await get(listed, '/api/tags')).status).toBe(401)
    expect((await get(listed, '/api/tags', ...login())).status).toBe(200)
    const refused = await get(other, '/ollama-stack-test-00000001', ...login(), '-H', `X-Forwarded-For: ${listed}`, '-H', `Forwarded: for="${listed}"`)
    expect([refused.status, JSON.parse(refused.body)]).toEqual([403, { error: 'This address may not connect.' }])
    await get(listed, '/ollama-stack-test-00000002', ...login())
    await expect.poll(() => logged('/ollama-stack-test-00000002')).toBe(listed)
    await expect.poll(() => logged('/ollama-stack-test-00000001')).toBe(other)
  })

  test('a client that says an address itself gets no answer', async () => {
    const [listed, other] = addresses()
    const from = (address: string, prefix: string) => client.run(process.execPath, claim, six ? client.host6 : client.host, port(), '', prefix, address)
    expect(await from(listed, '')).toBe('401')
    expect(await from(other, '')).toBe('403')
    expect(await from(other, `PROXY ${six ? 'TCP6' : 'TCP4'} ${listed} ${listed} 5 6\r\n`)).toBe('0')
  })

  test('past the door: nothing for a process of this machine that says no address, and a login for one that says any', async () => {
    const address = await proxyAddress()
    const authorization = login().find((word) => word.startsWith('Authorization: '))?.replace('Authorization: ', '') ?? ''
    const [listed, other] = addresses()
    const from = async (prefix: string, credential: string): Promise<string> => (await run(process.execPath, [claim, address, '8443', credential, prefix])).stdout.trim()
    const says = (ip: string): string => `PROXY ${six ? 'TCP6' : 'TCP4'} ${ip} ${ip} 5 6\r\n`
    // nginx hangs up; Caddy can't insist, and refuses the address.
    expect(await from('', authorization)).toBe(id === 'mtls' ? '403' : '0')
    expect(await from(says(other), authorization)).toBe('403')
    expect(await from(says(listed), '')).toBe('401')
  })

  test('past the door: another container is not believed', async () => {
    const [listed] = addresses()
    const address = await proxyAddress()
    const lie = `PROXY ${six ? 'TCP6' : 'TCP4'} ${listed} ${listed} 5 6\r\n`
    const status = await dockerOk('run', '--rm', '--network', `${name}_edge`, '-v', `${claim}:/claim.mjs:ro`, '--entrypoint', '/usr/lib/ollama/node', 'ollama/ollama:0.32.15', '/claim.mjs', address, '8443', '', lie)
    expect(status).toBe(id === 'mtls' ? '0' : '403')
  })

  test('Docker publishes nothing, and what listens has as little as the others', async () => {
    expect(await dockerOk('ps', '--filter', `label=com.docker.compose.project=${name}`, '--format', '{{.Ports}}')).not.toMatch(/->/)
    expect(await inspect('front', '.HostConfig')).toMatchObject({ NetworkMode: 'host', CapDrop: ['ALL'], CapAdd: null, ReadonlyRootfs: true, Privileged: false, SecurityOpt: ['no-new-privileges:true'], PidsLimit: 16 })
    expect(await inspect('front', '.Config.User')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect((await inspect<{ RW: boolean; Destination: string }[]>('front', '.Mounts')).map(({ Destination, RW }) => [Destination, RW])).toEqual([['/front', false]])
    expect(Object.keys(await inspect<object>('proxy', '.NetworkSettings.Networks')).sort()).toEqual([`${name}_backend`, `${name}_edge`])
    expect(Object.keys(await inspect<object>('ollama', '.NetworkSettings.Networks')).sort()).toEqual([`${name}_backend`, `${name}_egress`])
  })

  test('a second up and docker compose keep every container', async () => {
    const before = await containers()
    expect((await ollamaStack(['up', '-C', dir])).stderr).toContain('Everything is as compose.yaml says')
    await dockerOk('compose', '-f', join(dir, 'compose.yaml'), '--progress', 'quiet', 'up', '-d')
    expect(await containers()).toBe(before)
  })
})

test('where it listens is an edit of compose.yaml away', async () => {
  const { dir, name } = rowOf('basic')
  const file = join(dir, 'compose.yaml')
  const [before, after] = [new URL(made.get('basic')?.project.url ?? '').port, String(await freePort())]
  writeFileSync(file, readFileSync(file, 'utf8').replace(`LISTEN: "0.0.0.0:${before}"`, `LISTEN: "0.0.0.0:${after}"`))
  expect(JSON.parse((await ollamaStack(['up', '--json', '-C', dir])).stdout)).toMatchObject({ changed: [`recreate container ${name}-front-1 (compose.yaml changed)`] })
  const status = JSON.parse((await ollamaStack(['status', '--json', '-C', dir])).stdout) as { url: string }
  expect(new URL(status.url).port).toBe(after)
  expect((await client.curl(client.addresses[0], ['-k', `${status.url}/api/tags`])).status).toBe(401)
  await expect(client.curl(client.addresses[0], ['-k', `https://${client.host}:${before}/`])).rejects.toThrow('curl: (7)')
})

test('a taken port is named before anything is written', async () => {
  const taken = new URL(made.get('mtls')?.project.url ?? '').port
  const dir = join(place.dir, 'late')
  const { code, stdout } = await create([dir, '--name', 'test-host-late', '--bind', '0.0.0.0', '--port', taken, '--host-network', '--model', 'none', '--yes', '--json'])
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'E_PORT_TAKEN', message: expect.stringContaining('nginx') as string } }])
  expect(existsSync(dir)).toBe(false)
})

test('down leaves nothing', async () => {
  for (const { name, dir } of rows) {
    expect((await ollamaStack(['down', '--volumes', '--yes', '-C', dir])).code).toBe(0)
    expect(await remains(name)).toEqual([])
  }
})
