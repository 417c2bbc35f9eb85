// Allowed addresses as the proxies read them. The entries are checked before (src/questions/allowed.ts).

/** Lines for nginx's `geo`. */
export function geoLines(entries: readonly string[]): string {
  return entries.length === 0 ? 'default 1;\n' : `default 0;\n${entries.map((entry) => `${entry} 1;\n`).join('')}`
}

/** Whether such a file, perhaps edited by hand, refuses who isn't on it. */
export function refusesOthers(text: string): boolean {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
  return lines.includes('default 0;') ? !lines.includes('default 1;') : lines.includes('error @elsewhere 403')
}

/** A part of a Caddy route: everybody else is refused before anything is looked at. */
export function remoteIpLines(entries: readonly string[]): string {
  return entries.length === 0 ? '# Everybody.\n' : `@elsewhere not remote_ip ${entries.join(' ')}\nvars @elsewhere why address\nerror @elsewhere 403\n`
}
