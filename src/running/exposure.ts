// What a hand edit of compose.yaml can open by accident. `create` refuses the same; plain
// `docker compose up -d` asks nobody.

import { StackError } from '../errors.ts'
import { isPrivate, thisMachine, type Machine } from '../questions/machine.ts'
import { publishedBy, type Project } from '../project/project.ts'
import { overlaps } from '../net/subnet.ts'

/** What is open, and what to do about it; null when nothing is. Every port counts, the first one is only what clients are told. */
export function exposure(project: Pick<Project, 'tls' | 'insecureHttp' | 'file' | 'allow'> & { stack: Pick<Project['stack'], 'needsTls'> }, machine: Machine = thisMachine()): { what: string; fix: string } | null {
  const { tls, insecureHttp, file, allow, stack } = project
  const { tls: endsTls, front, proxy, ...others } = file.services
  for (const [name, { ports = [], network_mode, networks = {}, environment = {} }] of Object.entries(others)) {
    if (name === 'ollama' && network_mode === 'host') {
      return { what: "compose.yaml has the service ollama in this machine's own network, a way to Ollama without a login", fix: 'Put its networks back in the place of `network_mode: host`.' }
    }
    if (name === 'ollama-host' && !environment['LISTEN']?.startsWith('unix:')) {
      return { what: "compose.yaml has the service ollama-host listen on more than a socket file, a way to Ollama without a login", fix: 'Put LISTEN: "unix:/run/ollama/api.sock" back below services.ollama-host.environment.' }
    }
    if (ports.length > 0 && (name === 'ollama' || 'backend' in networks)) {
      return { what: `compose.yaml publishes a port of the service ${name}, a way to Ollama without a login`, fix: `Remove \`ports\` from services.${name}, or take it off the network backend: the proxy is the way in.` }
    }
  }
  if (file.networks['backend'] && file.networks['backend'].internal !== true) {
    return { what: "compose.yaml has a network backend that isn't internal, so that more than the proxy may reach Ollama", fix: 'Put `internal: true` back below networks.backend.' }
  }
  for (const [name, service] of [['tls', endsTls], ['front', front]] as const) {
    if ('backend' in (service?.networks ?? {})) {
      return { what: `compose.yaml has the service ${name} on the network backend, past the login`, fix: name === 'tls' ? 'Leave only `edge` below services.tls.networks.' : 'Put `network_mode: host` back in the place of services.front.networks.' }
    }
  }
  const edge = file.networks['edge']?.ipam?.config?.[0]?.subnet
  const wide = edge === undefined ? undefined : allow.find((entry) => overlaps(entry, edge))
  if (wide !== undefined) {
    return { what: `x-ollama-stack.allow has ${wide}, and with it Docker's own address on the network edge (${edge}), which many clients seem to come from`, fix: 'Name a smaller range, there and in the proxy/allow file.' }
  }
  const published = [endsTls, front, proxy].flatMap(publishedBy)
  // Behind a service that ends TLS the proxy itself speaks plain HTTP.
  const plain = tls === 'off' ? published : tls === 'acme' && !stack.needsTls ? publishedBy(proxy) : []
  const open = insecureHttp ? undefined : plain.find(({ bind }) => !isPrivate(bind, machine))
  if (open) {
    return {
      what: `compose.yaml publishes port ${open.port} on ${open.bind} without TLS, where every credential and prompt can be read on its way`,
      fix: 'Put host_ip back to 127.0.0.1, or get HTTPS: ollama-stack configure --tls private\n' +
        'If something else encrypts the way, write `insecure-http: true` below x-ollama-stack.',
    }
  }
  // The proxy goes by this where a login is only good on loopback.
  const told = proxy?.environment?.['PUBLISHED_ON']
  const other = told === undefined ? undefined : published.find(({ bind }) => bind !== told)
  if (tls === 'off' && other) {
    return { what: `compose.yaml publishes port ${other.port} on ${other.bind}, but tells the proxy that it is ${told}`, fix: 'Let services.proxy.environment.PUBLISHED_ON be the host_ip of every port (create writes it as an alias of the first one).' }
  }
  return null
}

/** Throws E_INSECURE. */
export function refuseExposure(project: Project): void {
  const open = exposure(project)
  if (open) throw new StackError('E_INSECURE', `${open.what}. Nothing was started.`, { hint: open.fix })
}
