import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMAND_NAMES } from '../../src/cli/command-names.ts'
import { checkDirectory, directoryName } from '../../src/questions/directory.ts'
import { refusal } from './refusal.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ollama-stack-dir-'))
  chmodSync(dir, 0o777)
  for (const name of ['empty', 'full', 'mine', 'loop', 'my stack']) mkdirSync(join(dir, name))
  writeFileSync(join(dir, 'file'), '')
  writeFileSync(join(dir, 'full', 'a\u202eb'), '')
  for (const name of ['.a', 'compose.yaml', 'ollama-stack']) for (const at of ['mine', 'my stack']) writeFileSync(join(dir, at, name), '')
  symlinkSync(join(dir, 'empty'), join(dir, 'link'))
  symlinkSync(join(dir, 'nowhere'), join(dir, 'broken'))
  symlinkSync(join(dir, 'file'), join(dir, 'file-link'))
  symlinkSync(join(dir, 'round'), join(dir, 'round'))
  spawnSync('mkfifo', [join(dir, 'fifo')])
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('names', () => {
  test.each(['ollama-stack', './status', '../x', '/srv/ollama', '.', 'my stack', 'bücher', 'status2', 'a$b', "it's", '-x', 'constructor'])('%s', (text) => expect(directoryName(text)).toBe(text))

  test.each([...COMMAND_NAMES, 'help', 'Status', 'UP'])('%s is a command, and the way out works', (text) => {
    const { code, exit, message, hint } = refusal(() => directoryName(text))
    expect([code, exit]).toEqual(['E_DIR_NAME', 2])
    expect(message).toContain(`"${text}" is a command`)
    const elsewhere = { create: 'npx create-ollama-stack@latest', help: 'npx create-ollama-stack@latest', connect: 'npx -p create-ollama-stack@latest ollama-stack connect URL', upgrade: 'npx -p create-ollama-stack@latest ollama-stack upgrade -C DIR', restore: 'npx -p create-ollama-stack@latest ollama-stack restore FILE DIR' }[text]
    expect(hint).toContain(`The command: ${elsewhere ?? `./ollama-stack ${text.toLowerCase()}`}`)
    expect(hint).toMatch(new RegExp(`A directory of that name: \\./${text}$`))
    expect(directoryName(`./${text}`)).toBe(`./${text}`)
  })

  test.each([
    ['', /empty/], ['a\nb', /"a\\u\{a\}b"/], ['a\0b', /"a\\u\{0\}b"/], ['a\x1b[2J', /\\u\{1b\}/], ['a\x9b', /\\u\{9b\}/], ['a\u202eb', /"a\\u\{202e\}b"/], ['a\u2028', /\\u\{2028\}/], ['a\u200b', /\\u\{200b\}/],
  ])('not %j', (text, says) => {
    expect(refusal(() => directoryName(text)).code).toBe('E_DIR_NAME')
    expect(refusal(() => directoryName(text)).message).toMatch(says)
  })

  test.each([['~', homedir()], ['~/x', `${homedir()}/x`], ['~x', '~x'], ['a/~', 'a/~']])('%s is %s', (text, expected) => expect(directoryName(text)).toBe(expected))
})

