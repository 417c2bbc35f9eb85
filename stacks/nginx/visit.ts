import type { Stack, Visit } from '../stack.ts'

/** A line of the access log (common.conf). A refused credential has a person too, with basic: the name is all one knows. */
export function visit(line: string): Visit | null {
  const [, time = '', person = ''] = /^\{"time":"([^"]+)","person":"([^"]+)",.*"status":(?!401)\d{3},/.exec(line) ?? []
  return person === '' ? null : { person, at: new Date(time) }
}

export function caller(line: string): ReturnType<Stack['caller']> {
  const [, address = '', path = ''] = /^\{"time":"[^"]+",.*"address":"([^"]+)",.*"path":"([^"]+)"/.exec(line) ?? []
  return address === '' ? null : { address, path }
}
