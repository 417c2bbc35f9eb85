// The server's certificate: on disk, in the proxy, and in the eyes of clients.

import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { tlsChecks } from '../checks/tls.ts'
import { readCert } from '../certs/read-cert.ts'
import { shellWord } from '../ui/shell-word.ts'
import { doorOf } from '../running/door.ts'
import { StackError } from '../errors.ts'
import { covers } from '../certs/host-match.ts'
import { isEverywhere, isPublicAddress } from '../questions/machine.ts'
import type { Project } from '../project/project.ts'
import { checkServerCert, liesInFiles, ownCertWarnings, servedCert } from '../running/server-cert.ts'
import { showsAnother } from '../running/take-cert.ts'
import { DAY_MS, relative } from '../ui/when.ts'
import { fail, ofProject, ok, OWNER, warn, worst, type Check, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'

/** `up` makes a new one within the last 30 days, Caddy within the last third. */
const SOON_DAYS = 30

export const certificateChecks: Check[] = [
  ofProject({
    id: 'certificate-pair',
    title: 'Certificate and key',
    run({ project, text }) {
      if (!liesInFiles(project.tls) && !project.stack.needsTls) return null
      const last = join(project.dir, 'certs/server', liesInFiles(project.tls) ? 'server.key' : 'ca.crt')
      try {
        checkServerCert(project)
      } catch (error) {
        if (!(error instanceof StackError)) throw error
        return fail(error.message, error.hint)
      }
      // What may not be read is passed over, so that people who may use Docker can start what isn't theirs.
      if (text(last) === null) return warn(`This user may not read ${last}, so this can't be told`, OWNER)
      return ok(liesInFiles(project.tls) ? 'both are whole and belong together' : "the CA's certificate is whole")
    },
  }),
  ofProject({
    id: 'certificate-expiry',
    title: 'End of the certificate',
    run({ project, now }) {
      if (project.tls === 'off') return null
      const pem = servedCert(project)
      if (pem === null && liesInFiles(project.tls)) return warn("This user may not read it, so this can't be told", OWNER)
      if (pem === null) return warn('There is none yet, or this user may not read it', `Get one: ollama-stack up\n${OWNER}`)
      return ending(project, readCert(pem), now)
    },
  }),
  ofProject({ id: 'certificate-names', title: 'Names of the certificate', run: (facts) => names(facts.project, facts) }),
  ofProject({
    id: 'certificate-shown',
    title: 'Certificate that clients see',
    async run({ project, answer, now, signal }) {
      if (project.tls === 'off' || (await answer()).reply === null) return null
      if (await showsAnother(project)) return fail('The proxy shows another certificate than the one in certs/server', 'Let it take the new one: ollama-stack up')
      const check = tlsChecks.find(({ id }) => id === 'certificate')
      const verdict = await check?.run({ project, door: doorOf(project), now, signal })
      return verdict?.ok ? ok(verdict.detail) : fail(`Clients refuse it, or will: it ${verdict?.detail}`, 'ollama-stack up renews what is made here; see also: ollama-stack test')
    },
  }),
]

function ending({ dir, tls, hosts }: Project, { notBefore, notAfter }: { notBefore: Date; notAfter: Date }, now: Date): Verdict {
  const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS)
  const day = notAfter.toISOString().slice(0, 10)
  const renew = tls === 'private' ? 'Renew it: ollama-stack up' : tls === 'acme' ? "Caddy renews it by itself; why it hasn't: ollama-stack logs" : `Put the new files over ${join(dir, 'certs/server/server.crt')} and server.key, then: ollama-stack up`
  if (now < notBefore) return fail(`It isn't valid before ${notBefore.toISOString()}, and this machine's clock says ${now.toISOString()}`, 'Look at the clock: timedatectl')
  if (days < 0) return fail(`It ended on ${day}: clients refuse it`, renew)
  const late = tls === 'acme' ? notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 5 : days < SOON_DAYS
  const more = ownCertWarnings({ dir, tls, hosts }, now)
  if (late) return warn(`It ends on ${day}, ${relative(notAfter, now)}`, tls === 'private' && !existsSync(join(dir, 'certs/ca.key')) ? `Put certs/ca.key back, then: ollama-stack up` : renew)
  return more.length > 0 ? warn(more.join(' '), renew) : ok(`${day}, ${relative(notAfter, now)}`)
}

/** Against the addresses that this machine has now: a new DHCP lease makes a certificate wrong. */
function names(project: Pick<Project, 'tls' | 'hosts' | 'bind' | 'url' | 'dir'>, { machine }: Pick<Facts, 'machine'>): Verdict | null {
  if (project.tls !== 'private') return null
  const pem = servedCert(project)
  if (pem === null) return null
  const { sans } = readCert(pem)
  const [first = ''] = project.hosts
  const present = isEverywhere(project.bind) ? machine.addresses.map(({ ip }) => ip).filter((ip) => isIP(ip) === isIP(project.bind)) : []
  const unnamed = present.filter((ip) => !covers(sans, ip))
  const gone = isIP(first) !== 0 && present.length > 0 && !present.includes(first) && !isPublicAddress(first)
  const fix = `Give it the names and addresses that clients use: ollama-stack configure ${[...project.hosts.filter((host) => isIP(host) === 0 && host.includes('.')), ...present].map((host) => `--host ${shellWord(host)}`).join(' ')}`
  return worst([
    ...(gone ? [warn(`The URL is ${project.url}, and this machine has no address ${first} any more`, fix)] : []),
    ...(unnamed.length > 0 ? [warn(`This machine has ${unnamed.join(', ')} now, which the certificate doesn't name: clients that go there refuse it`, fix)] : []),
  ], ok(`${sans.length}, and every address that it is published on is among them`))
}
