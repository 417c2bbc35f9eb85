// What a hand edit of compose.yaml can open by accident. `create` refuses the same; plain
// `docker compose up -d` asks nobody.

import { StackError } from './errors.ts'
import { isPrivate, thisMachine, type Machine } from './machine.ts'
import type { Project } from './project.ts'

/** What is open, and what to do about it; null when nothing is. */
export function exposure({ bind, port, tls, insecureHttp, file }: Pick<Project, 'bind' | 'port' | 'tls' | 'insecureHttp' | 'file'>, machine: Machine = thisMachine()): { what: string; fix: string } | null {
  if ((file.services['ollama']?.ports ?? []).length > 0) {
    return { what: "compose.yaml publishes a port of the service ollama, which anybody can use without a login", fix: 'Remove `ports` from services.ollama: the proxy is the way in.' }
  }
  if (tls === 'off' && !insecureHttp && !isPrivate(bind, machine)) {
    return {
      what: `compose.yaml publishes port ${port} on ${bind} without TLS, where every credential and prompt can be read on its way`,
      fix: 'Put host_ip back to 127.0.0.1, or make a project with HTTPS: npx create-ollama-stack@latest --bind 0.0.0.0\n' +
        'If something else encrypts the way, write `insecure-http: true` below x-ollama-stack.',
    }
  }
  return null
}

/** Throws E_INSECURE. */
export function refuseExposure(project: Project): void {
  const open = exposure(project)
  if (open) throw new StackError('E_INSECURE', `${open.what}. Nothing was started.`, { hint: open.fix })
}
