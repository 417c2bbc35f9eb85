// What CONTRIBUTING.md says of this repository is so: files, scripts and test projects are there.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const text = read('CONTRIBUTING.md')
const { scripts, version } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; version: string }

test('every path that it names', () => {
  const paths = [...text.matchAll(/(?<![\w/.])((?:src|stacks|test|\.github)\/[\w./-]*\w\/?)/g)].map(([, path = '']) => path).filter((path) => !path.includes('/ID/') && path !== 'stacks/ID')
  expect(paths.length).toBeGreaterThan(40)
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('every folder of src is in the picture of the code', () => {
  const folders = [...read('test/unit/layers.test.ts').matchAll(/'src\/([a-z]+)'/g)].map(([, name]) => `src/${name}`)
  expect(folders.length).toBeGreaterThan(15)
  expect(folders.filter((folder) => !text.includes(`${folder}/`))).toEqual([])
})

test('every script and test project', () => {
  const named = [...text.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
  const config = read('test/vitest.config.ts')
  const projects = [...text.matchAll(/--project ([a-z]+)/g), ...text.matchAll(/^\| `([a-z]+)`(?:, `([a-z]+)`)?/gm)].flatMap(([, ...names]) => names.filter(Boolean))
  expect(projects.filter((name) => !config.includes(`'${name}'`))).toEqual([])
  for (const [, file = '', name = ''] of text.matchAll(/(test\/\S+\.test\.ts) -t "([^"]+)"/g)) expect(read(file)).toContain(`('${name}'`)
})

test('the version has its place among the changes', () => expect(read('CHANGELOG.md')).toContain(`## [${version}]`))
