// What the command line lets through: nothing that means something in a shell, in YAML, nginx, Lua or a Caddyfile.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseArgs, type Grammar } from '../../../src/cli/args.ts'
import { createFlags } from '../../../src/wizard/answer.ts'
import { UsageError } from '../../../src/errors.ts'
import { FIELDS, KEYS, type Answers, type Field } from '../../../src/questions/fields.ts'
import { originPattern } from '../../../stacks/origins.ts'
import { origins } from '../../../src/questions/origins.ts'
import { moment, span } from '../../../src/ui/when.ts'
import { newSshKey } from '../../../stacks/bearer/ssh-key.ts'
import { near, runs } from '../../fuzz.ts'

const ACTS = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u

/** undefined: refused as it should be. */
function taken<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    expect([error.exit, ACTS.test(error.message), error.message.length < 600]).toEqual([2, false, true])
    return undefined
  }
}

const ODD = ['\n', '\r', '\0', ' ', '"', "'", '`', '$', '{', '}', ';', '#', '\\', '*', '~', '%', '\u202e', 'ü', '１']
const PIECES: Partial<Record<keyof Answers, { pieces: string[]; safe: RegExp }>> = {
  name: { pieces: ['a', 'Z', '0', '-', '_', '.', '/', 'x'.repeat(62)], safe: /^[a-z0-9][a-z0-9_-]*$/ },
  auth: { pieces: ['basic', 'bearer', 'mtls', 'm', 'constructor', '__proto__'], safe: /^(basic|bearer|mtls)$/ },
  people: { pieces: ['ann', 'Bob', '.', '@', '-', '_', ':', ':admin', ':user', 'a'.repeat(60)], safe: /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}:(admin|user)$/ },
  bind: { pieces: ['127.0.0.1', '0', '255', '1', '.', ':', '::', 'ffff', 'fe80', '%lo', '/24', '[', ']', '0x7f'], safe: /^[0-9a-f.:]+$/ },
  port: { pieces: ['0', '1', '8', '65535', '+', '-', '.', 'e3', '0x'], safe: /^[1-9]\d{0,4}$/ },
  hosts: { pieces: ['a', 'example', '.', '.com', '-', 'xn--', 'ü', '日本', '127.0.0.1', '::1', '0x1', '1', ':', '/', '_', '。', '\u00ad', '\u200d', 'x'.repeat(63)], safe: /^[a-z0-9.:-]+$/ },
  origins: { pieces: ['https://', 'http://', 'app://', 'a', 'example', '.com', '*', ':', '8080', '/', '?', '@', '[', '::1', ']', ',', ', ', 'null', 'ü', 'obsidian', 'HTTPS://A'], safe: /^[a-z][a-z0-9+.-]*:\/\/(\*|\[[0-9a-f:.]+\](:\d+)?|[a-z0-9._-]+(:\d+)?)$/ },
  rate: { pieces: ['1', '60', '0', '60/m', '5/s', '.', '/', '/s', '/m', '/h', 'r', '-', 'e'], safe: /^[1-9]\d*\/[sm]$/ },
  model: { pieces: ['gemma3', ':1b', '/', '.', '..', 'hf.co', ':5000', '@', 'sha256', '_', '-', 'none'], safe: /^[A-Za-z0-9][\w./:-]*$/ },
}

describe.each(KEYS.filter((key) => PIECES[key] !== undefined))('%s', (key) => {
  const field = FIELDS[key] as Field<unknown>
  const setting = { cwd: '/', machine: { names: [], addresses: [] } }
  const { pieces, safe } = PIECES[key] ?? { pieces: [], safe: /$^/ }
  test('what is taken is harmless, and written out it means the same', () => {
    let good = 0
    fc.assert(fc.property(near(...pieces, ...pieces, ...pieces, ...ODD), (text) => {
      const answer = taken(() => field.parse([text], setting))
      if (answer === undefined) return
      good++
      const written = field.print(answer)
      for (const one of written) expect(one).toMatch(safe)
      expect(field.parse(written, setting)).toEqual(answer)
    }), runs(4000))
    expect(good).toBeGreaterThan(10)
  })
})

