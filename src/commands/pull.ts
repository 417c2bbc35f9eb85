import { define } from '../cli/command.ts'
import { findProject, loadProject } from '../project/project.ts'
import { pullModel } from '../running/pull.ts'
import { modelName } from '../questions/values.ts'

export const command = define({
  name: 'pull',
  summary: 'Pull a model through the stack, with progress',
  usage: 'ollama-stack pull MODEL',
  examples: ['ollama-stack pull gemma3:1b', 'ollama-stack pull hf.co/org/model:Q4_K_M'],
  flags: {},
  positionals: ['MODEL'],
  async run({ args, flags }, { cwd, json, ui, signal }) {
    const model = modelName(args[0] ?? '')
    const project = loadProject(findProject(cwd, flags.dir))
    await pullModel(project, model, ui, new Date(), signal)
    if (json) ui.data(JSON.stringify({ model }))
    else ui.data(`${model} is ready at ${project.url}.`)
  },
})
