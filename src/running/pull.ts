// Pull a model through the stack's own front door, with an admin made for the occasion:
// no stored secret is needed, and the way that people's clients go is the way that is used.

import { launcher } from '../cli/callable.ts'
import { doorOf } from './door.ts'
import { StackError } from '../errors.ts'
import { pull } from '../ollama/ollama.ts'
import { untilAllKnow, withTestPeople } from '../people/people.ts'
import type { Project } from '../project/project.ts'
import type { Ui } from '../ui/ui.ts'

export async function pullModel(project: Project, model: string, ui: Ui, now: Date, signal: AbortSignal): Promise<void> {
  const door = doorOf(project)
  await withTestPeople(project, ['admin'], now, async ([admin]) => {
    if (!admin) throw new Error('an admin was asked for')
    await untilAllKnow(door, [admin], signal)
    await ui.progress(`Pull ${model}`, (update) =>
      pull(door, admin.login, model, ({ done, total, status }) => update({ done, total, text: status }), signal))
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error
    throw new StackError('E_CANCELLED', `Cancelled. What came of ${model} so far stays.`, {
      hint: `Go on where it stopped: ${launcher(project.dir)} pull ${model}`, exit: 130, cause: error,
    })
  })
}
