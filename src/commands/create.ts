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
// Only answering is loaded before the first question; create/make.ts is the rest.
// What fails after the files are written is reported together with what was made: no secret is lost.

import { answer, createFlags, repeatLine } from '../wizard/answer.ts'
import { define, type Context, type Input } from '../cli/command.ts'
import type { Engine } from '../engine.ts'
import { adding, CancelError, StackError } from '../errors.ts'
import { engineToStart } from '../start/engine-to-start.ts'

export const command = define({
  name: 'create',
  summary: 'Write a new stack, start it, pull a test model and test the login',
  usage: 'create-ollama-stack [DIR] [flags]',
  examples: ['npm create ollama-stack', 'npx create-ollama-stack@latest nas --auth basic --user ann --user bob --yes', 'npx create-ollama-stack@latest --bind 192.168.1.20 --dry-run --yes'],
  flags: createFlags,
  positionals: ['[DIR]'],
  run: create,
})

async function create(input: Input<typeof createFlags>, context: Context): Promise<0 | 1> {
  const { signal } = context
  const now = new Date()
  const { answered, planned } = await prepare(input, context, now).catch((error: unknown) => {
    throw signal.aborted ? new CancelError() : error
  })
  const { make } = await import('./create/make.ts')
  return make(answered, planned, { dry: input.flags['dry-run'] === true, now }, context)
}

/** Everything before the first file. Asks the engine too: without one, or with the port taken, there is nothing to clean up. */
async function prepare(input: Input<typeof createFlags>, context: Context, now: Date) {
  const mayStart = input.flags.start !== false && !input.flags['dry-run']
  let found: Engine | undefined
  const answered = await answer(input, context, async () => {
    if (mayStart) found = await engineToStart(context)
  })
  const { answers } = answered
  try {
    const engine = mayStart && answers.start ? found ?? await engineToStart(context) : null
    const { plan } = await import('./create/plan.ts')
    return { answered, planned: await plan(answered, engine, now, context.signal) }
  } catch (error) {
    // Nobody should have to answer the same questions again.
    throw answered.asked && error instanceof StackError ? adding(error, `Your answers in one line, to change what is in the way: ${repeatLine(answers, { ownPassword: false })}`) : error
  }
}
