// configure, from what a project says to what it shall say:
//
//   directory ---------- presentAnswers() > Lasting     present.ts: create's questions, with their present answers
//   + flags or wizard -- wanted() --------> Lasting     flags.ts, wizard.ts
//   Lasting ------------ nextConfig() ----> StackConfig what the answers change, and nothing else
//   both, disk --------- reconfigure() ---> Change      merged with hand edits; secrets as they are
//   .................................. a diff, a question; until here nothing is written .....................
//   Change ------------- applyWhole() ----> directory   journal.ts: all of it, also when killed
//   directory ---------- startAndTest()                 as create and up do

import { join } from 'node:path'
import type { StackConfig } from '../../stacks/stack.ts'
import { define, type Context, type Input } from '../cli/command.ts'
import { launcher } from '../cli/callable.ts'
import { ownCert } from '../questions/config.ts'
import { changeDocument, configuredDocument, refuseClash, remarks, reportConfigured } from '../configure/report.ts'
import { configureFlags, refuseConflicts, wanted, type Given, type Wanted } from '../configure/flags.ts'
import { backendFor, type Backend } from '../running/backend.ts'
import { desired } from '../compose.ts'
import type { Engine } from '../engine.ts'
import { StackError, UsageError } from '../errors.ts'
import { exposure } from '../running/exposure.ts'
import type { Setting } from '../questions/fields.ts'
import { applyWhole } from '../project/journal.ts'
import { thisMachine } from '../questions/machine.ts'
import { mergeable } from '../configure/merge-paths.ts'
import { nextConfig, OWN_CERT, presentAnswers, presentConfig, settled, type Lasting } from '../configure/present.ts'
import { findProject, loadProject, type Project } from '../project/project.ts'
import { reconfigure, seenNow, type Reconfigured } from '../configure/reconfigure.ts'
import { cutShort, failedAfterWriting, type Done } from '../start/report.ts'
import { roomForChange } from '../running/room.ts'
import { engineToStart } from '../start/engine-to-start.ts'
import { startAndTest } from '../start/start.ts'
import { readRecord } from '../project/state.ts'
import { colored, diffOfFiles } from '../configure/diff.ts'
import { alone, pullImages } from '../running/up.ts'
import { version } from '../version.ts'

export const command = define({
  name: 'configure',
  summary: 'Change a project: its login, address, encryption, limits; every hand edit stays',
  usage: 'ollama-stack configure [flags]',
  examples: ['ollama-stack configure', 'ollama-stack configure --origin https://chat.example.com --rate 60/m', 'ollama-stack configure --no-rate --dry-run', 'ollama-stack configure --auth basic --yes --json'],
  flags: configureFlags,
  run: configure,
})

async function configure({ flags }: Input<typeof configureFlags>, context: Context): Promise<0 | 1> {
  const { cwd, json, ui, signal, interactive } = context
  const now = new Date()
  const project = loadProject(findProject(cwd, flags.dir))
  const setting = { cwd, machine: thisMachine() }
  const present = presentAnswers(project, setting.machine)
  const named = wanted(flags, present, project, setting)
  refuseOtherVersion(project)
  const asks = !flags.yes && !flags['dry-run']
  if (asks && !interactive) throw new UsageError('E_NEEDS_ANSWERS', 'There is no terminal to ask in.', 'To go ahead without a question: ollama-stack configure ... --yes\nTo see what would change: ollama-stack configure ... --dry-run')
  const engine = flags.start !== false && !flags['dry-run'] ? await engineToStart(context) : null
  const want = asks && named.given.size === 0 ? await askedFor(present, setting, context) : named
  const plan = await prepare(project, present, want, { flags, engine, setting, context, now })
  if (plan.change.size === 0) return nothing(plan, context)

  const diff = diffOfFiles(plan.mine, plan.changed, plan.whole)
  const words = remarks(plan, project.stack)
  if (flags['dry-run']) {
    if (json) ui.data(JSON.stringify({ dryRun: true, ...changeDocument(plan), diff }))
    else for (const text of [colored(diff, context.stdout), ...words, 'Nothing was written.']) ui.data(text)
    return 0
  }
  ui.line([colored(diff, context.stderr), ...words].filter(Boolean).join('\n'))
  const start = asks ? await agreed(flags, context) : engine !== null
  // It may take long, and what runs goes on meanwhile.
  if (start && engine) await pullImages(desired(plan.project.file, project.dir).images, engine, ui, signal)
  await alone(project, ui, signal, async () => write(plan))
  return finish(plan, plan.project.model === project.model ? null : plan.project.model, start ? engine : null, context, now)
}

