import { define } from '../cli/command.ts'
import { connect } from '../engine.ts'
import { StackError } from '../errors.ts'
import { findProject, loadProject } from '../project/project.ts'
import { onDisk, statusOf } from '../running/status.ts'
import { isReadAloud } from '../ui/read-aloud.ts'
import { onDiskLines, statusLines } from '../running/status-text.ts'
import { watchStatus } from '../running/status-watch.ts'

export const command = define({
  name: 'status',
  summary: 'What runs and its health, URL, people, loaded models, certificate, refused logins',
  usage: 'ollama-stack status [--watch]',
  examples: ['ollama-stack status', 'ollama-stack status --watch', 'ollama-stack status --json'],
  flags: {
    watch: { short: 'w', help: 'Go on, and show each change until Ctrl-C' },
    json: { help: 'Print one JSON document on stdout, errors included; with --watch one a line, for each change' },
  },
  async run({ flags }, { cwd, env, json, ui, signal, stdout }) {
    const dir = findProject(cwd, flags.dir)
    const project = loadProject(dir)
    const [engine, status] = await connect({ env, signal })
      .then(async (found) => [found, await statusOf(project, found, signal)] as const)
      .catch((error: unknown) => {
        // That is the answer; what the directory says is true without an engine.
        if (error instanceof StackError && !signal.aborted && !json) for (const line of onDiskLines(onDisk(project, new Date()), new Date())) ui.data(line)
        throw error
      })
    if (flags.watch) {
      const inPlace = stdout.isTTY === true && env['TERM'] !== 'dumb' && !isReadAloud(env)
      return watchStatus(status, { look: () => statusOf(loadProject(dir), engine, signal), engine, json, stdout, inPlace, signal })
    }
    if (json) ui.data(JSON.stringify(status))
    else for (const line of statusLines(status, new Date())) ui.data(line)
  },
})
