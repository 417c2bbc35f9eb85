// Real clients against stacks with every login, from the very settings that `client --json` prints.

import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { clients } from '../../src/clients/index.ts'
import type { Guide } from '../../src/clients/guide.ts'
import { ran } from '../unit/ran.ts'
import { create, freePort, ollamaStack, run, workspace, type CreateDocument, type Outcome } from './project.ts'

const MODEL = 'gemma3:1b'
/** Appended to the printed program, which has made its client and listed or asked already. */
const STREAM: Record<string, string> = {
  'ollama-js': `let parts = 0; for await (const _ of await ollama.chat({ model: '${MODEL}', stream: true, options: { num_predict: 9 }, messages: [{ role: 'user', content: 'hi' }] })) parts += 1; console.log('parts', parts)`,
  'openai-js': `let parts = 0; for await (const _ of await openai.chat.completions.create({ model: '${MODEL}', stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] })) parts += 1; console.log('parts', parts)`,
  'langchain-js': `let parts = 0; for await (const _ of await chat.stream('hi')) parts += 1; console.log('parts', parts)`,
  'ai-sdk': `import { streamText } from 'ai'; let parts = 0; for await (const _ of streamText({ model: stack('${MODEL}'), prompt: 'hi', maxOutputTokens: 9 }).textStream) parts += 1; console.log('parts', parts)`,
}
const SAYS: Record<string, RegExp> = { 'ollama-js': /name: 'gemma3:1b'/, 'openai-js': /id: 'gemma3:1b'/, 'langchain-js': /AIMessage/, 'ai-sdk': /stand-in|\w{3}/ }

/** Letters that end quotes somewhere, or mean something to a shell, a URL, a template. */
const ODD = `s"e'c$r\\e\`t #%41 {x} <KEY> ü☂`

describe.concurrent.each(Object.values(stacks))('$id', (stack) => {
  const place = workspace()
  const name = `test-clients-${stack.id}`
  const dir = join(place.dir, name)
  const home = join(place.dir, 'home')
  const strange = join(place.dir, 'strange files')
  let secret = ''

  beforeAll(async () => {
    const { code, stdout } = await create([dir, '--auth', stack.id, '--user', 'ann:admin', '--tls', 'private', '--port', String(await freePort()), '--model', MODEL, '--yes', '--json'])
    const made = JSON.parse(stdout) as CreateDocument
    expect({ code, error: made.error }).toEqual({ code: 0, error: undefined })
    const own = stack.brings.includes('password')
    const person = async (who: string): Promise<CreateDocument['users'][number]> => {
      const { stdout } = await ollamaStack(['user', 'add', who, ...(own ? ['--password-stdin'] : []), '--json', '-C', dir], { input: own ? ODD : '' })
      return JSON.parse(stdout) as CreateDocument['users'][number]
    }
    secret = (await person('o.dd@x-1')).secret ?? ''
    if (own) secret = ODD
    // What a stranger has: the files of somebody who was removed, under the other's name.
    const eve = await person('eve')
    mkdirSync(strange)
    if (made.project.ca) cpSync(made.project.ca, join(strange, 'ca.crt'))
    for (const path of [eve.files?.cert, eve.files?.key]) if (path) cpSync(path, join(strange, `o.dd@x-1${path.slice(-4)}`))
    await ollamaStack(['user', 'remove', 'eve', '-C', dir])
    symlinkSync(join(import.meta.dirname, '../clients/node_modules'), join(place.dir, 'node_modules'))
  })
  afterAll(async () => {
    if (existsSync(join(dir, 'compose.yaml'))) await ollamaStack(['down', '--volumes', '--yes', '-C', dir])
    place.remove()
  })

  async function guideOf(id: string, wrong: boolean): Promise<Guide> {
    const files = stack.carried('ann').files !== null
    const { code, out } = await ran(dir, ['client', id, '--user', 'o.dd@x-1', '--json', ...(files ? (wrong ? ['--files', strange] : []) : ['--secret-stdin'])], { stdin: Readable.from([Buffer.from(wrong ? `${secret}x` : secret)]) })
    expect(code, out).toBe(0)
    return JSON.parse(out) as Guide
  }

  /** Does what the guide says: files below HOME, the environment, then the program or the command. */
  async function follow({ id, steps }: Guide, more: string): Promise<Outcome> {
    const at = join(home, id, more === '' ? 'wrong' : 'right')
    let exports = ''
    let line = ''
    for (const { where, language, text } of steps) {
      const path = language === 'javascript' ? join(at, 'program.mjs') : join(at, where.replace('~/', ''))
      if (language === 'sh' && text.startsWith('export ')) exports += `${text}\n`
      else if (language === 'sh') line += `${text}${more}\n`
      else {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, language === 'javascript' ? `${text}\n${more}\n` : text)
        if (language === 'javascript') line = `exec '${process.execPath}' '${path}'`
      }
    }
    return run('sh', ['-c', `${exports}${line}`], { env: { HOME: at, NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '' } })
  }

  test('curl lists, streams, and is refused with another credential', async () => {
    const guide = await guideOf('curl', false)
    const listed = await follow(guide, ' -sS')
    expect(listed, listed.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('"gemma3:1b"') as string })
    const chat = { ...guide, steps: guide.steps.map((step) => ({ ...step, text: step.text.replace('/api/tags', '/api/chat') })) }
    const { stdout } = await follow(chat, ` -sSN -d '${JSON.stringify({ model: MODEL, options: { num_predict: 9 }, messages: [{ role: 'user', content: 'hi' }] })}'`)
    expect(stdout.trim().split('\n').map((one) => (JSON.parse(one) as { done: boolean }).done).slice(-3)).toEqual([false, false, true])
    const refused = await follow(await guideOf('curl', true), ' -sS -w " %{http_code}"')
    expect(refused.stdout).toMatch(/^\{"error":.*\} 401$/)
  })

  test.each(Object.keys(STREAM))('%s', async (id) => {
    const [good, bad] = await Promise.all([follow(await guideOf(id, false), STREAM[id] ?? ''), follow(await guideOf(id, true), '')])
    expect(good, good.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(SAYS[id] ?? /^$/) as string })
    expect(Number(/parts (\d+)/.exec(good.stdout)?.[1])).toBeGreaterThan(2)
    expect(bad.code).not.toBe(0)
    expect(bad.stderr).toMatch(/401|Unauthorized|needed|certificate is/i)
  })
})

test('what is printed for Python is Python', async () => {
  const programs = clients.flatMap(({ logins }) => Object.values(logins).flatMap((access) => access?.settings ?? [])).flatMap((one) => ('code' in one && one.language === 'python' ? [one.code.join('\n').replaceAll('<CA?>', '')] : []))
  expect(programs.length).toBeGreaterThan(10)
  expect(await run('python3', ['-c', 'import ast, json, sys\nfor one in json.load(sys.stdin): ast.parse(one)'], { input: JSON.stringify(programs) })).toMatchObject({ code: 0, stderr: '' })
})
