import { fail, ok, warn, type Check } from './check.ts'

export const projectCheck: Check = {
  id: 'project',
  title: 'compose.yaml',
  run({ project, projectError }) {
    if (projectError) return fail(projectError.message, projectError.hint)
    if (!project) return warn('There is no stack in this directory or above it, so only the engine and the machine were looked at', 'Go to your project or name it with -C DIR. To make one: npx create-ollama-stack@latest')
    return ok(`${project.name} in ${project.dir}, ${project.stack.title}`)
  },
}
