// A stand-in for the engine on a socket of its own, for as long as one test: it answers as that test says.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The path of its socket. */
export async function fakeEngine(answer: RequestListener): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'fake-engine-'))
  const server = createServer(answer)
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(dir, { recursive: true, force: true })
  })
  const socket = join(dir, 'engine.sock')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return socket
}
