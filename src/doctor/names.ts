// The names that clients use: whether they lead here, from what can be seen from inside.

import { isIP } from 'node:net'
import { isLoopback, isPublicAddress, loopback, type Machine } from '../questions/machine.ts'
import { frontOf, publishedBy, type Project } from '../project/project.ts'
import { servedCert } from '../running/server-cert.ts'
import { fail, ofProject, ok, warn, worst, type Check, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'

export const nameChecks: Check[] = [
  ofProject({
    id: 'names',
    title: 'Names that clients use',
    async run(facts) {
      const names = namesOf(facts.project, facts.machine)
      const found = await Promise.all(names.map((name) => leads(name, facts.project, facts)))
      const good = found.filter(({ level }) => level === 'ok')
      return worst(found.filter(({ level }) => level !== 'ok'), names.length === 0 ? null : ok(good.map(({ evidence }) => evidence).join('; ')))
    },
  }),
  ofProject({
    id: 'port-80',
    title: 'Port 80 for the CA',
    async run({ project, get, answer }) {
      if (project.tls !== 'acme' || (await answer()).reply === null) return null
      const [name = ''] = project.hosts
      const port = publishedBy(project.file.services[frontOf(project.file)]).find((one) => one.port === 80)
      if (!port) return fail('compose.yaml publishes no port 80, where the CA comes to', 'Put the second entry of `ports` back that create wrote.')
      const host = port.bind === '0.0.0.0' || port.bind === '::' ? loopback(port.bind) : port.bind
      const reply = await get(`http://${isIP(name) === 6 ? `[${name}]` : name}`, { host, port: 80 })
      if (reply?.status === 308) return ok(`${host}:80 answers; whether it comes through from outside, only the outside can tell`)
      return fail(reply === null ? `Nothing answers at ${host}:80, where the CA comes to` : `${host}:80 answers ${reply.status}, which isn't this stack's redirect`, 'What holds it: sudo ss -ltnp "sport = :80"   Then: ollama-stack up')
    },
  }),
]

/** DNS names that the owner gave: this machine's own are made up by it, and the others need no DNS. */
function namesOf({ hosts, bind }: Pick<Project, 'hosts' | 'bind'>, { names }: Machine): string[] {
  return isLoopback(bind) ? [] : hosts.filter((host) => isIP(host) === 0 && host.includes('.') && !names.includes(host) && !/(?:^|\.)localhost$/.test(host))
}

async function leads(name: string, project: Project, { machine, resolve, peer, get }: Facts): Promise<Verdict> {
  const addresses = await resolve(name)
  const own = machine.addresses.map(({ ip }) => ip)
  const listed = addresses.join(', ')
  if (addresses.length === 0) {
    const evidence = `Nobody knows the name ${name}`
    return project.tls === 'acme' ? fail(`${evidence}: the CA won't find this machine`, `Add a DNS record of it with your public address, then look: dig +short ${name}`) : warn(`${evidence}: clients can't use it`, `Add it to your DNS or router, or to each client's hosts file: ${own[0] ?? 'ADDRESS'} ${name}`)
  }
  if (addresses.some((ip) => own.includes(ip))) return ok(`${name} leads to this machine (${listed})`)
  if (addresses.every(isLoopback)) return warn(`${name} leads to ${listed} here, so what others get can't be told from this machine`, `Look from another one: dig +short ${name}   Here the name is in /etc/hosts.`)
  const [foreign = ''] = addresses.filter((ip) => !isLoopback(ip))
  if (!isPublicAddress(foreign)) return fail(`${name} leads to ${listed}, and this machine has ${own.join(', ') || 'no such address'}`, `Let its DNS record say ${own[0] ?? 'the address of this machine'}.`)
  return await isUs(name, foreign, project, { peer, get })
    ? ok(`${name} leads to ${listed}, where this stack answers`)
    : warn(`${name} leads to ${listed}, which is not an address of this machine, and from here this stack doesn't answer there`, `Behind a router that may be right: try it from outside (a phone without Wi-Fi), and look at the router's port forwarding${project.tls === 'acme' ? `: ports 80 and ${project.port}` : ''}. Your public address should be ${listed}.`)
}

/** By its certificate, or without TLS by what it asks a stranger for. */
async function isUs(name: string, host: string, project: Project, { peer, get }: Pick<Facts, 'peer' | 'get'>): Promise<boolean> {
  const at = { host, port: project.port }
  if (project.tls === 'off') return project.stack.challenge.test((await get(project.url, at))?.headers['www-authenticate'] ?? '')
  const shown = await peer(name, at)
  return shown !== null && shown === servedCert(project)
}
