// Prepares everything that a stack on a real engine needs, and says in one line each what it
// found or did. Run it as often as you like: what is there stays as it is.

import { installCompose } from './apt.ts'
import { docker, ensureEngine } from './docker.ts'
import { ensureImages, type Pinned } from './images.ts'
import { say, Stop } from './shell.ts'

/** `--fresh` makes or pulls every image anew. */
export async function main(args: string[] = []): Promise<void> {
  const unknown = args.find((arg) => arg !== '--fresh')
  if (unknown !== undefined) throw new Stop(`Unknown argument ${unknown}. There is only --fresh.`)
  await prepare(args.includes('--fresh'))
}

export async function prepare(fresh = false): Promise<Pinned[]> {
  say('engine', await ensureEngine())
  say('compose', await compose())
  return ensureImages(fresh, ({ image, kind }, how) => say('image', `${image.padEnd(34)} ${kind} (${how})`))
}

/** Only the tests that compare with Compose need it, so its absence is told and ends nothing. */
async function compose(): Promise<string> {
  const version = async (): Promise<string | undefined> => {
    const { code, out } = await docker('compose', 'version', '--short')
    return code === 0 ? out.trim() : undefined
  }
  const present = await version()
  if (present !== undefined) return present
  try {
    await installCompose()
  } catch (error) {
    if (error instanceof Stop) return `MISSING, tests that need it can't run. ${error.message}`
    throw error
  }
  return `${(await version()) ?? 'MISSING: the plugin from Debian does not run here'} (installed for this user)`
}
