// Engines that aren't, or that answer with nonsense: a stand-in for the engine says what each test needs. Every
// failure is explained, and comes within ten seconds.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../../src/engine.ts'
import { fakeEngine } from './fake-engine.ts'
import { ran } from './ran.ts'

let dir: string
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'ollama-stack-faults-')) })
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const outcome = async (env: Record<string, string>): Promise<{ code: string; ms: number; message: string }> => {
  const start = performance.now()
  const { code, out, err } = await ran(dir, ['create', 'x', '--yes', '--json'], { env: { DOCKER_CONFIG: join(dir, 'docker'), ...env } })
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string } }
  expect([code, err, existsSync(join(dir, 'x')), error.hint === '']).toEqual([1, '', false, false])
  return { code: error.code, ms: performance.now() - start, message: error.message }
}

test.each(['unix:///nonexistent', 'unix://', 'unix:///etc/passwd', 'unix:///', `unix:///${'a'.repeat(200)}`, 'tcp://', 'tcp://127.0.0.1:1', 'tcp://127.0.0.1:99999', 'tcp://[', '127.0.0.1:1', 'nowhere.invalid:2375', '::::', 'garbage', 'http://', 'https://127.0.0.1:1', 'npipe:////./pipe/x', 'fd://', 'file:///etc/passwd', 'carrier://pigeon', 'unix:///a\nb', 'unix:///\x1b[2J', 'javascript:alert(1)', '$(id)', 'ssh://', 'ssh://-oProxyCommand=x', ' '])('DOCKER_HOST=%j', async (DOCKER_HOST) => {
  const { code, ms, message } = await outcome({ DOCKER_HOST })
  expect([code, ms < 10_500]).toEqual(['E_ENGINE_NOT_FOUND', true])
  expect(message).not.toMatch(/[^\P{Cc}\n]/u)
}, 20_000)

test('an address for ssh is an address, never one of its options', async () => {
  const made = join(dir, 'made')
  await outcome({ DOCKER_HOST: `ssh://-oProxyCommand=touch\${IFS}${made}` })
  await outcome({ DOCKER_HOST: `ssh://x@-oProxyCommand=touch\${IFS}${made}` })
  expect(existsSync(made)).toBe(false)
}, 20_000)

test.each(['nope', '../../etc', 'a\nb', '', ' '])('DOCKER_CONTEXT=%j, which is not there', async (name) => {
  if (name === '') return expect((await outcome({ DOCKER_HOST: `unix://${dir}/none.sock`, DOCKER_CONTEXT: name })).code).toBe('E_ENGINE_NOT_FOUND')
  expect((await outcome({ DOCKER_CONTEXT: name })).code).toBe('E_ENGINE_NOT_FOUND')
})

test.each<[string, number, string, string]>([
  ['an engine of 2015', 200, '{"Version":"1.9","ApiVersion":"1.21"}', 'E_ENGINE_OLD'],
  ['an engine of 2019', 200, '{"Version":"19.03.1","ApiVersion":"1.40"}', 'E_ENGINE_OLD'],
  ['a web page', 200, '<html>', 'E_ENGINE'],
  ['nothing', 200, '', 'E_ENGINE'],
  ['an empty object', 200, '{}', 'E_ENGINE'],
  ['null', 200, 'null', 'E_ENGINE'],
  ['a version that is none', 200, '{"Version":1,"ApiVersion":"x"}', 'E_ENGINE'],
  ['an error', 500, '{"message":"broken"}', 'E_ENGINE'],
  ['a refusal', 403, '{"message":"authorization denied by plugin"}', 'E_ENGINE'],
])('what answers says %s', async (_, status, body, code) => {
  const path = await fakeEngine((_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
  expect((await outcome({ DOCKER_HOST: `unix://${path}` })).code).toMatch(new RegExp(`^${code}`))
})

test('an engine that dies while it answers', async () => {
  const path = await fakeEngine((_request, response) => { response.write('{"Version":'); setTimeout(() => response.destroy(), 20) })
  await expect(connect({ env: { DOCKER_HOST: `unix://${path}` }, timeoutMs: 300 })).rejects.toMatchObject({ code: expect.stringMatching(/^E_ENGINE/) as string })
})

test('a configuration of Docker that nobody can read', async () => {
  writeFileSync(join(dir, 'docker'), 'x')
  expect((await outcome({ DOCKER_CONTEXT: 'nope' })).code).toBe('E_ENGINE_NOT_FOUND')
})