/** A newer program would bring its own changes of the files along; that is what `upgrade` is for. */
function refuseOtherVersion({ dir }: Project): void {
  const made = readRecord(dir)
  if (made === null || made.version === version) return
  throw new UsageError('E_VERSION', `This project's files were written by ollama-stack ${made.version}, and this is ${version}.`, `Use the project's own: ${launcher(dir)} configure`)
}

async function askedFor(present: Lasting, setting: Setting, context: Context): Promise<Wanted> {
  const { askAgain } = await import('../wizard/wizard.ts')
  return { answers: settled(await askAgain(present, setting, context), new Set()), given: new Set() }
}

async function agreed({ start }: Given, context: Context): Promise<boolean> {
  const { agreeToChange } = await import('../wizard/wizard.ts')
  return agreeToChange(start, context)
}

interface Around {
  flags: Given
  /** null: nothing is started, so nothing is looked at there. */
  engine: Engine | null
  setting: Setting
  context: Context
  now: Date
}

/** Everything that can be refused. */
async function prepare(project: Project, present: Lasting, want: Wanted, around: Around): Promise<Reconfigured> {
  const { flags, engine, setting, context, now } = around
  const { machine } = setting
  refuseConflicts(want, present, setting)
  const before = presentConfig(project, machine)
  const backend = await nextBackend(before, present, want, around)
  for (const warning of backend.warnings) context.ui.warn(warning)
  const config = { ...nextConfig(project, before, want.answers, want.given, machine), elsewhere: backend.elsewhere, gpu: backend.gpu }
  if (engine) await roomForChange(engine, before, config)
  // What lies in the project is the owner's to renew.
  const brought = want.answers.tlsCert === join(project.dir, OWN_CERT) ? null : ownCert({ ...want.answers, directory: project.dir, name: project.name, people: [], start: false }, now)
  const plan = await reconfigure(project, before, { config, own: brought, takeNew: mergeable(flags['take-new'], project), keepMine: mergeable(flags['keep-mine'], project) }, machine, now)
  refuseClash(plan, launcher(project.dir))
  const open = exposure(plan.project, machine)
  if (open && exposure(project, machine)?.what !== open.what) throw new UsageError('E_INSECURE', `${open.what}. Nothing was written.`, open.fix)
  return plan
}

/** The present one, unless that is what changes: then it is looked at as `create` does. */
async function nextBackend(before: StackConfig, present: Lasting, { answers, given }: Wanted, { engine, setting, context }: Around): Promise<Pick<Backend, 'elsewhere' | 'gpu' | 'warnings'>> {
  const moves = answers.ollama !== present.ollama
  if (!moves && answers.gpu === present.gpu && !given.has('gpu')) return { elsewhere: before.elsewhere ?? null, gpu: before.gpu ?? null, warnings: [] }
  return backendFor({ ollama: answers.ollama, gpu: moves && !given.has('gpu') ? 'auto' : answers.gpu }, engine, setting.machine, context.signal)
}

function nothing(plan: Reconfigured, { json, ui }: Context): 0 {
  const done: Done = { project: plan.project, credentials: [], started: false, model: null, checks: [] }
  if (json) ui.data(JSON.stringify(configuredDocument(done, plan)))
  else ui.data(`Nothing to change: ${plan.project.dir} is as you say.`)
  return 0
}

/** Throws E_CHANGED. */
function write(plan: Reconfigured): void {
  const { dir } = plan.project
  if (seenNow(dir) !== plan.seen) {
    throw new StackError('E_CHANGED', 'Somebody changed the project while this was being decided. Nothing was written.', { hint: 'Run it again.' })
  }
  applyWhole(dir, plan.change, plan.user)
}

async function finish(plan: Reconfigured, model: string | null, engine: Engine | null, context: Context, now: Date): Promise<0> {
  const { json, ui, signal } = context
  const done: Done = { project: loadProject(plan.project.dir), credentials: plan.credentials, started: false, model: null, checks: [] }
  const lastWords = (): void => cutShort(done, json, ui)
  process.once('exit', lastWords)
  try {
    if (engine) await startAndTest(done, model, engine, context, now)
  } catch (error) {
    // The secrets first: nobody can read them again.
    if (!json) reportConfigured(done, plan, ui)
    const failed = failedAfterWriting(error, done, signal)
    failed.document = configuredDocument(done, plan)
    throw failed
  } finally {
    process.off('exit', lastWords)
  }
  if (json) ui.data(JSON.stringify(configuredDocument(done, plan)))
  else reportConfigured(done, plan, ui)
  return 0
}
