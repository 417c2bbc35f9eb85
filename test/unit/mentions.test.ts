// A comment that sends its reader to a file names one that is there.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sources = ['src', 'stacks', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)).filter((file) => /\.(ts|mjs|lua|conf|caddy)$|Caddyfile$/.test(file) && !/snapshots|node_modules/.test(file)))

test('files that comments name', () => {
  const missing = sources.flatMap((file) => {
    const comments = readFileSync(join(root, file), 'utf8').split('\n').filter((line) => /^\s*(\/\/|\/?\*|#|--)/.test(line)).join('\n')
    const named = comments.match(/\b(?:src|stacks|test)\/[\w./-]+\.(?:ts|mjs|lua|js|yaml)\b|(?<![\w./-])[\w-]+\.ts\b/g) ?? []
    return named.filter((name) => name.includes('/') ? !existsSync(join(root, name)) : !sources.some((one) => basename(one) === name)).map((name) => `${file}: ${name}`)
  })
  expect(sources.length).toBeGreaterThan(300)
  expect(missing).toEqual([])
})
