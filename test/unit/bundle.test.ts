// The project's own copy of the program is replaced whole, or stays.

import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { bundleDiffers, replaceBundle } from '../../src/upgrade/bundle.ts'

const { place, refuse } = vi.hoisted(() => ({ place: { dir: '' }, refuse: { rename: (_to: string): void => {} } }))
vi.mock('../../src/paths.ts', () => ({ get bundleDir() { return join(place.dir, 'new') } }))
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, renameSync: (from: string, to: string) => { refuse.rename(to); real.renameSync(from, to) } }
})

const project = (): string => join(place.dir, 'project')
const own = (): string => readFileSync(join(project(), '.ollama-stack/ollama-stack.js'), 'utf8')

beforeEach(() => {
  if (place.dir !== '') rmSync(place.dir, { recursive: true })
  place.dir = mkdtempSync(join(tmpdir(), 'ollama-stack-bundle-'))
  refuse.rename = () => {}
  for (const [folder, text] of [['new', 'new'], ['project/.ollama-stack', 'old']] as const) {
    mkdirSync(join(place.dir, folder), { recursive: true })
    writeFileSync(join(place.dir, folder, 'ollama-stack.js'), text)
  }
})
afterAll(() => rmSync(place.dir, { recursive: true, force: true }))

test('the new one takes its place, and nothing else is left', () => {
  expect(bundleDiffers(project())).toBe(true)
  replaceBundle(project())
  expect([own(), readdirSync(project()), bundleDiffers(project())]).toEqual(['new', ['.ollama-stack'], false])
})

test('a project that lost its copy gets one', () => {
  rmSync(join(project(), '.ollama-stack'), { recursive: true })
  replaceBundle(project())
  expect(own()).toBe('new')
})

test('when the new one can not be put there, the old one is back', () => {
  refuse.rename = (to) => { if (to.endsWith('.ollama-stack') && !existsSync(to)) { refuse.rename = () => {}; throw Object.assign(new Error('EPERM: operation not permitted, rename'), { code: 'EPERM' }) } }
  expect(() => replaceBundle(project())).toThrow('EPERM')
  expect([own(), readdirSync(project())]).toEqual(['old', ['.ollama-stack']])
})
