// The systemd unit that `connect --service systemd` prints.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { keep, keptAt } from '../../src/forward/store.ts'
import { checkProgram, systemdUnit } from '../../src/forward/unit.ts'
import { ran } from './ran.ts'
import { refusal } from './refusal.ts'

const dir = mkdtempSync(join(tmpdir(), 'connect-unit-'))
afterAll(() => rmSync(dir, { recursive: true }))

const url = 'https://nas.lan:8443'
const odd = { node: process.execPath, program: '/home/ann/100% "mine"/$HOME/ollama-stack.js', args: ['connect', url, '--port', '11434'], url, configHome: '/home/ann/my config' }

test('paths mean themselves, whatever is in them', () => {
  const lines = systemdUnit(odd).split('\n')
  expect(lines).toContain(`ExecStart=${process.execPath} "/home/ann/100%% \\"mine\\"/$$HOME/ollama-stack.js" connect ${url} --port 11434`)
  expect(lines).toContain('Environment="XDG_CONFIG_HOME=/home/ann/my config"')
  expect(refusal(() => systemdUnit({ ...odd, program: '/a\nExecStart=/bin/x' })).code).toBe('E_SERVICE')
})

test("what npx unpacked for one run isn't what a service may start", () => {
  expect(refusal(() => checkProgram('/home/ann/.npm/_npx/5d899be8/node_modules/create-ollama-stack/dist/ollama-stack.js')).hint).toMatch(/^Install it, then ask again: npm install -g create-ollama-stack@/)
  expect(checkProgram('/usr/lib/node_modules/create-ollama-stack/dist/ollama-stack.js')).toBeUndefined()
})

test('a login must be kept; the unit names no secret', async () => {
  const asked = (...more: string[]) => ran(dir, ['connect', url, '--service', 'systemd', ...more], { env: { XDG_CONFIG_HOME: dir } })
  expect(await asked()).toMatchObject({ code: 1, err: expect.stringContaining(`have the login kept: ollama-stack connect ${url} --save`) })
  const folder = join(dir, 'ollama-stack')
  keep(keptAt(folder, { url }), folder, { login: 'bearer', secret: 'olsk_1' })
  const { code, out } = await asked('--ca', 'ca.crt', '--origin', 'app://*')
  expect(code).toBe(0)
  expect(out).toContain(` connect ${url} --port 11434 --ca ${join(dir, 'ca.crt')} --origin "app://*"\n`)
  expect(out).not.toContain('olsk_1')
})

test.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)('systemd finds nothing wrong with it', () => {
  const path = join(dir, 'ollama-stack-connect.service')
  writeFileSync(path, systemdUnit(odd))
  // Problems are told, and the exit code stays 0.
  const verify = () => spawnSync('systemd-analyze', ['--user', 'verify', path], { env: { ...process.env, XDG_RUNTIME_DIR: dir }, encoding: 'utf8' })
  expect(verify()).toMatchObject({ status: 0, stderr: '' })
  writeFileSync(path, systemdUnit(odd).replace('RestrictRealtime=', 'RestrictRealtimes='))
  expect(verify().stderr).toContain('RestrictRealtimes')
})
