import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { launcher } from '../cli/callable.ts'
import { allOk, runChecks, type CheckResult } from '../checks.ts'
import { define } from '../cli/command.ts'
import { writeWhole } from '../project/disk.ts'
import { refuseOtherDirectory } from '../running/other-directory.ts'
import { connect } from '../engine.ts'
import { CancelError, UsageError } from '../errors.ts'
import { junit } from '../checks/junit.ts'
import { findProject, loadProject } from '../project/project.ts'
import { shownPath } from '../ui/quoted.ts'
import { shellWord } from '../ui/shell-word.ts'

export const command = define({
  name: 'test',
  summary: 'The smoke tests: does it let the right people in, and nobody else?',
  usage: 'ollama-stack test [--thorough] [--junit FILE]',
  examples: ['ollama-stack test', 'ollama-stack test --thorough', 'ollama-stack test --json --junit results.xml'],
  flags: {
    thorough: { help: 'Attack it too: some 1,400 requests in odd spellings, with stolen headers and hidden requests, and from another container. Harmless to a running server; takes up to a minute' },
    junit: { value: 'FILE', help: 'Write the results there too, as JUnit XML' },
  },
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const project = loadProject(findProject(cwd, flags.dir))
    const results = flags.junit === undefined ? null : resultsFile(resolve(cwd, flags.junit))
    const engine = await connect({ env, signal })
    refuseOtherDirectory(project, (await engine.observe(project.name, [], signal)).containers)
    const checks = await runChecks(project, { engine, now: new Date(), signal, thorough: flags.thorough === true, ...(json ? {} : { onResult: ui.check }) })
      .catch((error: unknown) => { throw signal.aborted ? new CancelError('The people made for the checks are removed again.') : error })
    const ok = allOk(checks)
    if (results !== null) writeWhole(results, { content: junit(project.name, checks), mode: 0o644 })
    if (json) ui.data(JSON.stringify({ ok, checks }))
    else if (checks.some(({ id, ok: fine, detail }) => id === 'proxy-answers' && fine === false && detail.startsWith('Nothing'))) ui.data(`Nothing answers at ${project.url}. Start it: ${launcher(project.dir)} up`)
    else ui.data(summary(checks))
    return ok ? 0 : 1
  },
})

/** Before a minute of tests that nobody would see. Throws E_FILE. */
function resultsFile(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError('E_FILE', `${shownPath(path)} is a directory.`, 'Name a file: ollama-stack test --junit results.xml')
  if (!existsSync(dirname(path))) throw new UsageError('E_FILE', `There is no directory ${shownPath(dirname(path))}.`, `Make it: mkdir -p ${shellWord(dirname(path))}`)
  return path
}

/** `28 checks passed.` */
function summary(checks: readonly CheckResult[]): string {
  const count = (ok: boolean | null): number => checks.filter((check) => check.ok === ok).length
  const rest = [[count(false), 'FAILED'], [count(null), 'could not run']].filter(([number]) => number !== 0).map(([number, what]) => `, ${number} ${what}`)
  return `${count(true)} checks passed${rest.join('')}.`
}
