// npm keeps every flag before a `--` for itself: of `npm create ollama-stack --port 9000` the program gets
// `9000` alone. What was kept stands in the environment of what npm runs, and is never dropped in silence.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import type { Flag } from './command.ts'

type Env = Record<string, string | undefined>

/** `npm create` and `npm exec` run a program under this name, and so does npx. What else they run may start us too, in the same environment. */
const byNpm = (env: Env): boolean => env['npm_lifecycle_event'] === 'npx' && /ollama-stack/.test(env['npm_lifecycle_script'] ?? '') && !env['OLLAMA_STACK_PROJECT']

/** Keys of npm's settings files, which it hands on like flags: `json=true`, or the `user=root` of old. */
function settings(env: Env): Set<string> {
  const { npm_config_userconfig: user, npm_config_globalconfig: global, npm_config_local_prefix: here } = env
  const files = [user, global, here && join(here, '.npmrc')].filter((path) => path && existsSync(path)) as string[]
  return new Set(files.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/^\s*([\w-]+)\s*(?:=|$)/gm)].map(([, key = '']) => key)))
}

/** `npm create --yes` may mean npm's own question, `npx --yes` does. */
export const keptYes = (env: Env): boolean => env['npm_config_yes'] === 'true' && env['npm_command'] !== 'exec'

/** Throws E_NPM_FLAGS. */
export function refuseKept(flags: Record<string, Flag>, env: Env): void {
  if (!byNpm(env)) return
  const set = settings(env)
  const kept = Object.entries(flags).flatMap(([key, { negatable }]) => {
    const value = key === 'yes' || set.has(key) ? undefined : env[`npm_config_${key.replaceAll('-', '_')}`]
    // npm writes `false` as nothing.
    return value === undefined || (value === '' && !negatable) ? [] : [value === '' ? `--no-${key}` : `--${key}`]
  })
  if (kept.length === 0) return
  throw new UsageError(
    'E_NPM_FLAGS',
    `npm kept ${kept.join(', ')} for itself, as it does with all flags before a --. Nothing was done.`,
    env['npm_command'] === 'exec' ? 'Use npx, with the flags behind the name: npx create-ollama-stack@latest [DIR] [flags]' : 'npx hands all flags on: npx create-ollama-stack@latest [DIR] [flags]\nOr put them behind a --: npm create ollama-stack@latest [DIR] -- [flags]',
  )
}
