// What is decided by the platform, decided for another one: Windows has no modes, no POSIX shell and no
// `curl` of its own in PowerShell, and refuses to rename over a file that somebody has open.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callable, launcher } from '../../src/cli/callable.ts'
import { parseCompose } from '../../src/compose.ts'
import { fileChecks } from '../../src/doctor/files.ts'
import { launchers } from '../../src/project/launcher.ts'
import { replace } from '../../src/project/disk.ts'
import type { Project } from '../../src/project/project.ts'
import { directoryName } from '../../src/questions/directory.ts'
import { curlCommand } from '../../src/start/curl.ts'
import { onPosix, posixWord, windowsWord } from '../../src/ui/shell-word.ts'
import { facts } from './doctor/facts.ts'

describe('the launcher, as it is pasted', () => {
  test.each<[string, string, string]>([
    ['C:\\home\\stack', 'C:\\home\\stack', '.\\ollama-stack'],
    ['C:\\home\\stack', 'C:\\', 'C:\\home\\stack\\ollama-stack'],
    // As the launcher itself says where it is.
    ['C:\\home\\stack\\.', 'C:\\', 'C:\\home\\stack\\ollama-stack'],
    ['C:\\Users\\Ann B\\stack', 'C:\\', 'cmd /c "C:\\Users\\Ann B\\stack\\ollama-stack.cmd"'],
  ])('%s in %s', (project, cwd, shown) => {
    expect(launcher(project, cwd, 'win32')).toBe(shown)
    expect(callable('Start it: ollama-stack up', project, cwd, 'win32')).toBe(`Start it: ${shown} up`)
  })
  test('elsewhere', () => {
    expect([launcher('/srv/a b', '/srv/a b', 'darwin'), launcher('/srv/a b', '/', 'linux')]).toEqual(['./ollama-stack', "'/srv/a b/ollama-stack'"])
  })
  test('both are in every project, each with its own line ends', () => {
    const [posix, windows] = ['ollama-stack', 'ollama-stack.cmd'].map((name) => String(launchers().get(name)?.content))
    expect(posix).not.toContain('\r')
    expect(windows?.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(windows).toContain('node "%~dp0.ollama-stack\\ollama-stack.js" %*')
  })
})

describe('words', () => {
  test.each([
    ['C:\\Users\\ann', 'C:\\Users\\ann'], ['a b', '"a b"'], ["it's", '"it\'s"'], ['a,b', '"a,b"'], ['@x', '"@x"'], ['$HOME', "'$HOME'"], ['a`"b\'', "'a`\"b'''"], ['100%', "'100%'"], ['', '""'],
  ])('%j for PowerShell and cmd: %s', (word, quoted) => expect(windowsWord(word)).toBe(quoted))
  test('for a POSIX shell', () => expect(posixWord("it's")).toBe("'it'\\''s'"))
  test('what only a POSIX shell knows is left out', () => expect([onPosix(' (df -h)', 'win32'), onPosix(' (df -h)', 'linux')]).toEqual(['', ' (df -h)']))
})

describe('curl', () => {
  const project = { dir: '/p', url: 'https://localhost:8443', ca: '/p/certs/ca.crt' }
  const ann = { name: 'ann', login: { headers: {}, cert: 'PEM', key: 'PEM' }, files: { cert: 'certs/clients/ann.crt', key: 'certs/clients/ann.key', p12: 'certs/clients/ann.p12' } }
  test("Windows' own: by its full name, and a certificate as PKCS#12", () => {
    expect(curlCommand({ ...project, ca: null }, { login: { headers: { Authorization: 'Bearer abc' } }, files: null }, 'win32')).toBe('curl.exe -sS -H "Authorization: Bearer abc" https://localhost:8443/api/tags')
    expect(curlCommand(project, { ...ann, secret: 'pw' }, 'win32')).toMatch(/^curl\.exe -sS --cacert \S+ --ssl-revoke-best-effort --cert \S+ann\.p12:pw --cert-type P12 https:\/\/localhost:8443\/api\/tags$/)
  })
  test('elsewhere: PEM', () => expect(curlCommand(project, ann, 'darwin')).toMatch(/^curl -sS --cacert \S+ --cert \S+ann\.crt --key \S+ann\.key https/))
})

describe('a file in the place of another', () => {
  const refusing = (times: number, code: string): [() => void, () => number] => {
    let calls = 0
    return [() => { if (++calls <= times) throw Object.assign(new Error(code), { code }) }, () => calls]
  }
  test.each(['EPERM', 'EACCES', 'EBUSY'])('Windows says %s while somebody reads it: tried again', (code) => {
    const [rename, calls] = refusing(3, code)
    replace('a', 'b', 'win32', rename)
    expect(calls()).toBe(4)
  })
  test('but not for ever, not for another reason, and not where it means something else', () => {
    expect(() => replace('a', 'b', 'win32', refusing(1000, 'EPERM')[0])).toThrow('EPERM')
    const [full, fulls] = refusing(1000, 'ENOSPC')
    expect(() => replace('a', 'b', 'win32', full)).toThrow('ENOSPC')
    const [denied, denials] = refusing(1000, 'EPERM')
    expect(() => replace('a', 'b', 'linux', denied)).toThrow('EPERM')
    expect([fulls(), denials()]).toEqual([1, 1])
  })
})

describe('doctor on Windows: who may read the project', () => {
  const modes = fileChecks.find(({ id }) => id === 'file-modes')
  test.each<[string, string, string]>([
    ['C:\\Users\\ann\\stack', 'ok', 'keeps no modes; the project is in your profile'],
    ['C:\\stack', 'warn', 'others of this machine may be able to read'],
    ['D:\\stack', 'warn', 'icacls "D:\\stack" /inheritance:r'],
    ['C:\\Users\\anna', 'warn', 'is not in your profile'],
  ])('%s: %s', async (dir, level, text) => {
    const verdict = await modes?.run(facts({ platform: 'win32', home: 'C:\\Users\\ann', project: { dir } as Project }))
    expect(verdict?.level).toBe(level)
    expect(`${verdict?.evidence} ${verdict && 'hint' in verdict ? verdict.hint : ''}`).toContain(text)
  })
})

test('~ with a backslash is the home directory on Windows only', () => {
  expect(directoryName('~\\stack', 'win32')).not.toContain('~')
  expect(directoryName('~\\stack', 'linux')).toBe('~\\stack')
  expect(directoryName('~x\\stack', 'win32')).toBe('~x\\stack')
})

test('a path with a drive letter is a path in compose.yaml', () => {
  const { services } = parseCompose('name: x\nservices:\n  one:\n    image: a:1\n    volumes: ["C:\\\\models:/models:ro", "./proxy/nginx.conf:/etc/nginx/nginx.conf:ro"]\n', '/p/compose.yaml')
  expect(services['one']?.volumes?.map(({ type, source, target, read_only }) => [type, source, target, read_only])).toEqual([['bind', 'C:\\models', '/models', true], ['bind', './proxy/nginx.conf', '/etc/nginx/nginx.conf', true]])
})

test('a checkout with CRLF would break scripts: git keeps LF, and the launcher for Windows as it is', () => {
  const root = join(import.meta.dirname, '../..')
  expect(readFileSync(join(root, '.gitattributes'), 'utf8')).toMatch(/^\* text=auto eol=lf$[^]*^\*\.cmd -text$/m)
  const shipped = execFileSync('git', ['check-attr', 'eol', 'text', '--', 'stacks/forward/files/start.sh', 'stacks/bearer/files/nginx.conf', 'test/files/snapshots/bearer-off/ollama-stack.cmd'], { cwd: root, encoding: 'utf8' })
  expect(shipped.match(/start\.sh: eol: lf|nginx\.conf: eol: lf|ollama-stack\.cmd: text: unset/g)).toHaveLength(3)
})
