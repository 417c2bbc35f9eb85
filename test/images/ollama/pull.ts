// POST /api/pull: progress lines as the real one writes them, for models that don't exist.

import type { ServerResponse } from 'node:http'
import { pause, readJson, Refusal, sendJson, sendLine, type Json } from './answer.ts'
import { modelName } from './names.ts'
import { USUAL_GAP, type Call, type Standin } from './server.ts'
import { known } from './store.ts'

/** The real one reports this often. */
const TICK = 60

export async function pull({ request, response, standin }: Call): Promise<void> {
  const body = await readJson(request)
  const { full } = modelName(body.model || body.name, new Refusal(400, 'invalid model name'))

  // Nothing is written before the first line, so that the status is still open.
  const quiet = body.stream === false
  const report = async (line: Json): Promise<void> => {
    if (quiet) return
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    await sendLine(response, line)
  }
  const failure = await run(full, standin, response, report)
  if (failure === undefined) {
    if (quiet) return sendJson(response, 200, { status: 'success' })
    await report({ status: 'success' })
  } else {
    if (quiet) throw new Refusal(500, failure)
    await report({ error: failure })
  }
  response.end()
}

/** Pulls, and returns what went wrong, if anything. A client that leaves keeps what it got so far. */
async function run(full: string, { store, gap }: Standin, response: ServerResponse, report: (line: Json) => Promise<void>): Promise<string | undefined> {
  await report({ status: 'pulling manifest' })
  const model = known(full)
  await pause(response, TICK)
  if (!model) return 'pull model manifest: file does not exist'

  const whole = model.layers.reduce((sum, layer) => sum + layer.size, 0)
  const step = Math.ceil((whole * TICK) / (model.milliseconds * (gap / USUAL_GAP)))
  for (const [index, layer] of model.layers.entries()) {
    const line = (done: number): Json => ({
      status: `pulling ${layer.digest.slice(7, 19)}`,
      digest: layer.digest,
      total: layer.size,
      // Left out while it is zero, as by Go's omitempty.
      ...(done > 0 ? { completed: done } : {}),
    })
    const full = index === 0 && model.fullAt !== undefined ? model.fullAt * layer.size : undefined
    let done = store.completed(layer)
    await report(line(done))
    while (done < layer.size) {
      await pause(response, TICK)
      done = Math.min(layer.size, done + step)
      store.setCompleted(layer, done)
      if (full !== undefined && done >= full) return `write ${store.blob(layer.digest)}-partial: no space left on device`
      await report(line(done))
    }
  }
  await report({ status: 'verifying sha256 digest' })
  await pause(response, TICK)
  await report({ status: 'writing manifest' })
  store.put(full, model)
  return undefined
}
