// When somebody last came in, from the proxy's access log on the engine. It goes back as far as the
// log does (compose.yaml limits its size, and a new container begins a new one).

import type { Engine } from '../engine.ts'
import type { Project } from '../project/project.ts'

/** Name -> the last request that wasn't refused for its credential. */
export async function lastUses({ name, stack }: Project, engine: Engine, signal: AbortSignal): Promise<Map<string, Date>> {
  const uses = new Map<string, Date>()
  const { containers } = await engine.observe(name, [], signal)
  const proxy = containers.find(({ service }) => service === 'proxy')
  if (!proxy) return uses
  for await (const { line } of engine.logs(proxy.id, { signal })) {
    const access = stack.access(line)
    if (access?.person) uses.set(access.person, access.at)
  }
  return uses
}
