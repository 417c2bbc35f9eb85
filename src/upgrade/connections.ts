// Who would notice a restart of the proxy.

import type { Observed } from '../compose.ts'
import type { Engine } from '../engine.ts'

/** Where the proxies listen in their containers. */
const PORTS = [8080, 8443]
/** include/net/tcp_states.h */
const ESTABLISHED = '01'

/** Connections of clients that are open now, idle ones too; null: it can't be seen. */
export async function openConnections({ containers }: Observed, engine: Engine, signal: AbortSignal): Promise<number | null> {
  const proxy = containers.find(({ service, state }) => service === 'proxy' && state === 'running')
  if (!proxy) return null
  const { code, stdout } = await engine.exec(proxy.id, ['cat', '/proc/net/tcp', '/proc/net/tcp6'], { signal })
  return code === 0 ? connectionsIn(stdout) : null
}

/** Lines of /proc/net/tcp: `sl local_address rem_address st ...`, addresses and ports in hexadecimal. */
export function connectionsIn(table: string): number {
  return table.split('\n').filter((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === ESTABLISHED && PORTS.includes(Number.parseInt(local.split(':')[1] ?? '', 16))
  }).length
}
