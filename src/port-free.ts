import net from 'node:net'

/** Whether nobody listens there. True also where it can't be known: an address that isn't this machine's, a port that only root may open. */
export function portFree(bind: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen({ host: bind, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
