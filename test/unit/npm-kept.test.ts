// What npm's environment says about flags that never arrived. What npm really sets, test/first sees.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refuseKept } from '../../src/cli/npm-kept.ts'

const FLAGS = {
  port: { value: 'PORT', help: '' },
  'insecure-http': { help: '' },
  start: { help: '', negatable: true },
  yes: { help: '' },
} as const
const CREATE = { npm_lifecycle_event: 'npx', npm_lifecycle_script: 'create-ollama-stack', npm_command: 'init' }

function said(env: Record<string, string>): string {
  try {
    refuseKept(FLAGS, env)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test.each([
  [{ npm_config_port: '9000' }, '--port'],
  [{ npm_config_port: 'true', npm_config_insecure_http: 'true' }, '--port, --insecure-http'],
  [{ npm_config_start: '' }, '--no-start'],
  [{ npm_config_start: 'true', npm_command: 'exec' }, '--start'],
])('%j: refused, with their names', (env, kept) => {
  expect(said({ ...CREATE, ...env })).toBe(`npm kept ${kept} for itself, as it does with all flags before a --. Nothing was done.`)
})

test.each([
  ['npm asked for nothing', CREATE],
  ['--yes may be for npm', { ...CREATE, npm_config_yes: 'true' }],
  ['not given', { ...CREATE, npm_config_insecure_http: '' }],
  ['a setting of npm itself', { ...CREATE, npm_config_cache: '/c' }],
  ['a script of a project, which passes on what it was given', { ...CREATE, npm_lifecycle_event: 'setup', npm_config_port: '9000' }],
  ['no npm', { npm_config_port: '9000' }],
  ['another program that npx runs, and that runs us', { ...CREATE, npm_lifecycle_script: 'zx setup.mjs', npm_config_port: '9000' }],
  ['a project that has a launcher', { ...CREATE, OLLAMA_STACK_PROJECT: '/home/ann/my-stack', npm_config_port: '9000' }],
])('%s: goes on', (_, env) => expect(said(env)).toBe(''))

test("what stands in one of npm's settings files was typed by nobody", () => {
  const dir = mkdtempSync(join(tmpdir(), 'npmrc-'))
  try {
    writeFileSync(join(dir, 'user'), 'port=22\nregistry=https://example.com/\n')
    writeFileSync(join(dir, '.npmrc'), '; ours\ninsecure-http = true\n')
    const env = { ...CREATE, npm_config_userconfig: join(dir, 'user'), npm_config_globalconfig: join(dir, 'none'), npm_config_local_prefix: dir, npm_config_port: '22', npm_config_insecure_http: 'true' }
    expect([said(env), said({ ...env, npm_config_start: '' })]).toEqual(['', 'npm kept --no-start for itself, as it does with all flags before a --. Nothing was done.'])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
