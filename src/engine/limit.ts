/**
 * Aborts after `timeout` milliseconds, or with `signal`: a request that nobody answers would keep the process
 * alive. With a timer of its own, since AbortSignal.timeout may be collected as garbage before it fires (pulse.ts).
 */
export function limit(timeout: number, signal: AbortSignal | undefined, why = `no answer within ${timeout / 1000} s`): { stop: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const cancel = (): void => controller.abort(signal?.reason)
  const timer = setTimeout(() => controller.abort(new Error(why)), timeout)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  const release = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
  return { stop: controller.signal, release }
}
