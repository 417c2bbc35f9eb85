import { jsonLine } from '../json-line.ts'
import type { Access } from '../stack.ts'

/** A line of the access log, as common.conf writes it. */
export function access(line: string): Access | null {
  const { time, person, address, method, path, status, bytes, seconds, first_byte: firstByte, refused } = jsonLine(line) ?? {}
  if (typeof time !== 'string' || typeof address !== 'string' || typeof method !== 'string' || typeof path !== 'string') return null
  return {
    at: new Date(time),
    person: typeof person === 'string' && person !== '' ? person : null,
    address, method, path,
    status: typeof status === 'number' ? status : null,
    bytes: Number(bytes),
    seconds: Number(seconds),
    firstByte: typeof firstByte === 'number' ? firstByte : null,
    refused: typeof refused === 'string' && refused !== '' ? refused : null,
  }
}
