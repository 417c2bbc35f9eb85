// Ctrl-C ends things in order: the first one lets the work take back what it made, the second
// one ends the process at once.

import { setMaxListeners } from 'node:events'

const SHOW_CURSOR = '\x1b[?25h'

export function onInterrupt(stderr: NodeJS.WriteStream): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  // Each request to the engine listens while it runs. From the eleventh at a time on Node would warn of a leak.
  setMaxListeners(0, controller.signal)
  const handle = (): void => {
    if (controller.signal.aborted) {
      if (stderr.isTTY) stderr.write(SHOW_CURSOR)
      process.exit(130)
    }
    controller.abort()
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, handle)
  return { signal: controller.signal, release: () => names.forEach((name) => process.off(name, handle)) }
}
