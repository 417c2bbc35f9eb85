import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { moment, past, relative, span } from '../../src/ui/when.ts'

const now = new Date('2026-11-21T12:00:00.500Z')
const refused = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof UsageError && error.code === 'E_TIME') return `${error.message} ${error.hint}`
    throw error
  }
  throw new Error('was taken')
}

describe('a span', () => {
  test.each([['1s', 1000], ['90s', 90_000], ['30m', 1_800_000], ['1h', 3_600_000], ['30d', 2_592_000_000], ['2w', 1_209_600_000]])('%s', (text, ms) => expect(span('--overlap', text)).toBe(ms))
  test.each(['', '1', 'h', '0s', '-1h', '1.5h', '1H', '1h30m', '1 h', '١h', '99999d', '1h\n', '0x1h', '1y'])('not %j', (text) => {
    expect(refused(() => span('--overlap', text))).toMatch(/^--overlap can't be ".*--overlap 1h$/s)
  })
})

describe('a moment', () => {
  test('after a span, in whole seconds', () => expect(moment('--expires', '30d', now).toISOString()).toBe('2026-12-21T12:00:00.000Z'))
  test('a date is good to its end, here', () => expect(moment('--expires', '2027-01-31', now)).toEqual(new Date(2027, 0, 31, 23, 59, 59)))
  test('today too', () => expect(moment('--expires', '2026-11-21', new Date(2026, 10, 21, 12))).toEqual(new Date(2026, 10, 21, 23, 59, 59)))
  test.each([['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'], ['2027-01-31T12:00+02:00', '2027-01-31T10:00:00.000Z']])('%s', (text, at) => expect(moment('--expires', text, now).toISOString()).toBe(at))
  test.each([
    ['2027-02-31', /neither/], ['2027-13-01', /neither/], ['2027-1-1', /neither/], ['tomorrow', /neither/], ['', /neither/], ['1767225600', /neither/], ['2027-01-31T25:00:00Z', /neither/], ['2027-01-31 12:00', /neither/],
    ['2020-01-01', /over already/], ['2026-11-21T12:00:00Z', /over already/], ['2099-01-01', /more than ten years/], ['30x', /can't be "30x"/],
  ])('not %j', (text, says) => expect(refused(() => moment('--expires', text, now))).toMatch(says))
})

describe('a moment that is over', () => {
  test.each([['10m', '2026-11-21T11:50:00.500Z'], ['2026-11-21T11:00:00Z', '2026-11-21T11:00:00.000Z'], ['2026-11-21T11:00+02:00', '2026-11-21T09:00:00.000Z']])('%s', (text, at) => expect(past('--since', text, now).toISOString()).toBe(at))
  test('a date is meant from its beginning, here', () => expect(past('--since', '2026-11-20', now)).toEqual(new Date(2026, 10, 20)))
  test.each([['yesterday', /neither/], ['', /neither/], ['10', /neither/], ['2026-02-31', /neither/], ['2099-01-01', /yet to come/], ['2026-11-21T12:00:01Z', /yet to come/], ['10y', /can't be "10y"/]])('not %j', (text, says) =>
    expect(refused(() => past('--since', text, now))).toMatch(says))
})

test.each([
  [0, 'now'], [-1000, 'now'], [-59_000, '59 seconds ago'], [-60_000, '1 minute ago'], [3_600_000, 'in 1 hour'], [47 * 3_600_000, 'in 47 hours'], [30 * 86_400_000, 'in 30 days'],
  // Right after --expires 30d, 12h or 1h; and none of "60 minutes", "48 hours".
  [30 * 86_400_000 - 900, 'in 30 days'], [12 * 3_600_000 - 900, 'in 12 hours'], [3_600_000 - 1800, 'in 1 hour'], [48 * 3_600_000 - 900, 'in 2 days'], [29.4 * 86_400_000, 'in 29 days'],
])('%d ms is %s', (ms, words) => expect(relative(new Date(now.getTime() + ms), now)).toBe(words))
