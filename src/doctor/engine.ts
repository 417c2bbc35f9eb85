// The Docker Engine: which one, how it was found, and what belongs to it.

import { contextPlace } from '../engine/find.ts'
import { fail, ofEngine, ok, warn, type Check } from './check.ts'

const DOCS = 'https://docs.docker.com'

export const engineChecks: Check[] = [
  {
    id: 'engine',
    title: 'Docker Engine',
    run({ engine, engineError }) {
      if (!engine) return fail(engineError?.message ?? 'none was looked for', engineError?.hint ?? '')
      const how = engine.source === 'DOCKER_HOST' || engine.source.startsWith('context ') ? `chosen by ${engine.source}` : `the usual place of ${engine.source}; nothing chooses another`
      return ok(`${engine.address} (${how})`)
    },
  },
  ofEngine({
    id: 'engine-version',
    title: 'Version of the engine',
    run({ engine }) {
      const [evidence = '', hint = ''] = (engine.warning ?? '').split(/ (?=Update it: )/)
      return engine.warning === null ? ok(`${engine.version}, API ${engine.apiVersion}`) : warn(evidence, hint)
    },
  }),
  {
    id: 'context',
    title: 'Docker context',
    async run({ env, home }) {
      const chosen = await contextPlace({ env, home })
      const host = env['DOCKER_HOST']
      if (!host) return ok(chosen === null ? 'the default one, and no DOCKER_HOST' : `${chosen.source}, and no DOCKER_HOST`)
      if (chosen === null || chosen.address === host) return ok(`DOCKER_HOST is ${host}${chosen === null ? '' : `, as in the ${chosen.source}`}`)
      return warn(
        `DOCKER_HOST (${host}) overrides the selected ${chosen.source} (${chosen.address}): a shell without that variable sees other containers`,
        'For the context: unset DOCKER_HOST   For the other engine: docker context use default',
      )
    },
  },
  {
    id: 'compose',
    title: 'Docker Compose',
    async run({ run }) {
      const use = 'ollama-stack works without it; docker compose up, ps and logs on this project need it.'
      const found = await run('docker', ['compose', 'version', '--short'])
      if (found === null) return warn('There is no docker command on the PATH.', `${use} Install it: ${DOCS}/engine/install/`)
      const version = /^v?(\d+\.\S+)/.exec(found.stdout.trim())?.[1]
      if (found.code !== 0 || version === undefined) return warn('The docker command has no compose plugin.', `${use} Install it: ${DOCS}/compose/install/linux/`)
      return ok(version)
    },
  },
]
