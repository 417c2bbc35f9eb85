// create, from arguments to a running, tested stack:
//
//   argv, terminal -- answer() ----> Answers          answer.ts, fields.ts, wizard.ts: one table of questions
//   Answers -------- toConfig() ---> StackConfig      config.ts: every problem at once, no secret in it
//   StackConfig ---- render() -----> FileMap          render.ts: real files + a few edits; secrets are born here
//   FileMap -------- writeProject() > directory       scaffold.ts: whole or not at all
//   ................................ from here on only the directory speaks ......................
//   directory ------ loadProject() > Project          the same as any later command
//   Project -------- bringUp() ----> healthy services  compose.ts plans, engine.ts applies
//                    pullModel(), runChecks()          start.ts: through the front door, with short-lived people
//   report: URL, secrets once, a command to paste
//
// What fails after the files are written is reported together with what was made: no secret is lost.

import { stacks } from '../../stacks/index.ts'
import type { StackConfig } from '../../stacks/stack.ts'
import { answer, createFlags, repeatLine, type Answered } from '../wizard/answer.ts'
import { backendFor } from '../running/backend.ts'
import { clockProblem, HARMFUL } from '../net/clock.ts'
import { define, type Context, type Input } from '../cli/command.ts'
import { ownCert, toConfig, type StaticConfig } from '../questions/config.ts'
import { dryRun } from '../project/dry-run.ts'
import type { Engine } from '../engine.ts'
import { adding, CancelError, StackError, UsageError } from '../errors.ts'
import { openKey } from '../questions/own-cert.ts'
import { loadProject } from '../project/project.ts'
import { render } from '../project/render.ts'
import { cutShort, documentOf, failedAfterWriting, reportCreated, type Done } from '../start/report.ts'
import { nothingInTheWay } from '../running/room.ts'
import { proxyUser, writeProject } from '../project/scaffold.ts'
import { engineToStart, startAndTest } from '../start/start.ts'
import { subnetFor } from '../net/subnet.ts'

export const command = define({
  name: 'create',
  summary: 'Write a new stack, start it, pull a test model and test the login',
  usage: 'create-ollama-stack [DIR] [flags]',
  examples: ['npm create ollama-stack', 'npx create-ollama-stack@latest my-stack --user ann:admin --user bob --yes', 'npx create-ollama-stack@latest --auth basic --bind 192.168.1.20 --dry-run --yes'],
  flags: createFlags,
  positionals: ['[DIR]'],
  run: create,
})

async function create(input: Input<typeof createFlags>, context: Context): Promise<0 | 1> {
  const { json, ui, signal } = context
  const now = new Date()
  const { answers, password, config, engine, notes, warnings, files, credentials } = await prepare(input, context, now).catch((error: unknown) => {
    throw signal.aborted ? new CancelError() : error
  })
  const { directory } = answers
  const warning = answers.tlsKey === null ? null : openKey(answers.tlsKey)
  for (const text of [...(warning === null ? [] : [warning]), ...warnings]) ui.warn(text)
  if (input.flags['dry-run']) return dryRun(directory, files, context)
  for (const note of notes) ui.line(note)
  if (signal.aborted) throw new CancelError()

  await ui.step(`Write ${files.size} files to ${directory}`, async () => writeProject(directory, files))
  const project = loadProject(directory)
  const done: Done = { project, credentials, started: false, model: null, checks: [] }
  const lastWords = (): void => cutShort(done, json, ui)
  process.once('exit', lastWords)
  try {
    if (engine) await startAndTest(done, config.model, engine, context, now)
  } catch (error) {
    // The secrets first: nobody can read them again.
    if (!json) reportCreated(done, ui)
    throw failedAfterWriting(error, done, signal)
  } finally {
    process.off('exit', lastWords)
  }
  if (json) ui.data(JSON.stringify(documentOf(done)))
  else {
    reportCreated(done, ui)
    ui.line(`The same again, without questions:\n${repeatLine(answers, { ownPassword: password !== undefined })}`)
  }
  return 0
}

/** Everything before the first file. Asks the engine too: without one, or with the port taken, there is nothing to clean up. */
async function prepare(input: Input<typeof createFlags>, context: Context, now: Date) {
  const mayStart = input.flags.start !== false && !input.flags['dry-run']
  let found: Engine | undefined
  const answered = await answer(input, context, async () => {
    if (mayStart) found = await engineToStart(context)
  })
  const { answers, password } = answered
  try {
    const engine = mayStart && answers.start ? found ?? await engineToStart(context) : null
    return { answers, password, ...await compose(answered, engine, now, context.signal) }
  } catch (error) {
    // Nobody should have to answer the same questions again.
    throw answered.asked && error instanceof StackError ? adding(error, `Your answers in one line, to change what is in the way: ${repeatLine(answers, { ownPassword: false })}`) : error
  }
}

async function compose({ answers, machine, password }: Answered, engine: Engine | null, now: Date, signal: AbortSignal) {
  const config = toConfig(answers, machine)
  const stack = stacks[config.auth]
  if (!stack) throw new Error(`no stack called ${config.auth}`)
  if (engine) {
    refuseClock(engine, config, now)
    await nothingInTheWay(engine, config)
  }
  const { notes, warnings, ...backend } = await backendFor(answers, engine, machine, signal)
  const whole: StackConfig = { ...config, ...backend, user: proxyUser(), subnet: await freeSubnet(config, engine) }
  return { config, engine, notes, warnings, ...await render(stack, whole, answers.people, { now, own: ownCert(answers, now), ...(password === undefined ? {} : { password }) }) }
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
