import type { Credential } from '../../../stacks/stack.ts'
import { clock } from '../../net/clock.ts'
import type { Context } from '../../cli/command.ts'
import { credentialLines, userDocument } from '../../people/credential-report.ts'
import { curlCommand } from '../../start/curl.ts'
import { listPeople } from '../../people/people.ts'
import type { Project } from '../../project/project.ts'

/** The one time that the secret is shown. */
export function reportCredential(project: Project, credential: Credential, { json, ui }: Context): void {
  if (json) return ui.data(JSON.stringify(userDocument(project, credential)))
  for (const line of credentialLines(project, [credential])) ui.data(line)
  const until = listPeople(project).find(({ name }) => name === credential.name)?.expires
  if (until) ui.data(`Valid until ${clock(until)}.`)
  if (credential.login === null && credential.files === null) return
  ui.data('')
  ui.data('It counts within a second, without a restart. Try it:')
  ui.data(`  ${curlCommand(project, credential)}`)
}
