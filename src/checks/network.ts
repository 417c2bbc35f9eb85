// Ollama itself stays out of reach, whatever the proxy does.

import { isOllama, OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { exposure } from '../running/exposure.ts'
import { OWN } from '../questions/ollama-url.ts'
import { couldNotRun, failed, passed, type Check, type Verdict, type Visit } from './check.ts'

export const network: Check<Pick<Visit, 'project' | 'engine' | 'signal'>>[] = [
  {
    id: 'exposure',
    title: 'compose.yaml publishes nothing that others can read or use',
    run: async ({ project }) => {
      const open = exposure(project)
      return open ? failed(open.what) : passed(project.tls === 'off' ? `plain HTTP on ${project.bind} only` : `HTTPS on ${project.bind}`)
    },
  },
  {
    id: 'ollama-unpublished',
    title: "Ollama's own port is not published, and not reachable from this machine",
    applies: ({ ollama }) => ollama === OWN,
    run: unreachable,
  },
  {
    id: 'forwarder-unpublished',
    title: 'What leads to the Ollama elsewhere is not published, and not reachable from this machine',
    applies: ({ ollama }) => ollama !== OWN,
    run: unreachable,
  },
]

/** The service ollama: the server itself, or what stands in its place. */
async function unreachable({ project, engine, signal }: Pick<Visit, 'project' | 'engine' | 'signal'>): Promise<Verdict> {
  if (!engine) return couldNotRun('no engine to ask')
  const seen = await engine.observe(project.name)
  const ollama = seen.containers.find((container) => container.service === 'ollama')
  if (!ollama) return couldNotRun('there is no ollama container')
  const published = ollama.ports.map(({ bind, port }) => `${bind}:${port}`)
  if (published.length > 0) return failed(`published: ${published.join(', ')}`)
  for (const address of ollama.addresses) {
    if (await isOllama(address, signal)) return failed(`http://${address}:${OLLAMA_PORT} answers without a login`)
  }
  return passed(`no published port; ${ollama.addresses.join(' and ')} silent`)
}
