import { resolve } from 'node:path'
import { launcher } from '../cli/callable.ts'
import { allOk, runChecks, type CheckResult } from '../checks.ts'
import { define } from '../cli/command.ts'
import { writeWhole } from '../project/disk.ts'
import { refuseOtherDirectory } from '../running/other-directory.ts'
import { connect } from '../engine.ts'
import { CancelError } from '../errors.ts'
import { junit } from '../checks/junit.ts'
import { findProject, loadProject } from '../project/project.ts'

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
    const engine = await connect({ env, signal })
    refuseOtherDirectory(project, (await engine.observe(project.name, [], signal)).containers)
    const checks = await runChecks(project, { engine, now: new Date(), signal, thorough: flags.thorough === true, ...(json ? {} : { onResult: ui.check }) })
      .catch((error: unknown) => { throw signal.aborted ? new CancelError('The people made for the checks are removed again.') : error })
    const ok = allOk(checks)
    if (flags.junit !== undefined) writeWhole(resolve(cwd, flags.junit), { content: junit(project.name, checks), mode: 0o644 })
    if (json) ui.data(JSON.stringify({ ok, checks }))
    else if (checks.some(({ id, ok: fine, detail }) => id === 'proxy-answers' && fine === false && detail.startsWith('Nothing'))) ui.data(`Nothing answers at ${project.url}. Start it: ${launcher(project.dir)} up`)
    else ui.data(summary(checks))
    return ok ? 0 : 1
  },
})

/** `28 checks passed.` */
function summary(checks: readonly CheckResult[]): string {
  const count = (ok: boolean | null): number => checks.filter((check) => check.ok === ok).length
  const rest = [[count(false), 'FAILED'], [count(null), 'could not run']].filter(([number]) => number !== 0).map(([number, what]) => `, ${number} ${what}`)
  return `${count(true)} checks passed${rest.join('')}.`
}
