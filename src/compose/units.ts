// Sizes, durations and floats in the notation that Compose writes them, since the config hash is
// taken over that notation. Facts: go-units RAMInBytes, Go's time.Duration.String, Go's JSON floats;
// test/engine/compose-hash.test.ts compares them with Compose.

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i

/** `512m` -> bytes, or null. Units are powers of 1024, whatever they are called. */
export function parseBytes(text: string): number | null {
  const match = SIZE.exec(text)
  if (!match) return null
  const power = match[2] ? 'kmgtp'.indexOf(match[2].toLowerCase()) + 1 : 0
  const bytes = Math.trunc(Number(match[1]) * 1024 ** power)
  return Number.isSafeInteger(bytes) ? bytes : null
}

const NANOSECONDS: Record<string, number> = {
  ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9, w: 604_800e9,
}

/** `1m30s` -> nanoseconds, or null. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+$/.test(text)) return null
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdw])/g)) {
    sum += Math.round(Number(amount) * (NANOSECONDS[unit ?? ''] ?? 0))
  }
  return Number.isSafeInteger(sum) ? sum : null
}

/** Nanoseconds -> `1m30s`, as Go prints them. */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0s'
  if (ns < 1e3) return `${ns}ns`
  if (ns < 1e6) return `${decimal(ns, 1e3)}µs`
  if (ns < 1e9) return `${decimal(ns, 1e6)}ms`
  const hours = Math.floor(ns / 3600e9)
  const minutes = Math.floor((ns % 3600e9) / 60e9)
  const seconds = `${decimal(ns % 60e9, 1e9)}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

/** An exact decimal quotient without trailing zeros; `unit` is a power of ten. */
function decimal(value: number, unit: number): string {
  const rest = String(value % unit).padStart(String(unit).length - 1, '0').replace(/0+$/, '')
  return `${Math.floor(value / unit)}${rest && `.${rest}`}`
}

/** The shortest decimal that is still this number as a 32-bit float: how Go writes a float32. */
export function float32(value: number): number {
  const wanted = Math.fround(value)
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(wanted.toPrecision(digits))
    if (Math.fround(short) === wanted) return short
  }
  return wanted
}
