// An Ollama that isn't the stack's own (--ollama URL): a forwarder in its place, at the address that
// the proxy knows, so that nothing of the proxy is different.
//
//   socket    Linux, this machine:  proxy -> ollama -> socket file -> ollama-host -> 127.0.0.1
//   gateway   Docker Desktop, this machine:  proxy -> ollama -> host.docker.internal
//   network   another machine:  proxy -> ollama -> its address
//
// On Linux a container can't reach 127.0.0.1 of its machine, and nobody should have Ollama listen
// elsewhere for that: whoever reaches such a port needs no login.

import { isScalar, Scalar, type Document, type YAMLMap } from 'yaml'
import { mapAt, quoted, seqAt, serviceYaml } from '../compose-doc.ts'
import type { Elsewhere, StackConfig } from '../stack.ts'

/** The socket file, as both ends of it name it. */
export const SOCKET = 'unix:/run/ollama/api.sock'
/** What Docker's own gateways call the machine that they run on. */
export const GATEWAY = 'host.docker.internal'

/** Project path -> path below `stacks/`. */
export const FORWARD_FILES: Record<string, string> = { 'forward/nginx.conf': 'forward/files/nginx.conf', 'forward/start.sh': 'forward/files/start.sh' }

/** compose.yaml with the forwarder in Ollama's place. */
export function forward(doc: Document, { subnet }: Pick<StackConfig, 'subnet'>, { host, port, way }: Elsewhere): void {
  const services = mapAt(doc, ['services'])
  const service = serviceYaml('forward')
  services.set('ollama', service)
  service.setIn(['environment', 'LISTEN'], quoted(`${subnet}.2:11434`))
  service.setIn(['environment', 'UPSTREAM'], quoted({ socket: SOCKET, gateway: `${GATEWAY}:${port}`, network: `${host}:${port}` }[way]))
  service.setIn(['networks', 'backend', 'ipv4_address'], quoted(`${subnet}.2`))
  if (way === 'gateway') service.set('extra_hosts', doc.createNode([quoted(`${GATEWAY}=host-gateway`)], { flow: true }))
  if (way === 'socket') return meetOnSocket(doc, services, port)
  doc.delete('volumes')
  for (const { key } of mapAt(doc, ['networks']).items) {
    if (isScalar(key) && key.value === 'egress') key.commentBefore = " The forwarder's way out. It listens on none of it."
  }
}

/** The socket file leads to the one place, so no other way out is needed. */
function meetOnSocket(doc: Document, services: YAMLMap, port: number): void {
  for (const path of [['services', 'ollama', 'networks', 'egress'], ['services', 'ollama', 'sysctls'], ['networks', 'egress']]) doc.deleteIn(path)
  const end = serviceYaml('forward', 'host.yaml')
  end.setIn(['environment', 'UPSTREAM'], quoted(`127.0.0.1:${port}`))
  seqAt(doc, ['services', 'ollama', 'volumes']).add(end.getIn(['volumes', 1], true))
  const name = new Scalar('ollama-host')
  name.spaceBefore = true
  services.set(name, end)
  // The options of a mount: nobody but the two (user 65532) may look in.
  const volumes = mapAt(doc, ['volumes'])
  volumes.commentBefore = ' Where the two ends meet. In memory, and open to their user alone.'
  volumes.items = [doc.createPair('socket', { driver_opts: { type: 'tmpfs', device: 'tmpfs', o: quoted('size=64k,mode=0700,uid=65532,gid=65532') } })]
}
