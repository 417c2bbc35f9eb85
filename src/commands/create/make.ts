// From a plan to a directory, and on to a running, tested stack.

import type { Context } from '../../cli/command.ts'
import { CancelError } from '../../errors.ts'
import { dryRun } from '../../project/dry-run.ts'
import { loadProject } from '../../project/project.ts'
import { writeProject } from '../../project/scaffold.ts'
import { openKey } from '../../questions/own-cert.ts'
import { cutShort, documentOf, failedAfterWriting, reportCreated, reportInterrupted, type Done } from '../../start/report.ts'
import { startAndTest } from '../../start/start.ts'
import { repeatLine, type Answered } from '../../wizard/answer.ts'
import type { Planned } from './plan.ts'

export async function make({ answers, password }: Answered, { config, engine, notes, warnings, files, credentials }: Planned, { dry, now }: { dry: boolean; now: Date }, context: Context): Promise<0 | 1> {
  const { json, ui, signal } = context
  const { directory } = answers
  const warning = answers.tlsKey === null ? null : openKey(answers.tlsKey)
  for (const text of [...(warning === null ? [] : [warning]), ...warnings]) ui.warn(text)
  if (dry) return dryRun(answers, config, files, context)
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
    if (!json) reportInterrupted(done, ui)
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
