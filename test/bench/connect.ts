// What `connect` adds to each piece of a stream: `npm run bench -- connect`. A server sends pieces that
// carry their time, plainly and through the built program, in turns; TLS and a key on both ways.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCa, makeServerCert } from '../../src/certs/certs.ts'
import { freePort } from '../../src/net/port-free.ts'
import { share, untilInterrupted } from './turns.ts'

const ROUNDS = 5
const PIECES = 60
/** As fast as a model speaks that people call fast. */
const EVERY_MS = 30

export const main = (): Promise<void> => untilInterrupted(measure)

async function measure(check: () => void): Promise<void> {
  const now = new Date()
  const ca = await makeCa({ name: 'bench', now })
  const server = https.createServer(await makeServerCert({ ca, hosts: ['127.0.0.1'], now }), (request, response) => {
    if (request.headers.authorization !== 'Bearer bench') return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
    if (request.url !== '/stream') return void response.end('{}')
    let left = PIECES
    const timer = setInterval(() => {
      response.write(`${performance.now()}\n`)
      if (--left > 0) return
      clearInterval(timer)
      response.end()
    }, EVERY_MS)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dir = mkdtempSync(join(tmpdir(), 'bench-connect-'))
  writeFileSync(join(dir, 'ca.crt'), ca.cert)
  const port = await freePort('127.0.0.1', 39_434)
  const door = spawn(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), 'connect', url, '--ca', join(dir, 'ca.crt'), '--port', String(port), '--json'], {
    env: { ...process.env, OLLAMA_STACK_SECRET: 'bench', XDG_CONFIG_HOME: dir }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(door.stdout, 'data')
    const plain = { host: '127.0.0.1', port: Number(new URL(url).port), ca: ca.cert, headers: { authorization: 'Bearer bench' } }
    const rows = ['| streams | way | median ms | p99 ms |', '|---|---|---|---|']
    for (const streams of [1, 64]) {
      const direct: number[] = []
      const through: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        check()
        direct.push(...(await Promise.all(Array.from({ length: streams }, () => delays(https.get({ ...plain, path: '/stream', agent: false }))))).flat())
        through.push(...(await Promise.all(Array.from({ length: streams }, () => delays(http.get({ host: '127.0.0.1', port, path: '/stream', agent: false }))))).flat())
      }
      for (const [way, all] of [['direct', direct], ['connect', through]] as const) rows.push(`| ${streams} | ${way} | ${share(all, 0.5).toFixed(2)} | ${share(all, 0.99).toFixed(2)} |`)
    }
    console.log(rows.join('\n'))
  } finally {
    door.kill('SIGINT')
    server.close()
    server.closeAllConnections()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Milliseconds from when a piece was written to when it was read. */
async function delays(request: http.ClientRequest): Promise<number[]> {
  const [response] = await once(request, 'response') as [http.IncomingMessage]
  const all: number[] = []
  let rest = ''
  response.setEncoding('utf8')
  for await (const text of response as AsyncIterable<string>) {
    const now = performance.now()
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) all.push(now - Number(line))
  }
  if (all.length !== PIECES) throw new Error(`${all.length} of ${PIECES} pieces arrived`)
  return all
}
