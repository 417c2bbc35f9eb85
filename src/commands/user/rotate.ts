import { define } from '../../cli/command.ts'
import { rotate as rotatePerson } from '../../people/people.ts'
import { findProject, loadProject } from '../../project/project.ts'
import { warnClock } from '../../people/warn-clock.ts'
import { span } from '../../ui/when.ts'
import { ownFlags, ownOf } from './own.ts'
import { reportCredential } from './report.ts'

export const rotate = define({
  name: 'user rotate',
  summary: 'Give somebody a new credential; the old one ends',
  usage: 'ollama-stack user rotate NAME [flags]',
  examples: ['ollama-stack user rotate bob', 'ollama-stack user rotate bob --overlap 1h'],
  flags: {
    overlap: { value: 'SPAN', help: 'How long the old one stays valid too, such as 1h; default: not at all' },
    ...ownFlags,
  },
  positionals: ['NAME'],
  async run({ args, flags }, context) {
    const overlap = flags.overlap === undefined ? 0 : span('--overlap', flags.overlap)
    const project = loadProject(findProject(context.cwd, flags.dir))
    if (overlap > 0 || project.stack.needsTls) await warnClock(context)
    const own = await ownOf(flags, project, context)
    reportCredential(project, await rotatePerson(project, args[0] ?? '', { now: new Date(), overlap, ...own }), context)
  },
})
