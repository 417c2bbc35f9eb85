import { define } from '../command.ts'
import { connect } from '../engine.ts'
import { findProject, loadProject } from '../project.ts'
import { printStatus, statusOf } from '../status.ts'

export const command = define({
  name: 'status',
  summary: 'What runs, its health, the URL, loaded models, certificate',
  usage: 'ollama-stack status',
  examples: ['ollama-stack status', 'ollama-stack status --json'],
  flags: {},
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const project = loadProject(findProject(cwd, flags.dir))
    const status = await statusOf(project, await connect({ env, signal }), signal)
    if (json) ui.data(JSON.stringify(status))
    else printStatus(status, ui)
  },
})
