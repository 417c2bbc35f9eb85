// Somebody with Node and Docker on their machine who has never heard of us: an empty home, so no cache of
// npm's, no settings but the registry's address, and nothing of this process's environment.

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { run, type Outcome } from '../setup/shell.ts'

export interface Stranger {
  /** Where they stand, an empty folder. */
  here: string
  home: string
  env: Record<string, string>
  run(command: string, ...args: string[]): Promise<Outcome>
  leave(): void
}

export function stranger(registry: string): Stranger {
  const dir = mkdtempSync(join(tmpdir(), 'stranger-'))
  const [home, here] = [join(dir, 'home'), join(dir, 'here')]
  for (const folder of [home, here]) mkdirSync(folder)
  writeFileSync(join(home, '.npmrc'), `registry=${registry}\nprefix=${join(home, 'global')}\n`)
  const path = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')), join(home, 'global', 'bin')]
  const env = {
    PATH: path.join(delimiter),
    HOME: home,
    // A machine's own settings for npm would count too.
    npm_config_globalconfig: join(home, 'none'),
    ...engine(),
    // What yarn reads in place of .npmrc. It takes no release that is younger than a day, and asks for TLS.
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_NPM_MINIMAL_AGE_GATE: '0',
  }
  return {
    here, home, env,
    run: (command, ...args) => run(command, args, { cwd: here, env: bare(env), seconds: 120 }),
    leave: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** These variables and none of this process's, npm's own least of all, for what adds to them. */
export function bare(own: Record<string, string>): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])), PATH: process.env['PATH'], ...own }
}

/** How to reach Docker, which a new home doesn't change. */
function engine(): Record<string, string> {
  const { DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG = join(homedir(), '.docker'), XDG_RUNTIME_DIR } = process.env
  return { DOCKER_CONFIG, ...(DOCKER_HOST && { DOCKER_HOST }), ...(DOCKER_CONTEXT && { DOCKER_CONTEXT }), ...(XDG_RUNTIME_DIR && { XDG_RUNTIME_DIR }) }
}
