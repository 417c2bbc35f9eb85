// Log lines, collected for a moment before they are written: a write per request would be the
// slowest part of a small answer.

export interface Log {
  line: (text: string) => void
  flush: () => void
}

export function createLog(write: (text: string) => void): Log {
  let waiting: string[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length > 0) write(`${waiting.join('\n')}\n`)
    waiting = []
  }
  return {
    line(text) {
      waiting.push(text)
      timer ??= setTimeout(flush, 20)
    },
    flush,
  }
}

/** `[GIN] 2026/11/21 - 04:06:07 | 200 |      18.381µs |       127.0.0.1 | GET      "/api/tags"` */
export function accessLine(status: number, milliseconds: number, address: string, method: string, target: string): string {
  const [date = '', time = ''] = new Date().toISOString().split(/[T.]/)
  return `[GIN] ${date.replaceAll('-', '/')} - ${time} | ${status} | ${duration(milliseconds).padStart(13)} | ${address.padStart(15)} | ${method.padEnd(8)} ${JSON.stringify(target)}`
}

function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(3)}s`
  return milliseconds >= 1 ? `${milliseconds.toFixed(3)}ms` : `${(milliseconds * 1000).toFixed(3)}µs`
}
