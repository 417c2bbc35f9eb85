// What is read from disk and from the engine: whatever stands there, an answer or an error that is explained.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeCa, makeClientCert } from '../../../src/certs/certs.ts'
import { readCert } from '../../../src/certs/read-cert.ts'
import { desired, parseCompose } from '../../../src/compose.ts'
import { formatDuration, parseBytes, parseDuration } from '../../../src/compose/units.ts'
import { integer, octets, sequence } from '../../../src/certs/der.ts'
import { logs } from '../../../src/engine/stream.ts'
import { StackError, UsageError } from '../../../src/errors.ts'
import { readCsr } from '../../../stacks/mtls/csr.ts'
import { skim } from '../../../stacks/mtls/skim.ts'
import { edited, edits, near, runs } from '../../fuzz.ts'

const root = join(import.meta.dirname, '../../..')

describe.each(['basic', 'bearer', 'mtls'])('compose.yaml of %s after edits by hand', (auth) => {
  const whole = readFileSync(join(root, 'stacks', auth, 'files/compose.yaml'), 'utf8')
  test('is read, or named with what is wrong', () => {
    let good = 0
    fc.assert(fc.property(edits('\t', ': ', '- ', '&a ', '*a', '<<: ', '"', "'", '|', '${X}', '$$', '!!binary ', 'null', '~', '0x10', '1e9', '\n', '\r\n', '  ', '[', '{', '#', '---\n', '...\n', 'ports: ["1:2:3"]', 'privileged: true\n', '__proto__: x\n', 'constructor: {}\n'), (changes) => {
      try {
        const file = parseCompose(edited(whole, changes), '/p/compose.yaml')
        const want = desired(file, '/p')
        good++
        for (const { service, hash } of want.services) expect([service, hash]).toEqual([expect.stringMatching(/^[\w.-]+$/), expect.stringMatching(/^[0-9a-f]{64}$/)])
      } catch (error) {
        if (!(error instanceof StackError)) throw error
        expect([error.code, error.exit]).toEqual([expect.stringMatching(/^E_COMPOSE_(SYNTAX|INVALID|UNSUPPORTED)$/), 2])
      }
    }), runs(120))
    expect(good).toBeGreaterThan(10)
  })
})

test('short forms: what is taken names ports and paths, and never a third thing', () => {
  const spec = near('127.0.0.1', ':', '8880', '8080', '/tcp', '/udp', '[::1]', '0', '65536', '-', './x', '/y', 'ro', 'z', '~', '$$')
  fc.assert(fc.property(fc.constantFrom('ports', 'volumes', 'devices', 'tmpfs', 'cap_add', 'security_opt'), spec, (key, text) => {
    try {
      const { services } = parseCompose(JSON.stringify({ services: { a: { image: 'x', [key]: [text] } }, volumes: { x: {} } }), '/p/compose.yaml')
      for (const { target, published = '1' } of services['a']?.ports ?? []) expect([target > 0, target < 65_536, Number(published) < 65_536]).toEqual([true, true, true])
    } catch (error) {
      if (!(error instanceof StackError)) throw error
    }
  }), runs(800))
})

describe('units', () => {
  test('a duration that Compose would print reads back as itself', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (ns) => {
      expect(parseDuration(formatDuration(ns))).toBe(ns)
    }), runs(3000))
  })
  test('a duration or a size is a whole number or nothing', () => {
    fc.assert(fc.property(near('1', '0', '.', '5', 'm', 's', 'h', 'ms', 'us', 'µs', 'k', 'g', 'b', 'iB', ' ', '-', 'e'), (text) => {
      for (const value of [parseDuration(text), parseBytes(text)]) expect(value === null || (Number.isSafeInteger(value) && value >= 0), text).toBe(true)
    }), runs(5000))
  })
})

