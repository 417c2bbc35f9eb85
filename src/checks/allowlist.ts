// Which address the proxy sees. Docker may put one of its own in a client's place: on Docker Desktop,
// rootless, for IPv6, and through docker-proxy. An allowlist can tell nobody apart then.

import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusesOthers } from '../../stacks/allow.ts'
import { isAllowed } from '../questions/allowed.ts'
import { readPlain } from '../project/disk.ts'
import type { Engine } from '../engine.ts'
import { ask } from '../net/http.ts'
import type { Project } from '../project/project.ts'
import { couldNotRun, failed, passed, type Check, type Visit } from './check.ts'

/** How long a line of the proxy's log may take to be with the engine. */
const LOGGED_MS = 5000

export const allowlist: Check<Pick<Visit, 'project' | 'door' | 'engine' | 'signal'>> = {
  id: 'allowlist',
  title: 'Only listed addresses may connect, and the proxy sees whose they are',
  applies: ({ allow }) => allow.length > 0,
  async run({ project, door, engine, signal }) {
    const file = project.stack.allowlist
    if (!refusesOthers(readPlain(join(project.dir, file)))) return failed(`x-ollama-stack has a list, but ${file} lets everybody in`)
    // Of unknown paths the log shows this kind alone (stacks/nginx/common.conf, stacks/mtls/files/access-log.caddy).
    const path = `/ollama-stack-test-${randomBytes(4).toString('hex')}`
    const { status } = await ask(door, { path, signal })
    if (!engine) return couldNotRun('no engine whose log could be read')
    const address = await loggedAddress(project, engine, path, signal)
    if (address === null) return failed(`the proxy's log has no line about a request to ${door.connect.host} (it answered ${status})`)
    // From here the way leads through no other machine: what isn't ours is Docker's.
    const own = Object.values(networkInterfaces()).flatMap((list = []) => list.map((one) => one.address))
    if (!own.includes(address) || isDockers(project, address)) {
      return failed(`the proxy sees ${address}, an address of Docker's own, in the place of a client's. The list lets nobody in who comes like that. ${instead(project)}`)
    }
    if (isAllowed(project.allow, address) !== (status !== 403)) return failed(`${address} got ${status}, and the list ${isAllowed(project.allow, address) ? 'has' : "doesn't have"} it`)
    return status === 403 ? couldNotRun(`this machine (${address}) isn't on the list itself, so nothing more can be tried from here`) : passed(`it sees this machine as ${address}`)
  },
}

function instead({ hostNetwork }: Project): string {
  if (hostNetwork) return 'The service front should say which it is: ollama-stack logs front'
  return `${process.platform === 'linux' ? 'Make the project anew with --host-network, or filter' : 'Filter'} in the firewall instead (chain DOCKER-USER)`
}

/** The host's side of the network edge: what docker-proxy and a masquerading engine come from. */
function isDockers({ file }: Project, address: string): boolean {
  const subnet = file.networks['edge']?.ipam?.config?.[0]?.subnet
  return subnet !== undefined && isAllowed([subnet], address)
}

async function loggedAddress({ name, stack }: Project, engine: Engine, path: string, signal: AbortSignal): Promise<string | null> {
  const { containers } = await engine.observe(name, [], signal)
  const proxy = containers.find(({ service }) => service === 'proxy')
  if (!proxy) return null
  for (const end = Date.now() + LOGGED_MS; Date.now() < end; await sleep(100, undefined, { signal })) {
    for await (const { line } of engine.logs(proxy.id, { tail: 100, signal })) {
      const access = stack.access(line)
      if (access?.path === path) return access.address
    }
  }
  return null
}
