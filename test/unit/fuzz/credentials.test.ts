// Credential files after edits, cuts and concatenations: who is listed got a credential, and what somebody else
// wrote stays as it is. That the proxies see the same people is in test/files/credentials.test.ts.

import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stacks } from '../../../stacks/index.ts'
import { StackError } from '../../../src/errors.ts'
import type { Change, FileMap, Role } from '../../../stacks/stack.ts'
import * as htpasswd from '../../../stacks/basic/htpasswd.ts'
import * as keyfile from '../../../stacks/bearer/keyfile.ts'
import { sorted } from '../../../stacks/mtls/entries.ts'
import { render } from '../../../src/project/render.ts'
import { config } from '../config-of.ts'
import { edited, edits, runs } from '../../fuzz.ts'
import { KEYS, keyLines, PASSWORDS, passwordLines } from '../../credentials.ts'

const now = new Date('2026-11-21T12:00:00Z')
const name = fc.constantFrom('ann', 'Bob', 'a', 'eve@x', '0', 'a.b-c_d')
const hash = PASSWORDS[0]?.hash ?? ''
const entry = fc.record({ name, role: fc.constantFrom<Role>('admin', 'user'), hash: fc.constant(hash), created: fc.constantFrom(null, now), expires: fc.constantFrom(null, new Date('2027-01-01T00:00:00Z'), new Date('2020-01-01T00:00:00Z')) })
const byName = <T extends { name: string }>(list: readonly T[]): Map<string, T> => new Map(list.map((one) => [one.name, one]))

