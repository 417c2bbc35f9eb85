// The config hash by which Compose tells whether a container is still the one that the file describes.

import { createHash } from 'node:crypto'
import type { Service } from './types.ts'

const ESCAPES: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028', '\u2029': '\\u2029' }

/**
 * JSON as Go writes it: no spaces, `<`, `>`, `&` escaped. Maps are sorted already, save for keys that
 * JavaScript insists on putting first because they look like array indices.
 */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value)
    if (keys.some((key) => /^\d+$/.test(key))) keys.sort()
    return `{${keys.map((key) => `${goJson(key)}:${goJson((value as Record<string, unknown>)[key])}`).join(',')}}`
  }
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => ESCAPES[char] ?? char)
}

/**
 * What `docker compose config --hash SERVICE` prints, as lower-case hex. Sources of bind mounts must be
 * absolute. The service holds no build, pull_policy, scale, depends_on or profiles, which Compose leaves out.
 */
export function configHash(service: Service): string {
  return createHash('sha256').update(goJson(service)).digest('hex')
}
