// Everything, from a fresh clone: prepare the machine, check the types, build, run every test.
// Arguments go to vitest: `npm test -- --project unit` prepares nothing that unit tests don't need.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import { chromium } from './chromium.ts'
import { clientFolder } from './docker.ts'
import { tools } from './apt.ts'
import { prepare } from './engine.ts'
import { clients, registry } from './packages.ts'
import { must, say } from './shell.ts'

const root = join(import.meta.dirname, '..', '..')

export async function main(args: string[]): Promise<number> {
  const only = args.flatMap((word, index) => (word === '--project' ? [args[index + 1]] : word.startsWith('--project=') ? [word.slice('--project='.length)] : []))
  const bare = only.length > 0 && only.every((project) => project === 'unit' || project === 'images')
  // A machine without an engine fails here, with what to do about it: nothing is skipped.
  if (!bare) {
    await prepare()
    say('tools', await tools())
  }
  if (only.length === 0 || only.includes('engine')) say('browser', await chromium())
  if (only.length === 0 || only.includes('beside')) say('clients', await clients())
  if (only.length === 0 || only.includes('first')) say('registry', await registry())
  say('types', await must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit']).then(() => 'sound'))
  if (!bare) say('lint', await must('npm', ['run', '--silent', 'lint']).then(() => 'sound'))
  await must(process.execPath, [join(root, 'src/build.mjs')])
  const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '-c', join(root, 'test/vitest.config.ts'), ...args], { stdio: 'inherit', env: environment() })
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

/** Tests call `docker`: it must be the one that gets on with this engine. */
function environment(): NodeJS.ProcessEnv {
  const folder = clientFolder()
  return folder === undefined ? process.env : { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` }
}
