// Which models are in memory, and on what they run.

import type { Engine } from './engine.ts'
import type { Project } from './project.ts'

export interface LoadedModel {
  name: string
  /** As Ollama says it: `1.2 GB`. */
  size: string
  /** `100% GPU`, `100% CPU`, `48%/52% CPU/GPU`. */
  processor: string
}

/** As `ollama ps` tells; none while Ollama doesn't run. */
export async function loadedModels({ name }: Pick<Project, 'name'>, engine: Engine, signal: AbortSignal): Promise<LoadedModel[]> {
  const { containers } = await engine.observe(name, [], signal)
  const ollama = containers.find(({ service, state }) => service === 'ollama' && state === 'running')
  if (!ollama) return []
  const { code, stdout } = await engine.exec(ollama.id, ['ollama', 'ps'], { signal })
  return code === 0 ? rows(stdout) : [] // it is starting; its health says more
}

/** NAME  ID  SIZE  PROCESSOR  ... in columns at least two spaces apart. */
function rows(table: string): LoadedModel[] {
  return table.trim().split('\n').slice(1).map((line) => {
    const [name = '', , size = '', processor = ''] = line.split(/\s{2,}/)
    return { name, size, processor }
  })
}
