// A credential that was rotated with --overlap: for a while there are two, and `user list` says so.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { applyChange, readTree } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { config } from './config-of.ts'
import { ran } from './ran.ts'

const HOUR = 3_600_000
const place = mkdtempSync(join(tmpdir(), 'ollama-stack-overlap-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const env = { DOCKER_HOST: `unix://${place}/nothing.sock` }

describe.each(Object.values(stacks))('$id', (stack) => {
  /** A project of ann and bob; ann's credential was rotated so many milliseconds ago, with an hour to go then. */
  const rotated = async (ago: number, overlap = HOUR): Promise<string> => {
    const dir = mkdtempSync(join(place, `${stack.id}-`))
    const { files } = await render(stack, config(stack), [{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }], { now: new Date(Date.now() - ago - HOUR) })
    const { change } = await stack.people.rotate(files, 'ann', { now: new Date(Date.now() - ago), overlap })
    for (const part of [files, change]) applyChange(dir, part)
    return dir
  }
  const told = async (dir: string): Promise<string[]> => (await ran(dir, ['user', 'list'], { env })).out.trimEnd().split('\n')

  test('says until when the old one counts, of her alone', async () => {
    const [head, ...people] = await told(await rotated(0))
    expect(head).toMatch(/LAST USED$/)
    expect(people.find((line) => line.startsWith('ann'))).toContain(`the ${stack.noun} before this one still counts, and ends in 1 hour`)
    expect(people.find((line) => line.startsWith('bob'))).toMatch(/unknown$/)
  })

  test.each([['that is over', 2 * HOUR, HOUR], ['that was not wanted', 0, 0]])('an overlap %s is not mentioned', async (_, ago, overlap) => {
    expect((await told(await rotated(ago, overlap))).join('\n')).not.toContain('before this one')
  })

  test('the document has the fields that it had', async () => {
    const people = JSON.parse((await ran(await rotated(0), ['user', 'list', '--json'], { env })).out) as object[]
    expect(people.map((one) => Object.keys(one))).toEqual([1, 2].map(() => ['name', 'role', 'created', 'expires', 'lastUsed']))
  })

  test('its end is the one that was asked for', async () => {
    const [ann] = stack.people.list(readTree(await rotated(0), ['credentials', 'certs'])).filter(({ name }) => name === 'ann')
    expect(Math.abs((ann?.overlap?.getTime() ?? 0) - Date.now() - HOUR)).toBeLessThan(60_000)
  })
})
