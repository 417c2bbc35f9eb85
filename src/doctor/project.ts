import { fail, ok, type Check } from './check.ts'

export const projectCheck: Check = {
  id: 'project',
  title: 'compose.yaml',
  run({ project, projectError }) {
    if (projectError) return fail(projectError.message, projectError.hint)
    return project ? ok(`${project.name} in ${project.dir}, ${project.stack.title}`) : null
  },
}
