// create, from arguments to a running, tested stack:
//
//   argv, terminal -- answer() ----> Answers          answer.ts, fields.ts, wizard.ts: one table of questions
//   Answers -------- toConfig() ---> StackConfig      config.ts: every problem at once, no secret in it
//   StackConfig ---- render() -----> FileMap          render.ts: real files + a few edits; secrets are born here
//   FileMap -------- writeProject() > directory       scaffold.ts: whole or not at all
//   ................................ from here on only the directory speaks ......................
//   directory ------ loadProject() > Project          the same as any later command
//   Project -------- bringUp() ----> healthy services  compose.ts plans, engine.ts applies
//                    pullModel(), runChecks()          through the front door, with short-lived people
//   report: URL, secrets once, a command to paste
//
// What fails after the files are written is reported together with what was made: no secret is lost.

import { stacks } from '../../stacks/index.ts'
import type { StackConfig } from '../../stacks/stack.ts'
import { answer, createFlags, repeatLine, type Answered } from '../answer.ts'
import { allOk, checkAllowlist, runChecks } from '../checks.ts'
import { clockProblem, HARMFUL } from '../clock.ts'
import { define, type Context, type Input } from '../command.ts'
import { ownCert, toConfig, type StaticConfig } from '../config.ts'
import { dryRun } from '../dry-run.ts'
import { connect, type Engine } from '../engine.ts'
import { adding, CancelError, StackError, UsageError } from '../errors.ts'
import { openKey } from '../own-cert.ts'
import { loadProject } from '../project.ts'
import { pullModel } from '../pull.ts'
import { render } from '../render.ts'
import { cutShort, documentOf, failedAfterWriting, reportCreated, type Done } from '../report.ts'
import { nothingInTheWay } from '../room.ts'
import { proxyUser, writeProject } from '../scaffold.ts'
import { subnetFor } from '../subnet.ts'
import { bringUp } from '../up.ts'

export const command = define({
  name: 'create',
  summary: 'Write a new stack, start it, pull a test model and test the login',
  usage: 'create-ollama-stack [DIR] [flags]',
  examples: ['npm create ollama-stack', 'npx create-ollama-stack@latest my-stack --auth bearer --user ann:admin --user bob --yes'],
  flags: createFlags,
  positionals: ['[DIR]'],
  run: create,
})

async function create(input: Input<typeof createFlags>, context: Context): Promise<0 | 1> {
  const { json, ui, signal } = context
  const now = new Date()
  const { answers, password, config, engine, files, credentials } = await prepare(input, context, now).catch((error: unknown) => {
    throw signal.aborted ? new CancelError() : error
  })
  const { directory } = answers
  const warning = answers.tlsKey === null ? null : openKey(answers.tlsKey)
  if (warning !== null) ui.warn(warning)
  if (input.flags['dry-run']) return dryRun(directory, files, context)
  if (signal.aborted) throw new CancelError()

  await ui.step(`Write ${files.size} files to ${directory}`, async () => writeProject(directory, files))
  const project = loadProject(directory)
  const done: Done = { project, credentials, started: false, model: null, checks: [] }
  const lastWords = (): void => cutShort(done, json, ui)
  process.once('exit', lastWords)
  try {
    if (engine) await startAndTest(done, config, engine, context, now)
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
    if (mayStart) found = await reach(context)
  })
  const { answers, password } = answered
  try {
    const engine = mayStart && answers.start ? found ?? await reach(context) : null
    return { answers, password, ...await compose(answered, engine, now) }
  } catch (error) {
    // Nobody should have to answer the same questions again.
    throw answered.asked && error instanceof StackError ? adding(error, `Your answers in one line, to change what is in the way: ${repeatLine(answers, { ownPassword: false })}`) : error
  }
}

async function reach({ env, signal }: Context): Promise<Engine> {
  try {
    return await connect({ env, signal })
  } catch (error) {
    throw error instanceof StackError && error.exit === 1 ? adding(error, 'Or only write the files for now: add --no-start') : error
  }
}

async function compose({ answers, machine, password }: Answered, engine: Engine | null, now: Date) {
  const config = toConfig(answers, machine)
  const stack = stacks[config.auth]
  if (!stack) throw new Error(`no stack called ${config.auth}`)
  if (engine) {
    refuseClock(engine, config, now)
    await nothingInTheWay(engine, config)
  }
  const whole: StackConfig = { ...config, user: proxyUser(), subnet: await freeSubnet(config, engine) }
  return { config, engine, ...await render(stack, whole, answers.people, { now, own: ownCert(answers, now), ...(password === undefined ? {} : { password }) }) }
}

async function startAndTest(done: Done, config: StaticConfig, engine: Engine, { json, ui, signal }: Context, now: Date): Promise<void> {
  const { project } = done
  await bringUp(project, engine, ui, signal)
  done.started = true
  await checkAllowlist(project, engine, signal)
  if (config.model !== null) {
    await pullModel(project, config.model, ui, now, signal)
    done.model = config.model
  }
  ui.line('Trying the door, as a client and as a stranger would:')
  // One by one, so that an interrupted run still has those that were done.
  done.checks = []
  await runChecks(project, { engine, now, signal, onResult: (result) => {
    done.checks.push(result)
    if (!json) ui.check(result)
  } })
  if (allOk(done.checks)) return
  const wrong = done.checks.filter((check) => check.ok === false)
  throw new StackError('E_CHECK_FAILED', `The stack runs, but ${wrong.length} of ${done.checks.length} checks failed: ${wrong.map(({ title }) => title).join('; ')}.`, {
    hint: "Don't rely on it yet. Take it down: ollama-stack down",
  })
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
