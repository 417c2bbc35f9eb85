/** A line of a log as the JSON object that it is, or null. */
export function jsonLine(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null // half a line, or somebody else's braces
  }
}
