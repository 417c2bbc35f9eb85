// Versions below which a known security fix is missing: reviewed by hand, each with its reason and source.

import type { Level } from './check.ts'

export interface Floor {
  /** In the name of the image, without registry and tag. */
  image: RegExp
  /** What prints the version, in the container. */
  command: readonly string[]
  /** The version within what it prints. */
  version: RegExp
  /** For each series that is maintained, the first good one, the newest series first: a newer series is good. */
  least: readonly string[]
  /** `fail`: the login itself is at stake. */
  level: Exclude<Level, 'ok'>
  reason: string
  source: string
}

const NGINX = {
  version: /(?:nginx|openresty)\/(\d+\.\d+\.\d+)/,
  least: ['1.31.1', '1.30.2'],
  level: 'warn',
  reason: 'buffer overflows in the rewrite module that a stranger may reach (CVE-2026-42945, CVE-2026-9256); a distribution may have mended an older version',
  source: 'https://nginx.org/en/security_advisories.html',
} as const

export const FLOORS: readonly Floor[] = [
  { ...NGINX, image: /(?:^|\/)nginx(?:-unprivileged)?$/, command: ['nginx', '-v'] },
  { ...NGINX, image: /(?:^|\/)openresty$/, command: ['openresty', '-v'] },
  {
    image: /(?:^|\/)caddy$/, command: ['caddy', 'version'], version: /^v?(\d+\.\d+\.\d+)/, least: ['2.11.4'], level: 'fail',
    reason: 'client certificates are not checked under some conditions (a damaged CA file, CVE-2026-27586; a resumed TLS session, until 2.11.3; a slip of that fix, until 2.11.4)',
    source: 'https://github.com/caddyserver/caddy/security/advisories/GHSA-hffm-g8v7-wrv7',
  },
  {
    image: /(?:^|\/)ollama$/, command: ['ollama', '--version'], version: /(\d+\.\d+\.\d+)/, least: ['0.20.3'], level: 'warn',
    reason: "whoever may create models can read the server's memory (CVE-2026-7482, until 0.17.1) or write outside of the store (CVE-2026-7020, until 0.20.3)",
    source: 'https://www.cve.org/CVERecord?id=CVE-2026-7482',
  },
]

/** Whether `version` has the fixes. */
export function reaches(version: string, { least }: Pick<Floor, 'least'>): boolean {
  const [newest = ''] = least
  const series = least.find((floor) => sameSeries(floor, version))
  return compare(version, series ?? newest) >= 0
}

const sameSeries = (a: string, b: string): boolean => a.split('.', 2).join('.') === b.split('.', 2).join('.')

function compare(a: string, b: string): number {
  const other = b.split('.').map(Number)
  for (const [at, part] of a.split('.').map(Number).entries()) if (part !== other[at]) return part - (other[at] ?? 0)
  return 0
}
