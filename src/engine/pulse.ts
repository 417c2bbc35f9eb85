// No call waits for ever for an engine that is gone. Many are rightly silent for minutes (a stop, a pull,
// the events), so no limit on the call itself tells a slow engine from a dead one: a ping beside it does.

import { finished, type Duplex, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StackError } from '../errors.ts'
import type { Client } from './client.ts'
import { engineLost, statusOf } from './explain.ts'

/** Milliseconds. */
export interface Limits {
  /** Between two pings, while a call is open. */
  every: number
  /** Without an answered ping, the engine counts as gone. */
  within: number
}

const USUAL: Limits = { every: 5_000, within: 20_000 }

/** docker-modem's one way to the engine. */
type Modem = Pick<Client['modem'], 'dial'>
type Request = Parameters<Modem['dial']>[0]
type Result = Parameters<NonNullable<Parameters<Modem['dial']>[1]>>[1]
type End = (lost: StackError) => void

/** From now on every call of `modem` ends: with what the engine answers, or with E_ENGINE_LOST. */
export function watch(modem: Modem, { every, within }: Limits = USUAL): void {
  const dial = modem.dial.bind(modem)
  /** What ends each open call. */
  const open = new Set<End>()
  let watcher: AbortController | undefined
  let gone: StackError | undefined

  const send = (request: Request): Promise<Result> => new Promise((resolve, reject) => {
    dial(request, (error, result) => (error ? reject(error) : resolve(result)))
  })

  const ping = async (limit: number, stop?: AbortSignal): Promise<boolean> => {
    const { controller, release } = following(stop)
    const timer = setTimeout(() => controller.abort(), limit)
    try {
      const answer = await send({ path: '/_ping', method: 'GET', statusCodes: { 200: true }, isStream: true, abortSignal: controller.signal })
      if (isStream(answer)) answer.resume()
      return true
    } catch (error) {
      return statusOf(error) !== 0 // a complaint is an answer, too
    } finally {
      clearTimeout(timer)
      release()
    }
  }

  const attend = async (stop: AbortSignal): Promise<void> => {
    for (let heard = performance.now(); ; ) {
      await sleep(every, undefined, { signal: stop })
      if (await ping(Math.max(within - every, every), stop)) heard = performance.now()
      else if (!stop.aborted && performance.now() - heard >= within) {
        const lost = gone = engineLost(`no answer for ${Math.round(within / 1000)} s`)
        for (const end of [...open]) end(lost)
      }
    }
  }

  const begin = (end: End): void => {
    open.add(end)
    if (watcher) return
    watcher = new AbortController()
    attend(watcher.signal).catch(() => undefined) // `over` ends it
  }

  const over = (end: End): void => {
    open.delete(end)
    if (open.size > 0) return
    watcher?.abort()
    watcher = undefined
  }

  const call = (request: Request): Promise<Result> => new Promise((resolve, reject) => {
    const { controller, release } = following(request.abortSignal)
    let stream: Duplex | Readable | undefined
    const end = (lost: StackError): void => {
      done()
      reject(lost)
      stream?.destroy(lost)
      controller.abort()
    }
    const done = (): void => {
      over(end)
      release()
    }
    begin(end)
    // Always as a stream: of a body that is cut off, docker-modem itself would never say anything.
    send({ ...request, isStream: true, abortSignal: controller.signal }).then((result) => {
      if (!isStream(result)) {
        done()
        return resolve(result)
      }
      stream = result
      finished(result, done)
      if (request.isStream) resolve(result)
      else body(result).then(resolve, reject)
    }, (error: unknown) => {
      done()
      reject(error)
    })
  })

  const perform = async (request: Request): Promise<Result> => {
    if (!gone) return call(request)
    // Who takes back what was made asks again and again: the answer has to come soon, whatever it is.
    if (!(await ping(Math.min(2_000, within)))) throw gone
    gone = undefined
    return call(request)
  }

  modem.dial = (request, answer) => {
    perform(request).then((result) => answer?.(null, result), (error: Error) => answer?.(error, null))
  }
}

/** Aborts with `signal`, or by itself. AbortSignal.any and .timeout can be collected as garbage before they fire (measured with Node.js 20). */
function following(signal: AbortSignal | undefined): { controller: AbortController; release: () => void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return { controller, release: () => signal?.removeEventListener('abort', abort) }
}

function isStream(result: Result): result is Duplex | Readable {
  return result !== null && 'pipe' in result
}

/** As docker-modem gives it: JSON where it is some, else the bytes. */
async function body(stream: Duplex | Readable): Promise<object> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  try {
    return (JSON.parse(bytes.toString()) as object | null) ?? bytes
  } catch {
    return bytes
  }
}
