import { define, type Context } from '../cli/command.ts'
import { refuseOtherDirectory } from '../running/other-directory.ts'
import { connect, type Engine } from '../engine.ts'
import { CancelError, StackError, UsageError } from '../errors.ts'
import { bytes } from '../ui/bytes.ts'
import { launcher } from '../cli/callable.ts'
import { listRows } from '../ollama/ollama-tables.ts'
import { OWN } from '../questions/ollama-url.ts'
import { findProject, loadName, loadProject, type Project } from '../project/project.ts'
import { alone } from '../running/up.ts'

export const command = define({
  name: 'down',
  summary: 'Remove the containers and networks; models stay',
  usage: 'ollama-stack down [--volumes]',
  examples: ['ollama-stack down', 'ollama-stack down --volumes --yes'],
  flags: {
    volumes: { help: 'Delete the models too, after naming them and asking' },
    yes: { short: 'y', help: "Don't ask before deleting models" },
  },
  async run({ flags }, context) {
    const { cwd, env, json, ui, signal } = context
    const project = loadName(findProject(cwd, flags.dir))
    const engine = await connect({ env, signal })
    refuseOtherDirectory(project, (await engine.observe(project.name, [], signal)).containers)
    if (flags.volumes && !flags.yes) await agree(project, engine, context)
    const removed = await ui.step('Stop and remove', (report) =>
      alone(project, ui, signal, () => engine.down(project.name, { volumes: flags.volumes === true, signal, onRemove: report })))
    const all = [...removed.containers, ...removed.networks, ...removed.volumes]
    if (json) ui.data(JSON.stringify({ removed }))
    else if (all.length === 0) ui.data('Nothing was running.')
    else {
      ui.data(`Removed ${all.join(', ')}.`)
      if (!flags.volumes && hasModels(project.dir)) ui.data(`The models stay. Delete them too: ${launcher(project.dir)} down --volumes`)
    }
  },
})

/** Unless Ollama is elsewhere; and if compose.yaml is broken, there may be some. */
function hasModels(dir: string): boolean {
  try {
    return loadProject(dir).ollama === OWN
  } catch (error) {
    if (error instanceof StackError) return true
    throw error
  }
}

/** Names what would be lost. Throws unless the answer is yes. */
async function agree(project: Pick<Project, 'name'>, engine: Engine, { ui, interactive, signal }: Context): Promise<void> {
  // What two forwarders meet on (stacks/forward) is in memory, and nothing to be sorry for.
  const volumes = (await engine.volumeSizes(project.name)).filter(({ name }) => name !== `${project.name}_socket`)
  if (volumes.length === 0) return
  if (!interactive) {
    throw new UsageError('E_NEEDS_ANSWERS', 'down --volumes deletes models, and there is no terminal to ask in.', 'To go ahead: ollama-stack down --volumes --yes')
  }
  const models = await modelNames(project, engine, signal)
  const what = volumes.map(({ name, bytes: size }) => `${name}${size < 0 ? '' : ` (${bytes(size)})`}`).join(', ')
  const sure = await ui.confirm(`Delete ${what}${models.length > 0 ? ` with ${models.join(', ')}` : ''}?`, { initial: false })
  if (!sure) throw new CancelError('Nothing was removed.')
}

async function modelNames(project: Pick<Project, 'name'>, engine: Engine, signal: AbortSignal): Promise<string[]> {
  const { containers } = await engine.observe(project.name, [], signal)
  const ollama = containers.find(({ service, state }) => service === 'ollama' && state === 'running')
  if (!ollama) return []
  const { code, stdout } = await engine.exec(ollama.id, ['ollama', 'list'], { signal })
  return code === 0 ? listRows(stdout).map(({ name }) => name) : []
}
