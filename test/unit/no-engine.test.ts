// What is said and done without an engine, where a command can do its work without one.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { applyChange } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'

const place = mkdtempSync(join(tmpdir(), 'ollama-stack-alone-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const env = { DOCKER_HOST: `unix://${place}/nothing.sock` }
let count = 0

/** A project in a directory of its own. */
async function projectDir(): Promise<string> {
  const { bearer } = stacks
  if (!bearer) throw new Error('no stack bearer')
  const dir = join(place, String(count++), 'home')
  mkdirSync(dir, { recursive: true })
  const { files } = await render(bearer, config(bearer, {}), [{ name: 'ann', role: 'admin' }], { now: new Date() })
  applyChange(dir, files)
  return dir
}

test('user list: when somebody was last seen is unknown then, not never', async () => {
  const { code, out, err } = await ran(await projectDir(), ['user', 'list'], { env })
  expect([code, err]).toEqual([0, expect.stringContaining('No Docker Engine answers')])
  expect(out).toMatch(/^ann +admin +\d{4}-\d\d-\d\d +never +unknown$/m)
})

test.each([['nowhere/results.xml', 'There is no directory'], ['proxy', 'is a directory']])('test --junit %s: refused before anything is asked or tried', async (file, says) => {
  const dir = await projectDir()
  const { code, out } = await ran(dir, ['test', '--junit', file, '--json'], { env })
  expect([code, JSON.parse(out)]).toEqual([2, { error: expect.objectContaining({ code: 'E_FILE', message: expect.stringContaining(says) as string }) as object }])
})

test('a second backup in the same second has a name of its own', async () => {
  const dir = await projectDir()
  const made = await Promise.all(['', ''].map(async () => JSON.parse((await ran(dir, ['backup', '--json'], { env })).out) as { file?: string; error?: object }))
  const third = JSON.parse((await ran(dir, ['backup', '--json'], { env })).out) as { file?: string; error?: object }
  const files = [...made, third].map(({ file, error }) => error ?? file)
  expect(files).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/home-backup-[\d-]+\.tar\.gz$/) as string))
  expect(new Set(files).size).toBe(3)
})

describe('a backup without a name for it lies', () => {
  test.each([['the project', '.'], ['a directory of it', 'proxy']])('beside the project, made in %s', async (_, from) => {
    const dir = await projectDir()
    const { code, out, err } = await ran(join(dir, from), ['backup', '--json'], { env })
    expect(code, err).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ left: [] })
    expect(readdirSync(join(dir, '..'))).toEqual(['home', expect.stringMatching(/^home-backup-[\d-]+\.tar\.gz$/)])
  })
  test('where the user is, made from elsewhere', async () => {
    const dir = await projectDir()
    const elsewhere = mkdtempSync(join(place, 'elsewhere-'))
    expect((await ran(elsewhere, ['backup', '-C', dir], { env })).code).toBe(0)
    expect(readdirSync(elsewhere)).toHaveLength(1)
  })
})
