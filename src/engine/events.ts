// What happens to a project's containers.

import type { Readable } from 'node:stream'
import { LABEL } from '../compose/desired.ts'
import type { Client } from './client.ts'
import { explainEngine } from './explain.ts'

/** Not `exec_*`: each health check is one, and so is each look into a container. */
const WORTH_A_LOOK = ['create', 'start', 'die', 'stop', 'destroy', 'rename', 'pause', 'unpause', 'oom', 'health_status']

/** Their names as they come. Ends with the signal, or when the engine ends it. */
export async function* events(docker: Client, project: string, signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return
  try {
    const filters = { type: ['container'], label: [`${LABEL.project}=${project}`], event: WORTH_A_LOOK }
    // The library's types know no such filters, and call it any stream.
    const stream = await docker.getEvents({ filters: filters as never, abortSignal: signal }) as Readable
    const stop = (): void => void stream.destroy()
    signal.addEventListener('abort', stop, { once: true })
    try {
      let rest = ''
      for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) yield (JSON.parse(line) as { Action: string }).Action
      }
    } finally {
      signal.removeEventListener('abort', stop)
      stream.destroy()
    }
  } catch (error) {
    if (!signal.aborted) throw explainEngine(error, `watch the project ${project}`)
  }
}
