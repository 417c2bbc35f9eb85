import type { Account } from '../../../stacks/stack.ts'
import { launcher } from '../../cli/callable.ts'
import { define } from '../../cli/command.ts'
import { connect } from '../../engine.ts'
import { StackError } from '../../errors.ts'
import { lastUses } from '../../people/last-use.ts'
import { listPeople } from '../../people/people.ts'
import { findProject, loadProject } from '../../project/project.ts'
import { table } from '../../ui/table.ts'
import { relative } from '../../ui/when.ts'

type Row = Account & { lastUsed: Date | null }

export const list = define({
  name: 'user list',
  summary: 'Who may log in, since when, until when, and last seen',
  usage: 'ollama-stack user list',
  examples: ['ollama-stack user list', 'ollama-stack user list --json'],
  flags: {},
  async run({ flags }, { cwd, env, json, ui, signal }) {
    const project = loadProject(findProject(cwd, flags.dir))
    const people = listPeople(project)
    const uses = await connect({ env, signal }).then((engine) => lastUses(project, engine, signal)).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof StackError)) throw error
      ui.warn(`When somebody was last seen stands in the proxy's log, which can't be read: ${error.message}`)
      return null
    })
    const rows = people.map((person): Row => ({ ...person, lastUsed: uses?.get(person.name) ?? null }))
    if (json) ui.data(JSON.stringify(rows.map(({ name, role, created, expires, lastUsed }) => ({ name, role, created, expires, lastUsed }))))
    else if (rows.length === 0) ui.data(`Nobody may log in. Let somebody in: ${launcher(project.dir)} user add NAME`)
    else for (const line of lines(rows, project.stack.noun, uses === null ? 'unknown' : 'not in the log', new Date())) ui.data(line)
  },
})

function lines(rows: readonly Row[], noun: string, unseen: string, now: Date): string[] {
  const cells = rows.map(({ name, role, created, expires, overlap, lastUsed }) => [
    name, role, created?.toISOString().slice(0, 10) ?? 'unknown',
    expires === null ? 'never' : expires <= now ? 'EXPIRED' : relative(expires, now),
    lastUsed === null ? unseen : relative(lastUsed, now),
    ...(overlap ? [`the ${noun} before this one still counts, and ends ${relative(overlap, now)}`] : []),
  ])
  return table([['NAME', 'ROLE', 'CREATED', 'EXPIRES', 'LAST USED', ...(rows.some(({ overlap }) => overlap) ? [''] : [])], ...cells])
}
