import type { Visit } from '../stack.ts'

/** A line of the access log (common.conf). A refused credential has a person too, with basic: the name is all one knows. */
export function visit(line: string): Visit | null {
  const [, time = '', person = ''] = /^\{"time":"([^"]+)","person":"([^"]+)",.*"status":(?!401)\d{3},/.exec(line) ?? []
  return person === '' ? null : { person, at: new Date(time) }
}
