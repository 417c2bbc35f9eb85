// Which models are in memory, and on what they run.

import { askFromStack, howToStart } from './backend.ts'
import { bytes } from '../ui/bytes.ts'
import type { Observed } from '../compose.ts'
import type { Engine } from '../engine.ts'
import type { Problem } from '../errors.ts'
import { psRows, type LoadedModel } from '../ollama/ollama-tables.ts'
import { OWN, placeOf } from '../questions/ollama-url.ts'
import type { Project } from '../project/project.ts'

export interface Loaded {
  models: LoadedModel[]
  problems: Problem[]
}

/** As `ollama ps` tells; none while Ollama doesn't run. `problems`: an Ollama elsewhere doesn't answer. */
export async function loadedModels(project: Pick<Project, 'name' | 'ollama'>, engine: Engine, { containers }: Observed, signal: AbortSignal): Promise<Loaded> {
  const ollama = containers.find(({ service, state }) => service === 'ollama' && state === 'running')
  if (!ollama) return { models: [], problems: [] }
  if (project.ollama !== OWN) return lookThere(project, engine, signal)
  const { code, stdout } = await engine.exec(ollama.id, ['ollama', 'ps'], { signal })
  return { models: code === 0 ? psRows(stdout) : [], problems: [] } // it is starting; its health says more
}

/** In an Ollama elsewhere, in the same words. */
export async function lookThere(project: Pick<Project, 'name' | 'ollama'>, engine: Engine, signal: AbortSignal): Promise<Loaded> {
  const text = await askFromStack(project, engine, '/api/ps', signal)
  const place = placeOf(project.ollama)
  if (text === null && place !== null) return { models: [], problems: [{ code: 'E_OLLAMA_DOWN', message: `The Ollama behind this stack, ${project.ollama}, doesn't answer it.`, hint: howToStart(place) }] }
  return { models: loadedIn(text ?? '{}'), problems: [] }
}

/** Whatever answers there may say anything: what isn't a model is passed over. */
function loadedIn(text: string): LoadedModel[] {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return []
  }
  const models: unknown[] = typeof answer === 'object' && answer !== null && 'models' in answer && Array.isArray(answer.models) ? answer.models : []
  return models.flatMap((model) => {
    if (typeof model !== 'object' || model === null || !('name' in model) || !('size' in model)) return []
    const { name, size } = model
    const onGpu = 'size_vram' in model ? model.size_vram : 0
    return typeof name === 'string' && typeof size === 'number' && typeof onGpu === 'number' ? [{ name, size: bytes(size), processor: processor(size, onGpu) }] : []
  })
}

/** How much of it is where, as `ollama ps` says it. */
export function processor(size: number, onGpu: number): string {
  if (onGpu <= 0) return '100% CPU'
  if (onGpu >= size) return '100% GPU'
  const cpu = Math.round(((size - onGpu) / size) * 100)
  return `${cpu}%/${100 - cpu}% CPU/GPU`
}
