import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { colored, diffOfFiles } from '../../src/configure/diff.ts'

const diff = diffOfFiles(new Map([['b', '1\n2\n3\n'], ['a', 'x\n'], ['gone', 'x\n'], ['big', 'x\n']]), new Map([['b', '1\n\x1b[2J\u202e\n3\n'], ['fresh', 'y\n'], ['gone', null], ['big', 'y\n']]), ['big'])

test('changed lines with their neighbours, other files by name, and nothing that acts on a terminal', () => {
  expect(diff).toBe(['--- b', '+++ b', '@@ -1,3 +1,3 @@', ' 1', '-2', '+\\u{1b}[2J\\u{202e}', ' 3', 'replaced: big', 'new:      fresh', 'removed:  gone'].join('\n'))
})
test('what the README says comes last', () => {
  const files = ['README.md', 'compose.yaml', 'proxy/nginx.conf']
  expect(diffOfFiles(new Map(files.map((file) => [file, 'old'])), new Map(files.map((file) => [file, 'new']))).match(/^--- .*/gm)).toEqual(['--- compose.yaml', '--- proxy/nginx.conf', '--- README.md'])
})
test('colour is for a terminal alone, and never the only mark', () => {
  expect(colored(diff, new PassThrough())).toBe(diff)
  const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => 8 })
  const lines = colored(diff, terminal).split('\n')
  expect([lines[4], lines[5]?.includes('+\\u{1b}'), lines[3], lines.at(-1)]).toEqual(['\x1b[31m-2\x1b[39m', true, ' 1', '\x1b[31mremoved:  gone\x1b[39m'])
  expect(lines.map((line) => line.replace(/\x1b\[\d+m/g, '')).join('\n')).toBe(diff)
})
