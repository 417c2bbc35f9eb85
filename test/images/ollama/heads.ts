// What reached Ollama: the last request heads, in memory, told to nobody but a Unix socket that
// only this container's own user can open. Nothing of it is reachable over the network.

import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'

export const SOCKET = '/tmp/standin.sock'

const KEEP = 2000

export interface Head {
  method: string
  /** As it stood on the request line. */
  target: string
  /** Name, value, name, value, as they came. */
  headers: string[]
  /** Bytes of body received so far. */
  body: number
}

export interface Heads {
  add: (head: Head) => void
  /** Oldest first. */
  all: () => Head[]
  clear: () => void
}

export function createHeads(): Heads {
  const ring: Head[] = []
  let next = 0
  return {
    add(head) {
      ring[next] = head
      next = (next + 1) % KEEP
    },
    all: () => [...ring.slice(next), ...ring.slice(0, next)],
    clear() {
      ring.length = 0
      next = 0
    },
  }
}

/** GET gives all heads; DELETE gives them and forgets them, so that none is lost between the two. */
export function serveHeads(heads: Heads, path: string): Promise<Server> {
  rmSync(path, { force: true })
  const server = createServer((request, response) => {
    response.end(JSON.stringify(heads.all()))
    if (request.method === 'DELETE') heads.clear()
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}