describe('htpasswd', () => {
  test('half a file lets in nobody whom the whole one does not', () => {
    fc.assert(fc.property(passwordLines, fc.nat(), (text, at) => {
      const cut = text.slice(0, at % (text.length + 1))
      const whole = byName(htpasswd.entries(text))
      for (const [who, one] of byName(htpasswd.entries(cut))) expect(one).toEqual(whole.get(who))
      // What a disk leaves behind after the power went.
      const zeroed = cut + '\0'.repeat(text.length - cut.length)
      for (const [who, one] of byName(htpasswd.entries(zeroed))) expect(one).toEqual(whole.get(who))
    }), runs(2000))
  })
  test('adding, replacing, removing: that one person, and every other line byte for byte', () => {
    fc.assert(fc.property(passwordLines, entry, (text, one) => {
      const others = (of: string): string[] => of.split(/(?<=\n)/).filter((line) => line !== '' && !line.startsWith(`${one.name}:`))
      const before = byName(htpasswd.entries(text))
      const removed = htpasswd.without(text, one.name)
      expect([others(removed), htpasswd.names(removed).includes(one.name)]).toEqual([others(text), false])
      const whole = removed === '' || removed.endsWith('\n') ? removed : `${removed}\n`
      for (const after of [htpasswd.append(whole, one), ...(before.has(one.name) && text.endsWith('\n') ? [htpasswd.replace(text, one)] : [])]) {
        const listed = byName(htpasswd.entries(after))
        expect(listed.get(one.name)).toEqual(one)
        listed.delete(one.name)
        for (const [who, line] of listed) expect(line).toEqual(byName(htpasswd.entries(text.endsWith('\n') ? text : `${text}\n`)).get(who))
      }
    }), runs(1500))
  })
  test('each line that counts for nobody is named', () => {
    fc.assert(fc.property(passwordLines, (text) => {
      const named = new Set(htpasswd.problems(text).map((problem) => Number(/line (\d+)/.exec(problem)?.[1])))
      const counting = text.split(/(?<=\n)/).filter((line, index) => !named.has(index + 1) && !/^\s*(?:#|$)/.test(line))
      expect(counting.length).toBe(htpasswd.entries(text).length)
    }), runs(1500))
  })
})

describe('keys', () => {
  test('half a file is refused, or lets in nobody whom the whole one does not', () => {
    fc.assert(fc.property(keyLines, fc.nat(), (text, at) => {
      const cut = text.slice(0, at % (text.length + 1))
      let lines: keyfile.Line[]
      try {
        lines = keyfile.entries(cut)
      } catch (error) {
        if (!(error instanceof StackError && error.code === 'E_KEYS')) throw error
        expect(cut.endsWith('\n')).toBe(false)
        return
      }
      const whole = keyfile.entries(text.slice(0, text.lastIndexOf('\n') + 1))
      for (const line of lines) expect(whole).toContainEqual(line)
    }), runs(2000))
  })
  test('adding and removing: that one person, and every other line byte for byte', () => {
    fc.assert(fc.property(keyLines, name, (text, who) => {
      const others = (of: string): string[] => of.replace(/^\ufeff/, '').split(/(?<=\n)/).filter((line) => line.trim() !== '' && !line.startsWith(`${who}:`))
      const removed = keyfile.without(text, who)
      expect([others(removed), keyfile.names(removed).includes(who)]).toEqual([others(text), false])
      const whole = removed === '' || removed.endsWith('\n') ? removed : `${removed}\n`
      const line: keyfile.Line = { name: who, role: 'user', what: 'f'.repeat(64), end: Infinity, created: 1 }
      const after = keyfile.append(whole, line)
      expect(after.endsWith(`${who}:user:${'f'.repeat(64)}:-:1\n`)).toBe(true)
      expect(keyfile.people(after, 0).map((one) => one.name).sort()).toEqual([...keyfile.people(whole, 0).map((one) => one.name), who].sort())
    }), runs(1500))
  })
  test('each line that counts for nobody is named', () => {
    fc.assert(fc.property(keyLines, (text) => {
      const named = new Set(keyfile.problems(text).map((problem) => Number(/line (\d+)/.exec(problem)?.[1])))
      const lines = text.split(/(?<=\n)/)
      const counting = lines.filter((line, index) => line !== '' && !named.has(index + 1) && !/^\ufeff?[ \t\r\n]*(?:#|$)/.test(line))
      const uses = (what: string): number => keyfile.entries(text.slice(0, text.lastIndexOf('\n') + 1)).filter((line) => line.what === what).length
      expect(counting.length).toBe(keyfile.entries(text.slice(0, text.lastIndexOf('\n') + 1)).filter(({ what }) => uses(what) === 1).length)
    }), runs(800))
  })
  test('rotation never makes a line last longer', () => {
    fc.assert(fc.property(keyLines, name, fc.nat(2_000_000_000), fc.nat(2_000_000_000), (text, who, end, at) => {
      const of = (content: string): Map<string, keyfile.Line> => new Map(keyfile.entries(content.slice(0, content.lastIndexOf('\n') + 1)).map((line) => [`${line.name} ${line.what}`, line]))
      const before = of(text)
      for (const [key, line] of of(keyfile.ending(text, who, end, at))) {
        expect(line.role).toBe(before.get(key)?.role)
        expect(line.end).toBeLessThanOrEqual(before.get(key)?.end ?? -1)
      }
    }), runs(800))
  })
})

function applied(files: FileMap, change: Change): FileMap {
  const after = new Map(files)
  for (const [path, one] of change) {
    if (one) after.set(path, one)
    else after.delete(path)
  }
  return after
}

describe.each(Object.values(stacks))('$id: people come, get another credential and go', (stack) => {
  const steps = fc.array(fc.record({ do: fc.constantFrom('issue', 'issue', 'rotate', 'remove'), name, role: fc.constantFrom<Role>('admin', 'user'), overlap: fc.constantFrom(0, 3_600_000) }), { maxLength: 8 })
  test('the list is who came and did not go', async () => {
    const { files } = await render(stack, config(stack), [], { now })
    await fc.assert(fc.asyncProperty(steps, async (what) => {
      let at = files
      const there = new Map<string, Role>()
      for (const step of what) {
        const change = async (): Promise<Change> => step.do === 'remove' ? stack.people.remove(at, step.name)
          : (step.do === 'issue' ? await stack.people.issue(at, step, { now }) : await stack.people.rotate(at, step.name, { now, overlap: step.overlap })).change
        try {
          at = applied(at, await change())
          if (step.do === 'remove') there.delete(step.name)
          else if (step.do === 'issue') there.set(step.name, step.role)
        } catch (error) {
          if (!(error instanceof StackError)) throw error
          expect(error.code).toBe(step.do === 'issue' ? 'E_USER_EXISTS' : 'E_USER_UNKNOWN')
          expect(there.has(step.name)).toBe(step.do === 'issue')
        }
        expect(stack.people.list(at).map((one) => `${one.name}:${one.role}`).sort()).toEqual([...there].map(([who, role]) => `${who}:${role}`).sort())
        expect(stack.people.problems(at)).toEqual([])
      }
    }), runs(stack.id === 'mtls' ? 6 : 12))
  })
})

test('a certificate\'s file after any edit: it stays what it was, or it is damaged', async () => {
  const stack = stacks['mtls']
  if (!stack) throw new Error('no mtls')
  const { files } = await render(stack, config(stack), [{ name: 'ann', role: 'user' }], { now })
  const [[path, { content }] = ['', { content: '' }]] = [...files].filter(([one]) => one.startsWith('credentials/'))
  const [original] = sorted(files).whole
  let good = 0
  fc.assert(fc.property(edits('user', 'admin', ' until 2027-01-31', '\n', '\r', ' ', '-----END CERTIFICATE-----', 'A'), (changes) => {
    const { whole: [one] } = sorted(new Map([[path, { content: edited(String(content), changes), mode: 0o600 }]]))
    if (!one) return
    good++
    // Only the line for people to edit can have changed, and to nothing but what it can say.
    expect({ ...one, role: 'user', until: null }).toEqual(original)
    if (one.until !== null) expect(Number.isNaN(one.until.getTime())).toBe(false)
  }), runs(3000))
  expect(good).toBeGreaterThan(50)
  expect(Buffer.from(KEYS[0]?.key ?? '').length).toBe(48)
})
