// One real answer of the test model, token by token.

import { generate, models } from '../ollama/ollama.ts'
import { couldNotRun, failed, passed, type Check, type Visit } from './check.ts'

export const stream: Check<Pick<Visit, 'project' | 'door' | 'user' | 'signal'>> = {
  id: 'generation',
  title: 'The test model answers, streamed token by token',
  async run({ project, door, user, signal }) {
    const model = project.model ?? ''
    if (!(await models(door, user.login)).includes(full(model))) {
      return couldNotRun(`${model} isn't here yet: ./ollama-stack pull ${model}`)
    }
    const { chunks, firstToken, span, tokensPerSecond, gaps } = await generate(door, user.login, model, signal)
    const speed = `first token after ${Math.round(firstToken)} ms, ${tokensPerSecond.toFixed(1)} tokens/s`
    if (chunks < 3) return couldNotRun(`only ${chunks} chunks came, too few to judge the streaming; ${speed}`)
    // Held back by a buffer, all chunks come in one lump: no gap is worth mentioning.
    const apart = gaps.filter((gap) => gap >= 1).length
    if (apart < gaps.length / 4) return failed(`${chunks} chunks within ${Math.round(span)} ms: they arrive in lumps`)
    return passed(`${chunks} chunks over ${Math.round(span)} ms, ${speed}`)
  },
}

/** Ollama lists `gemma3` as `gemma3:latest`. */
export function full(model: string): string {
  return /:[^/]*$/.test(model) ? model : `${model}:latest`
}
