// `connect` as somebody meets it in a terminal for the first time, and for the second.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'
import { keptAt } from '../../src/forward/store.ts'
import { run, type Process } from '../../src/run.ts'
import { CTRL_C, ENTER, fakeTerminal } from './keys.ts'

const dir = mkdtempSync(join(tmpdir(), 'connect-'))
const now = new Date()
let server: https.Server
let url: string
let number: string

// A plain server in the place of a stack.
beforeAll(async () => {
  const ca = await makeCa({ name: 'home', now })
  number = new X509Certificate(ca.cert).fingerprint256
  server = https.createServer(await makeServerCert({ ca, hosts: ['localhost'], now }), (request, response) => {
    const ann = request.headers.authorization === `Basic ${Buffer.from('ann:open sesame').toString('base64')}`
    if (ann) return void response.end('{"models":[]}')
    response.writeHead(401, { 'www-authenticate': 'Basic realm="Ollama"' }).end('{"error":"A valid name and password are needed (HTTP Basic)."}')
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  url = `https://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(dir, { recursive: true })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const one = createServer().listen(0, '127.0.0.1', () => {
      const { port } = one.address() as AddressInfo
      one.close(() => resolve(port))
    })
  })
}

async function start() {
  const port = await freePort()
  const terminal = fakeTerminal(100)
  const { input, output } = terminal
  const controller = new AbortController()
  const proc = { argv: ['connect', url, '--port', String(port)], cwd: dir, env: { XDG_CONFIG_HOME: dir }, stdin: input, stdout: output, stderr: output, signal: controller.signal }
  const ended = run(proc as unknown as Process)
  return { ...terminal, port, ended, stop: () => controller.abort() }
}

test('agrees to the certificate, is asked for name and password, and only the first time', async () => {
  const first = await start()
  await first.see('Is it the same number?')
  for (const half of [number.slice(0, 48), number.slice(48)]) expect(first.screen()).toContain(half)
  expect(first.screen()).toContain('a certificate from "home Ollama CA"')
  first.press('y')
  await first.see('Your name at the stack?')
  first.press('ann', ENTER)
  await first.see('The password of ann?')
  first.press('wrong', ENTER)
  await first.see(/refuses the password of ann: A valid name and password are needed/)
  first.press('open sesame', ENTER)
  await first.see('Keep the login in')
  first.press(ENTER)
  await first.see(`Listening on http://127.0.0.1:${first.port}`)
  expect((await fetch(`http://127.0.0.1:${first.port}/api/tags?k=1`)).status).toBe(200)
  await first.see(/^\d\d:\d\d:\d\d {2}GET \/api\/tags {2}200 {2}\d+ ms$/m)
  first.stop()
  expect(await first.ended).toBe(0)
  expect(first.written()).not.toMatch(/sesame|wrong/)
  expect(JSON.parse(readFileSync(keptAt(join(dir, 'ollama-stack'), { url }), 'utf8'))).toMatchObject({ login: 'basic', user: 'ann', secret: 'open sesame' })

  const second = await start()
  expect(await second.see('Listening on')).not.toContain('?')
  second.stop()
  expect(await second.ended).toBe(0)
})

test('Ctrl-C at the question: exit 130, and nothing is kept', async () => {
  rmSync(join(dir, 'ollama-stack'), { recursive: true, force: true })
  const terminal = await start()
  await terminal.see('Is it the same number?')
  terminal.press('y')
  await terminal.see('Your name at the stack?')
  terminal.press(CTRL_C)
  expect(await terminal.ended).toBe(130)
  expect(() => readFileSync(keptAt(join(dir, 'ollama-stack'), { url }))).toThrow('ENOENT')
})
