// The door in this machine's own network (--host-network): a service that listens there and tells the
// proxy which address each client has, where Docker might put one of its own in its place.

import { isIP } from 'node:net'
import type { Document } from 'yaml'
import { addFirst, quoted, serviceYaml, unpublish } from '../compose-doc.ts'
import type { StackConfig } from '../stack.ts'

/** For `Stack.files`. */
export const FRONT_FILES: Record<string, string> = { 'front/nginx.conf': 'front/files/nginx.conf' }

/** compose.yaml with a service `front`, which listens on the published port in the proxy's place. */
export function listenOnHost(doc: Document, { bind, port, subnet, tls }: StackConfig): void {
  const service = serviceYaml('front')
  service.setIn(['environment', 'LISTEN'], quoted(`${isIP(bind) === 6 ? `[${bind}]` : bind}:${port}`))
  service.setIn(['environment', 'PROXY'], quoted(`${subnet}.10:${tls === 'off' ? 8080 : 8443}`))
  unpublish(doc, bind)
  addFirst(doc, 'front', service)
}

/** Where `front` comes from: the host's own side of the network edge. Nobody else is believed about addresses. */
export const frontAddress = ({ subnet }: Pick<StackConfig, 'subnet'>): string => `${subnet}.9`

/** nginx's listen.conf for a proxy behind it. */
export function behindFront(listen: string): string {
  const lines = listen.replace('compose.yaml publishes this port.', 'Only the service front knows this port.')
    .replace(/^listen (\d+(?: ssl)?);$/m, `listen $1 proxy_protocol;
# Who says no address in front of everything else (the PROXY protocol) isn't answered, and what
# somebody else than front says doesn't count.
set_real_ip_from upstream-front;
real_ip_header proxy_protocol;`)
  if (!lines.includes('proxy_protocol;')) throw new Error('listen.conf of this stack has no plain listen')
  return lines
}