test('an origin that was allowed lets in itself, and no other that looks like it', () => {
  fc.assert(fc.property(near(...(PIECES.origins?.pieces ?? [])), fc.nat(), fc.constantFrom('', 'x', '.', ':1', '/', '\n', '*', 'https://'), fc.boolean(), (text, at, put, cut) => {
    const allowed = taken(() => origins(text))
    if (allowed === undefined) return
    const pattern = new RegExp(originPattern(allowed))
    for (const one of allowed) {
      if (one.endsWith('*')) continue
      expect(one).toMatch(pattern)
      const index = at % (one.length + 1)
      const other = one.slice(0, index) + put + one.slice(index + (cut ? 1 : 0))
      const covered = allowed.some((each) => each === other || (each.endsWith('://*') && other.startsWith(each.slice(0, -1)) && /^[!-~]*$/.test(other)))
      expect([other, pattern.test(other)]).toEqual([other, covered])
    }
  }), runs(3000))
})

describe('times', () => {
  const now = new Date('2026-11-21T12:00:00.500Z')
  const time = near('2027', '-', '01', '31', '30', 'd', 'h', '9', '0', 'T', ':', 'Z', '+01:00', '2027-01-31', '2027-01-31T10:00')
  test('an end is a whole second to come, within ten years', () => {
    fc.assert(fc.property(time, (text) => {
      const at = taken(() => moment('--expires', text, now))
      if (at === undefined) return
      expect([at.getMilliseconds(), at > now, at.getTime() - now.getTime() <= 10 * 366 * 86_400_000]).toEqual([0, true, true])
      expect(moment('--expires', at.toISOString().replace('.000', ''), now)).toEqual(at)
    }), runs(5000))
  })
  test('a span is positive, whole seconds, at most ten years', () => {
    fc.assert(fc.property(time, (text) => {
      const ms = taken(() => span('--overlap', text))
      if (ms !== undefined) expect([ms > 0, ms % 1000, ms <= 10 * 366 * 86_400_000]).toEqual([true, 0, true])
    }), runs(3000))
  })
})

describe('the command line', () => {
  const grammar: Grammar = { name: 'create', flags: createFlags, positionals: ['[DIR]'] }
  const flag = Object.keys(createFlags)
  const word = near('--', '-', '=', 'no-', 'y', 'C', ...flag, ...flag.map((name) => `--${name}`))
  test('any words: values, or a refusal', () => {
    fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      const parsed = taken(() => parseArgs(argv, grammar))
      if (parsed === undefined) return
      for (const key of Object.keys(parsed.flags)) expect(flag).toContain(key)
      expect(parsed.args.length).toBeLessThan(2)
    }), runs(5000))
  })
  test('what was meant arrives, whatever is in it', () => {
    const values = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const given = fc.record({ name: values, user: fc.array(values, { minLength: 1, maxLength: 3 }), yes: fc.constant(true), start: fc.boolean() }, { requiredKeys: [] })
    fc.assert(fc.property(given, fc.string({ unit: 'binary' }), (flags, directory) => {
      const argv = Object.entries(flags).flatMap(([key, value]) => (typeof value === 'boolean' ? [value ? `--${key}` : `--no-${key}`] : [value].flat().map((one) => `--${key}=${one}`)))
      expect(parseArgs([...argv, '--', directory], grammar)).toEqual({ args: [directory], flags })
    }), runs(2000))
  })
})

test('an ssh key: one line of one shape, and never a word of what was pasted', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOkPQv8DddpLBH5vhHoua7HXxTz2qj3uhf+POkVGGRM9'
  fc.assert(fc.property(near(key, ' ', '\t', '\n', '\r', 'ssh-rsa', 'comment', ':', '=', '-----BEGIN OPENSSH PRIVATE KEY-----'), (text) => {
    const found = taken(() => newSshKey(text, []))
    if (found !== undefined) expect(found).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/)
  }), runs(3000))
})