describe('certificates', () => {
  test('the quick reader agrees with the patient one, or says nothing', async () => {
    const ca = await makeCa({ name: 'lab', now: new Date() })
    const { cert } = await makeClientCert({ ca, person: 'ann', now: new Date() })
    const der = Buffer.from(cert.replace(/-----[A-Z ]+-----/g, ''), 'base64')
    let both = 0
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), (changes) => {
      const changed = Buffer.from(der)
      for (const [at, byte] of changes) changed[at] = byte
      const quick = skim(changed)
      if (quick === null) return
      try {
        const { cn, notBefore, notAfter } = readCert(`-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`)
        both++
        // A name that isn't UTF-8, or a time that is none, is no certificate of ours either.
        if (!cn.includes('\ufffd') && !Number.isNaN(Number(quick.notBefore)) && !Number.isNaN(Number(quick.notAfter))) expect(quick).toEqual({ cn, notBefore, notAfter })
      } catch (error) {
        if (!(error instanceof StackError)) throw error
      }
    }), runs(1500))
    expect(both).toBeGreaterThan(100)
  })

  test('a certificate request: a key, or a refusal', async () => {
    const text = readFileSync(join(import.meta.dirname, 'request.csr'), 'utf8')
    expect((await readCsr(text)).asymmetricKeyType).toBe('ec')
    await fc.assert(fc.asyncProperty(edits('-----BEGIN', 'A', '=', '\n', '/', 'PRIVATE KEY-----'), async (changes) => {
      const changed = edited(text, changes)
      const key = await readCsr(changed).catch((error: unknown) => {
        if (error instanceof UsageError && error.code === 'E_CSR') return null
        throw error
      })
      // Signed: what still reads as a request is the same request.
      const bytes = (pem: string): string => createHash('sha256').update(Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64')).digest('hex')
      if (key !== null) expect(bytes(changed)).toBe(bytes(text))
    }), runs(400))
  })

  test('DER: lengths say how much follows', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(), (bytes, number) => {
      const whole = sequence(octets(bytes), integer(number))
      const head = (whole[1] ?? 0) < 0x80 ? 2 : 2 + ((whole[1] ?? 0) & 0x7f)
      const length = head === 2 ? whole[1] : whole.readUIntBE(2, head - 2)
      expect(whole.length).toBe(head + (length ?? 0))
      expect((whole.at(head + octets(bytes).length + 2) ?? 0x80) & 0x80).toBe(0)
    }), runs(1000))
  })
})

describe('what the engine sends', () => {
  const read = async (chunks: Buffer[]): Promise<{ stream: string; line: string }[]> => {
    const container = { inspect: async () => ({ Config: { Tty: false, Labels: {} } }), logs: async () => chunks }
    const found = []
    for await (const { stream, line } of logs({ getContainer: () => container } as unknown as Parameters<typeof logs>[0], 'x', { follow: true })) found.push({ stream, line })
    return found
  }
  const cutAt = (bytes: Buffer, places: number[]): Buffer[] => {
    const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
  }
  const frame = (stream: number, text: string): Buffer => {
    const body = Buffer.from(text)
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(body.length, 4)
    return Buffer.concat([head, body])
  }
  const texts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\r', ''))), { maxLength: 8 })

  test('the same lines, however the network cuts them', async () => {
    await fc.assert(fc.asyncProperty(texts, fc.array(fc.nat(), { maxLength: 6 }), async (lines, places) => {
      const found = await read(cutAt(Buffer.concat(lines.map(([stream, text]) => frame(stream, `${text}\n`))), places))
      const expected = lines.flatMap(([stream, text]) => text.split('\n').map((line) => ({ stream: stream === 2 ? 'stderr' : 'stdout', line })))
      expect(found).toEqual(expected)
    }), runs(500))
  })
  test('bytes that are no frames end, and throw nothing', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 4 }), async (bytes, places) => {
      await expect(read(cutAt(Buffer.from(bytes), places))).resolves.toBeInstanceOf(Array)
    }), runs(1000))
  })
})
