// Answers -> every file, with nothing written yet.

import { stacks } from '../../../stacks/index.ts'
import type { StackConfig } from '../../../stacks/stack.ts'
import { clockProblem, HARMFUL } from '../../net/clock.ts'
import { subnetFor } from '../../net/subnet.ts'
import type { Engine } from '../../engine.ts'
import { StackError, UsageError } from '../../errors.ts'
import { render } from '../../project/render.ts'
import { proxyUser } from '../../project/proxy-user.ts'
import { ownCert, toConfig, type StaticConfig } from '../../questions/config.ts'
import { backendFor } from '../../running/backend.ts'
import { nothingInTheWay } from '../../running/room.ts'
import type { Answered } from '../../wizard/answer.ts'

export type Planned = Awaited<ReturnType<typeof plan>>

export async function plan({ answers, machine, password }: Answered, engine: Engine | null, now: Date, signal: AbortSignal) {
  const config = toConfig(answers, machine)
  const stack = stacks[config.auth]
  if (!stack) throw new Error(`no stack called ${config.auth}`)
  if (engine) {
    refuseClock(engine, config, now)
    await nothingInTheWay(engine, config)
  }
  const { notes, warnings, ...backend } = await backendFor(answers, engine, machine, signal)
  const whole: StackConfig = { ...config, ...backend, user: proxyUser(), subnet: await freeSubnet(config, engine) }
  const admins = answers.people.some(({ role }) => role === 'admin')
  const nobody = admins ? [] : ['Nobody here is an admin, so nobody can pull or delete models through the proxy. Make somebody one: ollama-stack user add NAME --role admin']
  return { config, engine, notes, warnings: [...warnings, ...nobody], ...await render(stack, whole, answers.people, { now, own: ownCert(answers, now), ...(password === undefined ? {} : { password }) }) }
}

/** Certificates that are made now must hold where the proxy and the clients are. */
function refuseClock(engine: Engine, { tls }: StaticConfig, now: Date): void {
  const off = clockProblem(engine, now)
  if (!off || tls === 'off' || Math.abs(engine.ahead ?? 0) < HARMFUL) return
  throw new StackError(off.code, `${off.message} Nothing was written.`, { hint: off.hint })
}

/** Apart from every other network, and from the addresses that may connect: Docker's own would be on the list. */
async function freeSubnet({ name, allow = [] }: StaticConfig, engine: Engine | null): Promise<string> {
  const networks = engine ? await engine.networks() : []
  const taken = networks.filter(({ project }) => project !== name).flatMap(({ subnets }) => subnets)
  const subnet = subnetFor(name, [...taken, ...allow])
  if (subnet !== null) return subnet
  throw new UsageError('E_ALLOW', `--allow leaves no private address range for the stack's own networks: Docker's address on them would be on the list, and with it everybody.`, 'Name smaller ranges, those that your clients are in.')
}
