// The browser of the engine tests: Debian's own Chromium, since playwright-core brings none.

import { existsSync } from 'node:fs'
import { canInstall, install } from './apt.ts'
import { must, Stop } from './shell.ts'

/** Where Debian's package puts it. */
export const CHROMIUM = '/usr/bin/chromium'

/** Installs it where it is missing. Returns a line about it. */
export async function chromium(): Promise<string> {
  if (existsSync(CHROMIUM)) return version()
  if (!canInstall()) throw new Stop('Tests use Chromium, which is missing here. Install it:\n  sudo apt-get install chromium')
  await install('chromium')
  return `${await version()} (installed)`
}

const version = async (): Promise<string> => (await must(CHROMIUM, ['--version'])).trim()
