import { define } from '../../cli/command.ts'
import { CancelError, UsageError } from '../../errors.ts'
import { credentialProblems } from '../../people/credential-problems.ts'
import { listPeople, remove as removePeople } from '../../people/people.ts'
import { findProject, loadProject } from '../../project/project.ts'

export const remove = define({
  name: 'user remove',
  summary: 'Shut somebody out, within a second and on open connections too',
  usage: 'ollama-stack user remove NAME',
  examples: ['ollama-stack user remove bob', 'ollama-stack user remove ann --yes'],
  flags: { yes: { short: 'y', help: "Don't ask before removing the last admin" } },
  positionals: ['NAME'],
  async run({ args, flags }, { cwd, interactive, json, ui }) {
    const name = args[0] ?? ''
    const project = loadProject(findProject(cwd, flags.dir))
    const now = new Date()
    const admins = listPeople(project).filter(({ role, expires }) => role === 'admin' && (expires === null || expires > now))
    if (admins.length === 1 && admins[0]?.name === name && !flags.yes) {
      if (!interactive) throw new UsageError('E_NEEDS_ANSWERS', `${name} is the last admin: without one nobody can pull or delete models.`, `To remove ${name} all the same: ollama-stack user remove ${name} --yes`)
      if (!(await ui.confirm(`${name} is the last admin: without one nobody can pull or delete models. Remove?`, { initial: false }))) throw new CancelError('Nobody was removed.')
    }
    await removePeople(project, [name])
    for (const { message, hint } of credentialProblems(project)) ui.warn(`${message} ${hint}`)
    if (json) ui.data(JSON.stringify({ removed: name }))
    else ui.data(`${name} is out, within a second.`)
  },
})
