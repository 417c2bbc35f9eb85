// Which models are in memory, and on what they run.

import { lookThere } from './backend.ts'
import type { Engine } from './engine.ts'
import type { Problem } from './errors.ts'
import { OWN } from './ollama-url.ts'
import type { Project } from './project.ts'

export interface LoadedModel {
  name: string
  /** As Ollama says it: `1.2 GB`. */
  size: string
  /** `100% GPU`, `100% CPU`, `48%/52% CPU/GPU`. */
  processor: string
}

/** As `ollama ps` tells; none while Ollama doesn't run. `problems`: an Ollama elsewhere doesn't answer. */
export async function loadedModels(project: Pick<Project, 'name' | 'ollama'>, engine: Engine, signal: AbortSignal): Promise<{ models: LoadedModel[]; problems: Problem[] }> {
  const { containers } = await engine.observe(project.name, [], signal)
  const ollama = containers.find(({ service, state }) => service === 'ollama' && state === 'running')
  if (!ollama) return { models: [], problems: [] }
  if (project.ollama !== OWN) return lookThere(project, engine, signal)
  const { code, stdout } = await engine.exec(ollama.id, ['ollama', 'ps'], { signal })
  return { models: code === 0 ? rows(stdout) : [], problems: [] } // it is starting; its health says more
}

/** NAME  ID  SIZE  PROCESSOR  ... in columns at least two spaces apart. */
function rows(table: string): LoadedModel[] {
  return table.trim().split('\n').slice(1).map((line) => {
    const [name = '', , size = '', processor = ''] = line.split(/\s{2,}/)
    return { name, size, processor }
  })
}
