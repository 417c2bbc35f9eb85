// Ports of this machine, looked at by trying to listen.

import net from 'node:net'

/** Whether nobody listens there. True also where it can't be known: an address that isn't this machine's, a port that only root may open. */
export function portFree(bind: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen({ host: bind, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** The first free port from there on; `from` when there is none near. */
export async function freePort(bind: string, from: number): Promise<number> {
  for (let port = from; port < from + 20 && port <= 65535; port++) if (await portFree(bind, port)) return port
  return from
}

/** Whether one can listen on that address of this machine. */
export function isHere(bind: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRNOTAVAIL'))
    server.listen({ host: bind, port: 0 }, () => server.close(() => resolve(true)))
  })
}