describe('places', () => {
  test.each(['new', 'new/deep/er', 'empty', 'link/new', '.new'])('%s is fine, and stays as it is', (path) => {
    const before = readdirSync(dir, { recursive: true }).sort()
    expect(() => checkDirectory(join(dir, path))).not.toThrow()
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before)
  })

  test.each<[string, string, RegExp]>([
    ['full', 'E_DIR_NOT_EMPTY', /full is not empty \(it has "a\\u\{202e\}b"\), and nothing in it will be overwritten\. Choose a new directory, such as my-stack$/],
    ['mine', 'E_DIR_NOT_EMPTY', /\(it has "compose\.yaml"\).* or see what runs there: \S+\/mine\/ollama-stack status$/],
    ['my stack', 'E_DIR_NOT_EMPTY', / see what runs there: '\S+\/my stack\/ollama-stack' status$/],
    ['file', 'E_DIR_NOT_EMPTY', /file exists and is not a directory\./],
    ['fifo', 'E_DIR_NOT_EMPTY', /fifo exists and is not a directory\./],
    ['link', 'E_DIR_SYMLINK', /link is a symbolic link, .* Give the path that it points to\.$/],
    ['broken', 'E_DIR_SYMLINK', /broken is a symbolic link/],
    ['file/new', 'E_DIR_NAME', /\/file is not a directory, so \S+\/file\/new can't be made in it\./],
    ['file/new/deep', 'E_DIR_NAME', /\/file is not a directory, so \S+\/file\/new\/deep can't/],
    ['file-link/new', 'E_DIR_NAME', /\/file-link is not a directory, so/],
    ['broken/new', 'E_DIR_NAME', /\/broken is a symbolic link that leads nowhere, so/],
    ['round/new', 'E_DIR_NAME', /\/round is a symbolic link that leads nowhere, so/],
    ['a'.repeat(241), 'E_DIR_NAME', /is too long for a directory's name\. Use at most 240 bytes\.$/],
    ['ü'.repeat(121), 'E_DIR_NAME', /is too long for a directory's name/],
    [`${'a'.repeat(256)}/x`, 'E_DIR_NAME', /is too long for a path/],
    ['b/'.repeat(3000), 'E_DIR_NAME', /is too long for a path/],
  ])('row %# is refused', (path, code, says) => {
    const error = refusal(() => checkDirectory(join(dir, path)))
    expect([error.code, error.exit]).toEqual([code, 2])
    expect(`${error.message} ${error.hint}`).toMatch(says)
  })

  test('240 bytes are short enough for the staging directory beside it', () => expect(() => checkDirectory(join(dir, 'a'.repeat(240)))).not.toThrow())
})

// Root may write anywhere, so the check runs in a process of somebody else.
describe('somebody who may not', () => {
  const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  let script: string
  beforeAll(() => {
    script = join(dir, 'full', 'check.cjs')
    buildSync({
      stdin: { contents: "import { checkDirectory } from './src/questions/directory.ts'; try { checkDirectory(process.argv[2]); console.log('{}') } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })) }", resolveDir: join(import.meta.dirname, '../..'), loader: 'ts' },
      bundle: true, platform: 'node', format: 'cjs', outfile: script,
    })
    for (const [name, mode] of [['closed', 0o000], ['read-only', 0o555], ['drop', 0o333], ['own', 0o777]] as const) {
      mkdirSync(join(dir, name, 'inside'), { recursive: true })
      chmodSync(join(dir, name, 'inside'), 0o777)
      chmodSync(join(dir, name), mode)
    }
  })
  afterAll(() => { for (const name of ['closed', 'read-only', 'drop']) chmodSync(join(dir, name), 0o755) })

  test.each<[string, string | undefined, RegExp]>([
    ['own/new', undefined, /^undefined/],
    ['own/inside', undefined, /^undefined/],
    ['drop/new', undefined, /^undefined/],
    ['read-only/new', 'E_DIR_DENIED', /\/read-only is not yours to write to, and \S+\/read-only\/new would be made in it\. Choose a directory of your own, such as ~\/ollama-stack$/],
    ['read-only/new/deep', 'E_DIR_DENIED', /\/read-only is not yours to write to, and/],
    ['read-only', 'E_DIR_DENIED', /\/read-only is not yours to write to\. /],
    ['read-only/inside', 'E_DIR_DENIED', /\/read-only is not yours to write to, and \S+\/read-only\/inside would be made in it/],
    ['drop', 'E_DIR_DENIED', /\/drop is not yours to write to\. /],
    ['closed/new', 'E_DIR_DENIED', /\/closed\/new is not yours to write to\. /],
    ['closed/new/deep', 'E_DIR_DENIED', /is not yours to write to\. /],
  ])('%s: %s', (path, code, says) => {
    const { stdout, stderr } = spawnSync(process.execPath, [script, join(dir, path)], { encoding: 'utf8', cwd: dirname(script), ...asNobody })
    expect(stderr).toBe('')
    const error = JSON.parse(stdout) as { code?: string; message?: string; hint?: string }
    expect(error.code).toBe(code)
    expect(`${error.message} ${error.hint}`).toMatch(says)
  })
})
