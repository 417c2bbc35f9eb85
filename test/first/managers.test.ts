// The other package managers, which install from the same registry.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { registryTool } from '../setup/packages.ts'
import { VERSION } from './installed.ts'
import { stranger, type Stranger } from './stranger.ts'

const PNPM = registryTool('pnpm/bin/pnpm.cjs')
const YARN_1 = registryTool('yarn/bin/yarn.js')
const YARN_4 = registryTool('@yarnpkg/cli-dist/bin/yarn.js')
let ann: Stranger

beforeEach(() => { ann = stranger(inject('registry')) })
afterEach(() => ann.leave())

test.each([
  ['pnpm create', [PNPM, 'create', 'ollama-stack']],
  ['pnpm dlx', [PNPM, 'dlx', 'create-ollama-stack@latest']],
  ['yarn create, Yarn 1', [YARN_1, 'create', 'ollama-stack']],
  ['yarn create, Yarn 4', [YARN_4, 'create', 'ollama-stack']],
  ['yarn dlx, Yarn 4', [YARN_4, 'dlx', 'create-ollama-stack@latest']],
])('%s: hands every flag on, and the project needs it no more', async (_, command) => {
  const { code, out, err } = await ann.run(process.execPath, ...command, 'my-stack', '--auth', 'basic', '--user', 'bob', '--no-start', '--yes')
  expect({ code, err: code === 0 ? '' : `${out}${err}` }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^admin +bob +password: \S+$/m)
  const warnings = `${out}${err}`.split('\n').filter((line) => /warn|deprecat|script/i.test(line) && line.includes('create-ollama-stack'))
  expect(warnings).toEqual([])
  expect(readdirSync(ann.here)).toEqual(['my-stack'])
  expect(await ann.run(join(ann.here, 'my-stack/ollama-stack'), '--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' })
})
