// What is wrong with a container, with its own last words: somebody has to fix what they name.

import { LABEL } from '../compose/desired.ts'
import { StackError } from '../errors.ts'
import type { Client, ContainerDetails } from './client.ts'
import { healthOf, orNull } from './observe.ts'
import { logs } from './stream.ts'

/** Ended because somebody asked for it: SIGKILL, SIGTERM, or by itself. */
const ORDERLY = [0, 137, 143]
/** Restarts, of a container that isn't healthy now. */
const OFTEN = 3

/** As E_UNHEALTHY; null: nothing is, or somebody stopped it. */
export async function trouble(docker: Client, id: string): Promise<StackError | null> {
  const details = await orNull(docker.getContainer(id).inspect())
  if (!details) return null
  const { Status: status, ExitCode: code, Error: refused, OOMKilled: starved } = details.State
  const restarts = details.RestartCount
  const again = status === 'restarting' || (status === 'running' && healthOf(details) === 'starting')
  if (again && restarts >= OFTEN) return unhealthy(docker, id, `keeps ending (${status === 'restarting' ? `exit code ${code}, ` : ''}${restarts} restarts)`)
  if (status === 'restarting') return unhealthy(docker, id, `ended with exit code ${code}, and is being started again`)
  if (status === 'exited' && refused) return unhealthy(docker, id, `couldn't be started: ${refused.replace(/\.$/, '')}`)
  if (status === 'exited' && (starved || !ORDERLY.includes(code))) return unhealthy(docker, id, `ended with exit code ${code}`)
  if (healthOf(details) === 'unhealthy') return unhealthy(docker, id, 'runs, but its health check fails')
  return null
}

/** The log and the health check's own words belong into the message: the container may be gone a moment later. */
export async function unhealthy(docker: Client, id: string, what: string): Promise<StackError> {
  const details: ContainerDetails | null = await orNull(docker.getContainer(id).inspect())
  const name = details?.Name.replace(/^\//, '') ?? id.slice(0, 12)
  const service = details?.Config.Labels[LABEL.service] ?? name
  const starved = details?.State.OOMKilled === true
  const parts = [`The service ${service} (container ${name}) ${what}.${starved ? ' Its memory was used up, and the kernel ended it for that.' : ''}`]
  const check = details?.State.Health?.Log?.at(-1)
  if (check?.Output?.trim()) parts.push(`Its health check says (exit code ${check.ExitCode}):\n${indent(check.Output.trim())}`)
  const tail: string[] = []
  for await (const { line } of logs(docker, id, { tail: 20 })) tail.push(line)
  parts.push(tail.length > 0 ? `Its last log lines:\n${indent(tail.join('\n'))}` : 'It wrote nothing to its log.')
  return new StackError('E_UNHEALTHY', parts.join('\n'), {
    hint: starved ? `Raise services.${service}.mem_limit in compose.yaml or remove it, free some memory, or take a smaller model. Then run: ollama-stack up` : 'Fix what the log names, then run: ollama-stack up',
  })
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
