// People again: mistakes, many changes at once, changes that are killed, and who was at it meanwhile.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { open } from '../../src/net/http.ts'
import { people, type User } from './people.ts'
import type { CreateDocument } from './project.ts'

describe.each(Object.values(stacks))('$id', (stack) => {
  const { dir, at, ann, user, done, list, status, until } = people(stack, `test-crowd-${stack.id}`)
  beforeAll(async () => { await done('add', 'bob') })

  test('refused, exit 2, and nothing changed', async () => {
    const before = await list()
    const cases: [string[], string][] = [
      [['add', 'bob'], 'E_USER_EXISTS'],
      [['add', 'BOB'], 'E_USER_EXISTS'],
      [['add', 'b b'], 'E_USER_NAME'],
      [['rotate', 'nobody'], 'E_USER_UNKNOWN'],
      [['remove', 'nobody'], 'E_USER_UNKNOWN'],
      [['remove', 'ann'], 'E_NEEDS_ANSWERS'],
      [['add', 'eve', '--expires', '2020-01-01'], 'E_TIME'],
      [['add', 'eve', '--role', 'root'], 'E_VALUE'],
    ]
    const outcomes = await Promise.all(cases.map(([args]) => user(...args)))
    expect(outcomes.map(({ code, stdout }) => [code, (JSON.parse(stdout) as CreateDocument).error?.code])).toEqual(cases.map(([, code]) => [2, code]))
    expect((await list()).map(({ name: who }) => who)).toEqual(before.map(({ name: who }) => who))
  })

  test('twenty at once: nobody is lost', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `many-${i}`)
    const added = await Promise.all(names.map((who) => done('add', who)))
    expect((await list()).map(({ name: who }) => who)).toEqual(expect.arrayContaining(names))
    await until(200, (added.at(-1) as User).login)
    expect(await Promise.all(added.map((one) => status(one.login)))).toEqual(names.map(() => 200))
    await Promise.all(names.map((who) => done('remove', who)))
    expect((await list()).map(({ name: who }) => who)).toEqual(['ann', 'bob'])
  })

  test('killed at any moment: the old people or the new, whole, and the next change goes through', async () => {
    for (const [index, ms] of [150, 250, 350, 500, 700].entries()) {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/ollama-stack.js'), 'user', 'add', `killed-${index}`, '-C', dir], { stdio: 'ignore' })
      await sleep(ms)
      child.kill('SIGKILL')
    }
    const listed = (await list()).map(({ name: who }) => who)
    const killed = listed.filter((who) => /^killed-\d$/.test(who))
    expect(listed.filter((who) => !killed.includes(who))).toEqual(['ann', 'bob'])
    for (const who of killed) await done('remove', who)
    const after = await done('add', 'after')
    await until(200, after.login)
    await done('remove', 'after')
  })

  test('a running stream of somebody else arrives whole', async () => {
    const response = await open(at(), { method: 'POST', path: '/api/generate', login: ann().login, body: JSON.stringify({ model: 'gemma3:1b', prompt: 'hi', options: { num_predict: 100 } }) })
    const changes = (async () => {
      await done('add', 'other')
      await done('rotate', 'other')
      await done('remove', 'other')
    })()
    let text = ''
    for await (const part of response) text += String(part)
    await changes
    const lines = text.trim().split('\n').map((line) => JSON.parse(line) as { done: boolean })
    expect([response.statusCode, lines.length > 20, lines.at(-1)?.done]).toEqual([200, true, true])
  })
})
