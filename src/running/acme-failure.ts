// Why there is no certificate: in the CA's own words, out of what the container said last.

import { StackError } from '../errors.ts'
import { frontOf, type Project } from '../project/project.ts'
import { servedCert } from './server-cert.ts'

/** An E_UNHEALTHY of the service that gets certificates, as E_ACME with the reason; any other error as it is. */
export function explainAcme(error: unknown, project: Project): unknown {
  const { tls, hosts, port, file } = project
  if (tls !== 'acme' || !(error instanceof StackError) || error.code !== 'E_UNHEALTHY') return error
  // One that ends has another trouble, which its log names.
  if (!error.message.startsWith(`The service ${frontOf(file)} `) || !/health check fails|not healthy/.test(error.message) || servedCert(project) !== null) return error
  const reason = reasonIn(error.message) ?? 'none so far. It may still be looking for this machine'
  const [name = ''] = hosts
  // Go's words, with the time that it went by.
  const [, clock] = /certificate has expired or is not yet valid: current time (\S+)/.exec(reason) ?? []
  if (clock !== undefined) {
    return new StackError('E_ACME', `There is no certificate for ${name}: the CA's own one doesn't hold by the engine's clock, which says ${clock}.`, {
      hint: 'If that is wrong, set it: sudo timedatectl set-ntp true   then run: ollama-stack up\nIf it is right, the CA at --acme-directory shows a certificate that has ended.', cause: error,
    })
  }
  return new StackError('E_ACME', `There is no certificate for ${name} yet. The CA's answer: ${reason}.`, {
    // An account is registered before the CA looks at anything here.
    hint: /registering account|getting ACME directory|provisioning client/.test(reason)
      ? 'The CA itself answers like that, or not at all: look at --acme-directory and --acme-root, and whether this machine has a way out.'
      : `${name} must lead to this machine (dig +short ${name}), and ports 80 and ${port} must come through from outside: look at the router and the firewall.`,
    cause: error,
  })
}

/** Caddy logs a JSON object a line; the last failure to get a certificate has the CA's problem document (RFC 8555, 6.7) in it. */
function reasonIn(text: string): string | null {
  for (const line of text.split('\n').toReversed()) {
    const start = line.indexOf('{"level":"error"')
    if (start < 0) continue
    try {
      const { logger, error } = JSON.parse(line.slice(start)) as { logger?: string; error?: string }
      if (logger === 'tls.obtain' && error) return error.replace(/^\[[^\]]*\] Obtain: /, '').replace(/ \(ca=\S+\)$/, '').replace(/\.$/, '')
    } catch {
      continue // cut off
    }
  }
  return null
}
