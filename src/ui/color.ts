/** As Node.js itself colours: FORCE_COLOR says so for a pipe too, NO_COLOR and a terminal without colours say no. */
export function hasColors(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>, env: Record<string, string | undefined>): boolean {
  const forced = env['FORCE_COLOR']
  return forced === undefined ? stream.isTTY === true && stream.hasColors(env) : !['0', 'false'].includes(forced)
}
