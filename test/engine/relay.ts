// Stands in front of the engine's socket: a test sees each call as it goes by, and can let the engine fall silent.

import { createServer, connect, type Socket } from 'node:net'
import { rmSync } from 'node:fs'

export interface Relay {
  env: { DOCKER_HOST: string }
  /** From now on nothing comes back, and new calls are taken and not answered. */
  freeze(): void
  close(): void
}

/** `onCall` gets each call's method and path, such as `POST /networks/create`, before the engine does. */
export async function relay(socket: string, onCall: (call: string) => void): Promise<Relay> {
  let frozen = false
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const engine = connect('/var/run/docker.sock')
    for (const [from, to] of [[client, engine], [engine, client]] as const) {
      open.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => { open.delete(from); if (!frozen) to.destroy() })
      from.on('data', (bytes: Buffer) => {
        const [, call] = (from === client && /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(bytes.toString('latin1'))) || []
        if (call !== undefined) onCall(call)
        if (!frozen) to.write(bytes)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    freeze: () => { frozen = true },
    close: () => {
      for (const one of open) one.destroy()
      server.close()
      rmSync(socket, { force: true })
    },
  }
}
