import { define } from '../cli/command.ts'
import { connect } from '../engine.ts'
import { findProject, loadProject } from '../project/project.ts'
import { runningOf } from '../running/status.ts'
import { statusLines } from '../running/status-text.ts'
import { bringUp } from '../running/up.ts'

export const command = define({
  name: 'up',
  summary: 'Start the stack, or bring it in line with compose.yaml',
  usage: 'ollama-stack up',
  examples: ['ollama-stack up', 'ollama-stack up -C ~/ollama-stack --json'],
  flags: {},
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const project = loadProject(findProject(cwd, flags.dir))
    const engine = await connect({ env, signal })
    const changed = await bringUp(project, engine, ui, signal)
    const status = await runningOf(project, engine, signal)
    if (json) ui.data(JSON.stringify({ ...status, changed }))
    else for (const line of statusLines(status, new Date())) ui.data(line)
  },
})
