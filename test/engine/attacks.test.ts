// `test --thorough` on stacks that have a hole, and what it leaves behind when it is cut short: a
// check that never fails would prove nothing.

import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { create, dockerOk, freePort, ollamaStack, workspace, type CreateDocument } from './project.ts'

const name = 'test-attacked'
const place = workspace()
const dir = join(place.dir, name)

beforeAll(async () => {
  const { code, stdout } = await create([dir, '--auth', 'bearer', '--user', 'ann:admin', '--rate', '60/m', '--port', String(await freePort()), '--model', 'none', '--yes', '--json'])
  expect(code, stdout).toBe(0)
})
afterAll(async () => {
  await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
  place.remove()
})

type Checks = Record<string, { ok: boolean | null; detail: string }>

async function thorough(): Promise<Checks> {
  const { stdout } = await ollamaStack(['test', '--thorough', '-C', dir, '--json'])
  return Object.fromEntries((JSON.parse(stdout) as CreateDocument).checks.map(({ id, ok, detail }) => [id, { ok, detail }]))
}

const attacks = (checks: Checks): string[] => Object.entries(checks).filter(([id, { ok }]) => id.startsWith('attack-') && ok !== true).map(([id, { ok, detail }]) => `${id} ${ok}: ${detail}`)

const healthy = (): Promise<unknown> => expect.poll(() => dockerOk('inspect', '-f', '{{.State.Health.Status}}', `${name}-proxy-1`), { timeout: 20_000 }).toBe('healthy')

test('a rate limit stops no check', async () => {
  const checks = await thorough()
  expect(attacks(checks)).toEqual([])
  expect(checks['attack-paths']?.detail).toMatch(/^\d{3} requests, each answered as it must be$/)
})

/** As an owner may break it: the text of a file, and what comes in its place. */
const BREAKS: [file: string, from: RegExp, to: string][] = [
  ['proxy/routes.conf', /\(\?:pull\|push/, '(?:me|pull|push'],
  ['proxy/gate.conf', /default 0;(\s+include hosts\.conf)/, 'default 1;$1'],
  ['proxy/lua/login.lua', /scheme == "bearer"/, 'scheme and scheme:find("bearer")'],
  ['compose.yaml', /OLLAMA_HOST: .*/, 'OLLAMA_HOST: "0.0.0.0:11434"'],
  ['compose.yaml', /( {4}networks:\n)( {6}backend:\n.*\n {6}egress)/, '$1      edge: {}\n$2'],
]

test('a route too many, no look at the Host, a scheme looked for anywhere, an Ollama beside the proxy: each is found and named', async () => {
  const before = new Map(BREAKS.map(([file]) => [file, readFileSync(join(dir, file), 'utf8')]))
  const applied = async (): Promise<void> => {
    const up = await ollamaStack(['up', '-C', dir, '--json'])
    expect(up.code, up.stdout).toBe(0)
    await dockerOk('restart', `${name}-proxy-1`)
    await healthy()
  }
  try {
    for (const [file, from, to] of BREAKS) {
      const text = readFileSync(join(dir, file), 'utf8')
      expect(text.replace(from, to), file).not.toBe(text)
      writeFileSync(join(dir, file), text.replace(from, to))
    }
    await applied()
    const checks = await thorough()
    expect(checks['attack-routes']).toEqual({ ok: false, detail: expect.stringMatching(/^\d+ of \d+ requests answered otherwise, the first: closed POST \/api\/me as admin: answered \d+, expected 403$/) as string })
    expect(checks['attack-hosts']).toMatchObject({ ok: false, detail: expect.stringContaining('the first: host foreign.example as stranger: answered 401, expected 421') as string })
    expect(checks['attack-credentials']).toMatchObject({ ok: false, detail: expect.stringMatching(/the first: credential: longer scheme: answered 200, expected 401/) as string })
    expect(checks['attack-container']).toMatchObject({ ok: false, detail: expect.stringMatching(/ollama:11434 answers another container without a login$/) as string })
    expect([checks['attack-headers']?.ok, checks['attack-addresses']?.ok !== null]).toEqual([true, true])
  } finally {
    for (const [file, text] of before) writeFileSync(join(dir, file), text)
    await applied()
  }
})

test('Ctrl-C as soon as another container is made: it goes, and so do the people made for the checks', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), 'test', '--thorough', '-C', dir], { stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const others = (): Promise<string> => dockerOk('ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`, '--filter', 'label=com.docker.compose.oneoff=True')
  try {
    for (const end = Date.now() + 60_000; (await others()) === ''; await sleep(20)) expect(Date.now()).toBeLessThan(end)
  } finally {
    child.kill('SIGINT')
  }
  expect(await ended).toBe(130)
  await expect.poll(others, { timeout: 5000 }).toBe('')
  expect(readFileSync(join(dir, 'credentials/keys'), 'utf8')).not.toContain('ollama-stack-test-')
})
