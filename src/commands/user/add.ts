import { ROLES, type Person } from '../../../stacks/stack.ts'
import { define } from '../../cli/command.ts'
import { UsageError } from '../../errors.ts'
import { issue } from '../../people/people.ts'
import { findProject, loadProject } from '../../project/project.ts'
import { quoted } from '../../ui/quoted.ts'
import { people, word } from '../../questions/values.ts'
import { warnClock } from '../../people/warn-clock.ts'
import { moment } from '../../ui/when.ts'
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
    const person = newPerson(args[0] ?? '', flags.role ?? 'user')
    const expires = flags.expires === undefined ? null : moment('--expires', flags.expires, now)
    const project = loadProject(findProject(context.cwd, flags.dir))
    if (expires !== null || project.stack.needsTls) await warnClock(context)
    const own = await ownOf(flags, project, context)
    const credential = await issue(project, person, { now, expires, ...own }).catch((error: unknown) => {
      throw error instanceof UsageError && error.code === 'E_USER_EXISTS' ? new UsageError(error.code, error.message, `Choose another name. For a new credential: ollama-stack user rotate ${person.name}`) : error
    })
    reportCredential(project, credential, context)
  },
})

/** The grammar of `--user`, but with the role apart. */
function newPerson(name: string, role: string): Person {
  if (name.includes(':')) throw new UsageError('E_USER_NAME', `${quoted(name)} can't be a user name.`, `Write the role apart: ollama-stack user add ${name.split(':')[0]} --role admin`)
  try {
    const [person] = people([name])
    if (person) return { ...person, role: word('--role', role, ROLES) }
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.code, error.message, error.hint.replace(/: --user \S+$/, ': ollama-stack user add ann')) : error
  }
  throw new Error('one name makes one person')
}
