import { define } from '../../command.ts'
import { issue } from '../../people.ts'
import { findProject, loadProject } from '../../project.ts'
import { people } from '../../values.ts'
import { moment } from '../../when.ts'
import { ownFlags, ownOf } from './own.ts'
import { reportCredential } from './report.ts'

export const add = define({
  name: 'user add',
  summary: 'Let somebody in: a password, key or certificate, shown once',
  usage: 'ollama-stack user add NAME [flags]',
  examples: ['ollama-stack user add bob', 'ollama-stack user add ann --role admin --expires 30d'],
  flags: {
    role: { value: 'ROLE', help: 'admin (may manage models) or user; default: user' },
    expires: { value: 'WHEN', help: 'Refuse the credential from then on: a span (30d, 12h) or a date (2027-01-31)' },
    ...ownFlags,
  },
  positionals: ['NAME'],
  async run({ args, flags }, context) {
    const now = new Date()
    const [person] = people([`${args[0] ?? ''}:${flags.role ?? 'user'}`])
    if (!person) throw new Error('one name makes one person')
    const expires = flags.expires === undefined ? null : moment('--expires', flags.expires, now)
    const project = loadProject(findProject(context.cwd, flags.dir))
    const own = await ownOf(flags, project, context)
    reportCredential(project, await issue(project, person, { now, expires, ...own }), context)
  },
})
