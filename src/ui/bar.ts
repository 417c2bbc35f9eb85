// A progress bar as text: how much, how fast, how long still.

import { styleText } from 'node:util'
import { bytes } from './bytes.ts'
import type { Progress } from './ui.ts'

const WIDTH = 20
/** Of the bar with `815 MB of 3.3 GB, 110 MB/s, 12 min left` behind it. */
const WHOLE = WIDTH + 38
/** The speed is that of the last seconds, so that it tells about now. */
const WINDOW_MS = 5000

/** Bytes per second over the last seconds; 0 until there is something to measure. */
export function rate(clock: () => number = () => performance.now()): (done: number) => number {
  let samples: { at: number; done: number }[] = []
  return (done) => {
    const at = clock()
    samples = [...samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, done }]
    const first = samples[0]
    return first && at > first.at ? Math.max(0, ((done - first.done) * 1000) / (at - first.at)) : 0
  }
}

/** `room`: columns for it. With few of them the numbers count more than the bar. */
export function bar({ done, total, text = '' }: Progress, speed: number, room = WHOLE): string {
  if (total <= 0) return styleText('dim', text)
  const filled = Math.min(WIDTH, Math.floor((WIDTH * done) / total))
  const line = room < WHOLE ? '' : `${styleText('cyan', '━'.repeat(filled))}${styleText('dim', '─'.repeat(WIDTH - filled))} `
  if (done >= total) return `${line}${bytes(total)}, ${text}`
  const facts = [room < WHOLE ? `${Math.floor((100 * done) / total)}% of ${bytes(total)}` : `${bytes(done)} of ${bytes(total)}`]
  if (speed > 0) facts.push(`${bytes(speed)}/s`, `${duration((total - done) / speed)} left`)
  return `${line}${facts.join(', ')}`
}

/** Seconds as people read them: `8 s`, `3 min`, `2 h 5 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
