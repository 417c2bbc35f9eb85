// Settings of Ollama that don't do what one may think.

import { cloudOff } from '../running/backend.ts'
import { ofProject, ok, warn, type Check } from './check.ts'
import { ownOllama } from './models.ts'
import { saidThere } from './there.ts'

/** What Go's strconv.ParseBool takes for false, as Ollama reads it; any other text counts as true there. */
const FALSE = new Set(['', '0', 'f', 'F', 'false', 'FALSE', 'False'])

export const settingsChecks: Check[] = [
  {
    id: 'api-key',
    title: 'OLLAMA_API_KEY',
    // It is what a client sends to ollama.com; the server has no check for one (ollama/ollama, docs/api/authentication.mdx).
    run({ env, project }) {
      const services = Object.entries(project?.file.services ?? {}).filter(([, { environment }]) => environment?.['OLLAMA_API_KEY'] !== undefined).map(([name]) => `compose.yaml (services.${name})`)
      const where = [...(env['OLLAMA_API_KEY'] ? ['this environment'] : []), ...services]
      if (where.length === 0) return project ? ok('not set, and nothing would be protected by it') : null
      return warn(`It is set in ${where.join(' and in ')}, and protects nothing: clients send it to ollama.com, and no Ollama server asks for it`,
        `${project ? 'The login of this stack is what protects it.' : 'A login: npx create-ollama-stack@latest'} If you don't use ollama.com, remove the variable${services.length > 0 ? ' there, then: ollama-stack up' : ': unset OLLAMA_API_KEY'}`)
    },
  },
  ofProject({
    id: 'cloud',
    title: 'Cloud models',
    async run({ project, inside }) {
      const ollama = ownOllama(project)
      if (!ollama) {
        const said = await saidThere({ inside }, '/api/status')
        if (said === null) return null
        return cloudOff(said) ? ok(`off, as ${project.ollama} says itself`) : warn(`They aren't off at ${project.ollama}: prompts for them leave that machine, and every user spends its owner's ollama.com account.`, 'Set OLLAMA_NO_CLOUD=1 for that Ollama, and start it anew.')
      }
      if (!FALSE.has(ollama.environment?.['OLLAMA_NO_CLOUD'] ?? '')) return ok('off (OLLAMA_NO_CLOUD)')
      return warn("Cloud models are on: prompts for them leave this machine, and every user spends the owner's ollama.com account.", 'Write OLLAMA_NO_CLOUD: "1" below services.ollama.environment in compose.yaml, then: ollama-stack up')
    },
  }),
  ofProject({
    id: 'models-volume',
    title: 'Where models are kept',
    run({ project }) {
      const ollama = ownOllama(project)
      if (!ollama) return null
      const home = ollama.environment?.['OLLAMA_MODELS'] ?? ollama.environment?.['HOME'] ?? '/root'
      const mount = ollama.volumes?.find(({ type, target }) => type !== 'tmpfs' && (home === target || home.startsWith(`${target}/`)))
      return mount ? ok(`${mount.type} ${mount.source ?? ''} at ${mount.target} of the service ollama`.replace('  ', ' ')) : warn(`${home} of the service ollama is no volume: its models go with the container.`, `Mount one there: services.ollama.volumes in compose.yaml, with \`source: models\` and \`target: ${home}\`, then: ollama-stack up`)
    },
  }),
]
