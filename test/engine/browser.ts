// A real browser: Debian's Chromium with a home of its own, so that what it trusts and the
// certificates it can show are in its own store (NSS), as they would be on somebody's desk.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'
import { CHROMIUM } from '../setup/chromium.ts'
import { run } from './project.ts'

export interface Store {
  home: string
  /** What comes from this CA is trusted. */
  trust(name: string, ca: string): Promise<void>
  /** As somebody would who was handed the file and its password. */
  bring(p12: string, password: string): Promise<void>
}

export async function newStore(home: string): Promise<Store> {
  const dir = join(home, '.pki', 'nssdb')
  const nss = async (tool: string, ...args: string[]): Promise<void> => {
    const { code, stderr, stdout } = await run(tool, ['-d', `sql:${dir}`, ...args])
    if (code !== 0) throw new Error(`${tool} ${args[0] ?? ''}: ${stderr}${stdout}`)
  }
  mkdirSync(dir, { recursive: true })
  await nss('certutil', '-N', '--empty-password')
  return {
    home,
    trust: (name, ca) => nss('certutil', '-A', '-n', name, '-t', 'C,,', '-i', ca),
    bring: (p12, password) => nss('pk12util', '-i', p12, '-W', password, '-K', ''),
  }
}

export interface Launch {
  /** Sites that get the store's certificate without Chromium's dialog, which nobody could answer here. */
  showCertificateTo?: string[]
  args?: string[]
}

/** With a profile of its own, because that says which sites get a certificate. */
export function launch({ home }: Store, profile: string, { showCertificateTo = [], args = [] }: Launch = {}): Promise<BrowserContext> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing. \`npm test\` installs it, or: sudo apt-get install chromium`)
  const dir = join(home, profile)
  mkdirSync(join(dir, 'Default'), { recursive: true })
  // What the policy AutoSelectCertificateForUrls comes to, without a file in /etc.
  const exceptions = { auto_select_certificate: Object.fromEntries(showCertificateTo.map((url) => [`${url},*`, { setting: { filters: [{}] } }])) }
  writeFileSync(join(dir, 'Default', 'Preferences'), JSON.stringify({ profile: { content_settings: { exceptions } } }))
  return chromium.launchPersistentContext(dir, { executablePath: CHROMIUM, args, env: { ...process.env, HOME: home }, timeout: 20_000 })
}
