// The published port: whose it is, and who is kept away from it.

import { network } from '../checks/network.ts'
import { portHolder } from '../engine/ports.ts'
import { isEverywhere, isLoopback } from '../questions/machine.ts'
import { isHere } from '../net/port-free.ts'
import { frontOf, publishedBy } from '../project/project.ts'
import { fail, ofBoth, ofProject, ok, warn, worst, type Check, type Verdict } from './check.ts'
import { exposure } from '../running/exposure.ts'

export const networkChecks: Check[] = [
  ofBoth({
    id: 'port',
    title: 'Published port',
    async run({ project, engine, containers }) {
      const front = frontOf(project.file)
      const running = (await containers()).some(({ service, state }) => service === front && state === 'running')
      const looked = await Promise.all(publishedBy(project.file.services[front]).map(async ({ bind, port }): Promise<Verdict[]> => {
        if (engine.local && !(await isHere(bind))) return [fail(`This machine has no address ${bind} any more, so nothing can be published there`, 'Take another: ollama-stack configure --bind ADDRESS   Those that it has: ip -brief address')]
        const owner = await engine.portOwner(bind, port)
        // In the host's own network it is a process of the container that holds it.
        if (owner === null || owner.project === project.name || (project.hostNetwork && running)) return []
        const { who, fix } = portHolder(owner, port)
        return [fail(`Port ${port} on ${bind} belongs to ${who}`, `${fix}\nOr take another port: ollama-stack configure --port PORT`)]
      }))
      return worst(looked.flat(), ok(`${publishedBy(project.file.services[front]).map(({ bind, port }) => `${bind}:${port}`).join(', ')}, ${running ? 'held by this stack' : 'free'}`))
    },
  }),
  ofProject({
    id: 'exposure',
    title: 'Ways around the login',
    run({ project, machine }) {
      const open = exposure(project, machine)
      return open === null ? ok('compose.yaml opens none') : fail(open.what, open.fix)
    },
  }),
  ofBoth({
    id: 'ollama-unpublished',
    title: "Ollama's own port",
    async run({ project, engine, containers, signal }) {
      if (!(await containers()).some(({ service, state }) => service === 'ollama' && state === 'running')) return null
      const verdict = await network.find(({ id, applies }) => id.endsWith('-unpublished') && applies?.(project))?.run({ project, engine, signal })
      if (verdict?.ok == null) return warn(`This can't be told: ${verdict?.detail}`, 'See what runs: ollama-stack status')
      return verdict.ok ? ok(verdict.detail) : fail(`Ollama can be reached without a login: ${verdict.detail}`, 'Make its container anew as compose.yaml says: ollama-stack up')
    },
  }),
  ofBoth({
    id: 'ufw',
    title: 'ufw',
    run({ project, engine, platform, text }) {
      const active = platform === 'linux' && engine.local && /^ENABLED=yes$/m.test(text('/etc/ufw/ufw.conf') ?? '')
      if (!active) return null
      const open = publishedBy(project.file.services[frontOf(project.file)]).filter(({ bind }) => !isLoopback(bind))
      if (open.length === 0) return ok('active, and no port is published beyond this machine')
      if (project.hostNetwork) return ok('active, and it covers the service front, which listens in the network of this machine')
      if (/DOCKER-USER/.test(text('/etc/ufw/after.rules') ?? '')) return ok('active, with rules of its own for Docker (DOCKER-USER)')
      const where = open.map(({ bind, port }) => `${port} on ${isEverywhere(bind) ? 'every address' : bind}`).join(', ')
      return warn(`ufw is active, but doesn't cover port ${where}: Docker's rules come before it, and \`ufw deny\` changes nothing. The login is what keeps others out`,
        'To filter by address too: ollama-stack configure --allow 192.168.1.0/24   or --host-network, where ufw counts   or rules in the chain DOCKER-USER (https://docs.docker.com/engine/network/packet-filtering-firewalls/)')
    },
  }),
]
