// Each stack tells about itself (stacks/ID/README.md), names every file that it ships, and keeps that out of projects.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { config } from './config-of.ts'
import { readTexts } from '../../src/texts.ts'

const root = join(import.meta.dirname, '../../stacks')

describe.each(Object.values(stacks))('$id', (stack) => {
  const text = readFileSync(join(root, stack.id, 'README.md'), 'utf8')
  // What `a.conf`, `b.conf` mean in a row that begins with `proxy/x.conf`.
  const named = new Set([...text.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name.split('/').at(-1)))

  test('names each file that a project gets from it, and none that it does not', () => {
    const shipped = ['compose.yaml', ...Object.keys(stack.files({ tls: 'private', hostNetwork: false })), ...stack.render(config(stack, { tls: 'private', hosts: ['localhost'] })).keys()].filter((path) => !path.startsWith('credentials/'))
    const names = shipped.map((path) => path.split('/').at(-1))
    expect(names.filter((name) => !named.has(name))).toEqual([])
    const table = text.slice(text.indexOf('## What it ships'), text.indexOf('## How a request'))
    expect([...table.matchAll(/`(?:proxy\/(?:lua\/)?)?([\w-]+\.(?:conf|js|lua|caddy|yaml))`/g)].map(([, name]) => name).filter((name) => !names.includes(name))).toEqual([])
  })
  test('names files of its own folder that are there', () => {
    for (const [, path = ''] of text.matchAll(/`((?:files|\.\.)\/[^`]*)`/g)) expect([path, existsSync(join(root, stack.id, path))]).toEqual([path, true])
  })
})

test('of the README files only that of a project is among what projects are made of', () => {
  const packed = join(dirname(root), 'dist/stacks.json.br')
  expect(existsSync(packed), 'npm run build').toBe(true)
  expect(Object.keys(readTexts(packed)).filter((path) => path.endsWith('README.md'))).toEqual(['common/README.md'])
})
