// upgrade, from what a project has to what this version of the program ships:
//
//   directory, engine, registry -- planUpgrade() --> Upgrade    upgrade/plan.ts: images, files merged with hand edits
//   ............................ the plan, a diff, a question; until here nothing is written ............................
//   Upgrade -- carryOut() --> pull, write, start, smoke tests   upgrade/carry-out.ts
//              goBack() when one of them fails, or on Ctrl-C    upgrade/way-back.ts: files, images, containers

import { join } from 'node:path'
import { callable, launcher } from '../cli/callable.ts'
import { clock } from '../net/clock.ts'
import { define, type Context } from '../cli/command.ts'
import { connect, type Engine } from '../engine.ts'
import { CancelError, UsageError } from '../errors.ts'
import { finishApply } from '../project/journal.ts'
import { thisMachine } from '../questions/machine.ts'
import { mergeable } from '../configure/merge-paths.ts'
import { sweepTestPeople } from '../people/people.ts'
import { findProject, loadProject } from '../project/project.ts'
import { STATE } from '../project/state.ts'
import { colored, diffOfFiles } from '../configure/diff.ts'
import { upgradeCall } from '../upgrade/bundle.ts'
import { carryOut, type Outcome } from '../upgrade/carry-out.ts'
import { openConnections } from '../upgrade/connections.ts'
import { isNewer, loadForUpgrade, planUpgrade, type Upgrade } from '../upgrade/plan.ts'
import { planLines, refuseClash, upgradeDocument, upToDate } from '../upgrade/report.ts'
import { goBack, leftOver } from '../upgrade/way-back.ts'
import { version } from '../version.ts'

export const command = define({
  name: 'upgrade',
  summary: 'Newer images and files, tested; back to how it was when that fails',
  usage: 'ollama-stack upgrade [flags]',
  examples: ['ollama-stack upgrade -C ~/ollama-stack', 'ollama-stack upgrade --check', 'ollama-stack upgrade --dry-run', 'ollama-stack upgrade --yes --json'],
  flags: {
    check: { help: 'Only say whether there is something newer; exit 0 either way' },
    'take-new': { value: 'FILE', repeat: true, help: 'Where your edit of FILE and the new version touch: take the new file, yours goes to FILE.orig' },
    'keep-mine': { value: 'FILE', repeat: true, help: 'Leave FILE as you edited it' },
    yes: { short: 'y', help: "Don't ask" },
    'dry-run': { help: 'Show the plan with its diff, touch nothing' },
  },
  async run({ flags }, context) {
    const { cwd, env, interactive, json, ui, signal } = context
    const dir = findProject(cwd, flags.dir)
    const look = flags.check === true || flags['dry-run'] === true
    if (!look && !flags.yes && !interactive) throw new UsageError('E_NEEDS_ANSWERS', 'upgrade restarts the stack, and there is no terminal to ask in.', `To go ahead: ${upgradeCall(dir)} --yes\nTo see what would change: ${upgradeCall(dir)} --dry-run`)
    const engine = await connect({ env, signal })
    if (!look) await finishLast(dir, engine, context)
    const project = loadForUpgrade(dir)
    const choice = { takeNew: mergeable(flags['take-new'], project), keepMine: mergeable(flags['keep-mine'], project) }
    const upgrade = await ui.step('Look for newer images', () => planUpgrade(project, thisMachine(), engine, choice, signal))
    if (flags.check) return check(upgrade, context)
    refuseClash(upgrade)
    if (!isNewer(upgrade)) return nothing(upgrade, context)
    const diff = diffOfFiles(upgrade.mine, upgrade.changed)
    if (flags['dry-run']) {
      if (json) ui.data(JSON.stringify({ dryRun: true, ...upgradeDocument(upgrade), diff }))
      else for (const text of [...planLines(upgrade), colored(diff, process.stdout), 'Nothing was changed.'].filter(Boolean)) ui.data(text)
      return
    }
    ui.line([...planLines(upgrade), ...await interruption(upgrade, engine, signal), colored(diff, process.stderr)].filter(Boolean).join('\n'))
    if (!flags.yes && !(await ui.confirm('Upgrade?', { initial: true }))) throw new CancelError('Nothing was changed.')
    report(upgrade, await carryOut(upgrade, engine, context, new Date()), context)
  },
})

/** One that was ended in the middle: first as it was before. */
async function finishLast(dir: string, engine: Engine, { ui }: Context): Promise<void> {
  const left = leftOver(dir)
  if (left === null) return finishApply(dir)
  const aside = `${STATE}/cut-short-${left.since.slice(0, 19).replaceAll(':', '')}`
  ui.warn(`The upgrade of ${clock(new Date(left.since))} was cut short: going back to how it was before.${left.written ? ` Anything edited since is put into ${join(dir, aside)}.` : ''}`)
  finishApply(dir)
  await goBack(loadForUpgrade(dir), left, engine, ui, aside)
  await sweepTestPeople(loadProject(dir))
}

function check(upgrade: Upgrade, { json, ui }: Context): void {
  const { project } = upgrade
  if (json) return ui.data(JSON.stringify(upgradeDocument(upgrade)))
  for (const line of planLines(upgrade)) ui.data(line)
  ui.data(isNewer(upgrade) ? `There is something newer. See all of it: ${callable(upgradeCall(project.dir), project.dir)} --dry-run` : upToDate(upgrade))
}

function nothing(upgrade: Upgrade, { json, ui }: Context): void {
  if (json) return ui.data(JSON.stringify({ ...upgradeDocument(upgrade), upgraded: false, started: false, checks: [] }))
  for (const line of planLines(upgrade)) ui.data(line)
  ui.data(upToDate(upgrade))
}

async function interruption({ observed }: Upgrade, engine: Engine, signal: AbortSignal): Promise<string[]> {
  if (!observed.containers.some(({ state }) => state === 'running')) return ['It isn\'t running: the files change, and nothing is started or tried.']
  const open = await openConnections(observed, engine, signal)
  return [`Containers are replaced: who is connected is cut off for some seconds, in the middle of an answer too${open === null ? '' : ` (open connections now: ${open})`}.`]
}

function report(upgrade: Upgrade, { project, started, checks }: Outcome, { json, ui }: Context): void {
  if (json) return ui.data(JSON.stringify({ ...upgradeDocument(upgrade), upgraded: true, started, checks }))
  ui.data(started ? `Upgraded to what version ${version} ships, and ${checks.filter(({ ok }) => ok === true).length} checks passed.` : `The files are those of version ${version} now. Start it: ${launcher(project.dir)} up`)
}
