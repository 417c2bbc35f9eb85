import { describe, expect, test } from 'vitest'
import type { Access } from '../../stacks/stack.ts'
import { stacks } from '../../stacks/index.ts'
import type { ObservedContainer } from '../../src/compose/state.ts'
import type { Engine, LogLine, LogOptions } from '../../src/engine.ts'
import { StackError } from '../../src/errors.ts'
import { accessText, duration, isOwnQuestion, logText } from '../../src/running/log-text.ts'
import { follow, history, inOrder, type Entry, type Wanted } from '../../src/running/logs.ts'
import type { Project } from '../../src/project/project.ts'
import { count } from '../../src/running/refused-logins.ts'

const request: Access = { at: new Date('2026-11-21T15:05:48Z'), person: 'ann', address: '192.168.1.5', method: 'POST', path: '/api/chat', status: 200, bytes: 18_300, seconds: 4.215, firstByte: 0.312, refused: null }
const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({ service: 'proxy', stream: 'stdout', time: '2026-11-21T15:05:48.536811200Z', line: text, ...more })
const plain = { color: false, services: ['proxy', 'ollama'] }

describe('a line for people', () => {
  test.each<[Partial<Access>, string]>([
    [{}, 'ann 192.168.1.5          POST /api/chat             200 in 4.2 s, first byte 312 ms, 18 kB'],
    [{ person: null, status: 401, seconds: 0.001, firstByte: null, bytes: 62, refused: 'unknown key' }, '- 192.168.1.5            POST /api/chat             401 in 1 ms, 62 B: unknown key'],
    [{ status: null, firstByte: null, bytes: 0 }, 'ann 192.168.1.5          POST /api/chat             gone in 4.2 s, 0 B'],
    [{ person: null, method: '', path: '', status: 400, seconds: 0, firstByte: null, bytes: 0 }, '- 192.168.1.5            unreadable request         400 in 0 ms, 0 B'],
    [{ person: null, method: '', path: '', status: null, refused: 'a certificate of another CA' }, '- 192.168.1.5            TLS handshake              refused: a certificate of another CA'],
  ])('%j', (more, text) => expect(accessText({ ...request, ...more })).toBe(text))

  test.each([[0, '0 ms'], [0.0004, '0 ms'], [0.9994, '999 ms'], [0.9996, '1.0 s'], [59.94, '59.9 s'], [59.96, '1 min 0 s'], [192, '3 min 12 s']])('%d s is %s', (seconds, text) => expect(duration(seconds)).toBe(text))

  test('services stand in one column; colour only where it is wanted, and never alone', () => {
    expect(logText(line('x', { service: 'ollama' }), null, plain)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:48 ollama \| x$/)
    expect(logText(line('x'), null, plain)).toMatch(/ proxy {2}\| x$/)
    const refused: Access = { ...request, status: 403 }
    expect(logText(line(''), refused, { ...plain, color: true }).replace(/\x1b\[\d+m/g, '')).toBe(logText(line(''), refused, plain))
    expect(logText(line(''), refused, { ...plain, color: true })).toContain('\x1b[33m')
  })

  test.each([
    ['{"time":"2026-11-21T15:05:48+00:00","level":"warn","message":"Login refused: wrong name or password"}', 'warn: Login refused: wrong name or password'],
    ['{"level":"error","ts":1795273542.6,"logger":"tls.obtain","msg":"could not get certificate","identifier":"a.example","attempt":2}', 'error tls.obtain: could not get certificate identifier=a.example attempt=2'],
    ['{"half', '{"half'],
    ['2026/11/21 15:05:42 [crit] 7#7: no live upstreams', '2026/11/21 15:05:42 [crit] 7#7: no live upstreams'],
  ])('%s', (text, shown) => expect(logText(line(text), null, plain)).toMatch(new RegExp(` \\| ${shown.replace(/[\\/[\]{}|().*+?^$]/g, '\\$&')}$`)))

  test('nothing in a line acts on a terminal', () => {
    for (const odd of ['\x1b[2J', '\x1b]0;owned\x07', '\x9b31m', '\u202egnp.exe', '\r overwritten', '\x7f', '\u2028', '\n2026-11-21 15:05:49 proxy  | ann 192.168.1.5 POST /api/delete']) {
      for (const text of [logText(line(`before${odd}after`), null, plain), logText(line(JSON.stringify({ msg: `before${odd}after` })), null, plain), logText(line(''), { ...request, path: `before${odd}after` }, plain)]) {
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(text).toMatch(/before\\u\{\w+\}.*after/)
      }
    }
  })

  test.each([
    ['[GIN] 2026/11/21 - 15:06:59 | 200 |     535.767µs |    10.213.7.2 | HEAD     "/"', true], ['[GIN] 2026/11/21 - 15:06:59 | 200 |       1.239ms |     127.0.0.1 | GET      "/api/tags"', true], ['[GIN] 2026/11/21 - 15:06:59 | 200 |       1.239ms |    10.213.7.2 | GET      "/api/ps"', true],
    ['[GIN] 2026/11/21 - 15:06:59 | 500 |     535.767µs |    10.213.7.2 | HEAD     "/"', false], ['[GIN] 2026/11/21 - 15:06:59 | 200 |     535.767µs |    10.213.7.3 | GET      "/api/tags"', false], ['[GIN] 2026/11/21 - 15:06:59 | 200 |     535.767µs |    10.213.7.2 | POST     "/api/pull"', false],
  ])('%s', (text, own) => {
    expect(isOwnQuestion(line(text, { service: 'ollama' }), '10.213.7.2')).toBe(own)
    expect(isOwnQuestion(line(text), '10.213.7.2')).toBe(false)
  })
})

/** What nginx logs: a request of somebody. */
const logged = (person: string, path = '/api/tags'): string => JSON.stringify({ time: '2026-11-21T15:05:48+00:00', person, address: '10.0.0.9', method: 'GET', path, status: 200, bytes: 1, seconds: 0.1, first_byte: null, refused: '' })
const at = (second: number): string => `2026-11-21T15:05:${String(second).padStart(2, '0')}.000000001Z`

interface Container { id: string; since: string; lines: LogLine[] }

/** An engine of one service, whose container's log ends whenever it is read. */
function engineOf(looks: (Container | null)[], signal: AbortController): { engine: Engine; asked: LogOptions[] } {
  const asked: LogOptions[] = []
  let look = 0
  let now: Container | null = null
  const engine = {
    observe: async () => {
      if (look >= looks.length) signal.abort()
      now = looks[look++] ?? null
      return { containers: now ? [{ id: now.id, service: 'proxy', since: now.since } as ObservedContainer] : [] }
    },
    async* logs(id: string, options: LogOptions) {
      asked.push(options)
      if (id === 'gone') throw new StackError('E_ENGINE', 'no such container')
      yield* now?.lines ?? []
    },
    async* events() {
      yield 'start'
    },
  } as unknown as Engine
  return { engine, asked }
}

const project = { name: 'x', stack: stacks['bearer'], file: { services: {} } } as unknown as Project
const wanted: Wanted = { services: ['proxy'], since: null, tail: null, user: null, raw: false }

describe('following', () => {
  const seen = async (looks: (Container | null)[], last: Map<string, string>, more: Partial<Wanted> = {}): Promise<{ lines: string[]; asked: LogOptions[] }> => {
    const stop = new AbortController()
    const { engine, asked } = engineOf(looks, stop)
    const lines: string[] = []
    await follow(project, engine, { ...wanted, ...more }, last, ({ line: text }) => lines.push(text), stop.signal)
    return { lines, asked }
  }

  test('goes on after the last line, over a restart and into a new container, each line once', async () => {
    const [one, two, three, four] = [1, 2, 3, 4].map((second) => line(`line ${second}`, { time: at(second) })) as [LogLine, LogLine, LogLine, LogLine]
    const { lines, asked } = await seen([
      { id: 'a', since: 'first', lines: [one, two] }, { id: 'a', since: 'first', lines: [one, two] }, { id: 'a', since: 'second', lines: [one, two, three] }, null, { id: 'b', since: 'third', lines: [four] },
    ], new Map([['proxy', at(1)]]))
    expect(lines).toEqual(['line 2', 'line 3', 'line 4'])
    expect(asked.map(({ since }) => since)).toEqual([1, 2, 3].map((second) => `${Date.parse(at(second)) / 1000 | 0}.000000001`))
    expect(asked.every(({ follow: on, timestamps }) => on && timestamps)).toBe(true)
  })
  test('a container that is removed meanwhile ends nothing', async () => {
    expect((await seen([{ id: 'gone', since: '', lines: [] }, { id: 'b', since: '', lines: [line('new', { time: at(5) })] }], new Map())).lines).toEqual(['new'])
  })
  test("one person's requests only", async () => {
    const lines = ['ann', 'Bob', ''].map((person, index) => line(logged(person), { time: at(index) }))
    expect((await seen([{ id: 'a', since: '', lines }], new Map(), { user: 'bob' })).lines).toEqual([logged('Bob')])
  })
})

test('what there is: filtered first, then the last lines of it', async () => {
  const stop = new AbortController()
  const lines = ['ann', 'bob', 'bob', 'bob', 'ann'].map((person, index) => line(logged(person, `/${index}`), { time: at(index) }))
  const { engine, asked } = engineOf([{ id: 'a', since: '', lines }], stop)
  const { entries, last } = await history(project, engine, { ...wanted, user: 'bob', tail: 2, since: new Date('2026-11-21T15:00:00.500Z') }, stop.signal)
  expect(entries.map(({ access }) => access?.path)).toEqual(['/2', '/3'])
  expect(last).toEqual(new Map([['proxy', at(4)]]))
  expect(asked).toMatchObject([{ since: '1795273200.500000000', timestamps: true }])
  expect(asked[0]?.tail).toBeUndefined()
})

test.each<[what: string, more: Partial<Wanted>, shown: string[]]>([
  ['all services: a request is the line of the proxy', { services: ['proxy', 'ollama'] }, ['other', 'pull']],
  ["Ollama's log alone", { services: ['ollama'] }, ['chat', 'other', 'pull']],
  ['as it was logged', { services: ['proxy', 'ollama'], raw: true }, ['health', 'chat', 'other', 'pull']],
])('%s', async (_, more, shown) => {
  const gin = (address: string, request: string): string => `[GIN] 2026/11/21 - 15:06:59 | 200 |  1.239ms |  ${address} | ${request}`
  const texts: Record<string, string> = { health: gin('10.213.7.2', 'HEAD     "/"'), chat: gin('192.168.1.5', 'POST     "/api/chat"'), other: 'time=2026 level=INFO msg="loading model"', pull: gin('10.213.7.2', 'POST     "/api/pull"') }
  const engine = {
    observe: () => Promise.resolve({ containers: [{ id: 'o', service: 'ollama' }] }),
    async* logs() { yield* Object.values(texts).map((text, index) => line(text, { service: 'ollama', time: at(index) })) },
  } as unknown as Engine
  const made = { ...project, file: { services: { ollama: { environment: { OLLAMA_HOST: '10.213.7.2:11434' } } } } } as unknown as Project
  const { entries } = await history(made, engine, { ...wanted, ...more }, new AbortController().signal)
  expect(entries.map(({ line: text }) => Object.keys(texts).find((key) => texts[key] === text))).toEqual(shown)
})

test('lines of all services stand in the order of their time, to the nanosecond', () => {
  const entry = (service: string, time: string): Entry => ({ ...line('', { service, time }), access: null })
  const times = ['2026-11-21T15:05:48.000000001Z', '2026-11-21T15:05:48.000000002Z', '2026-11-21T15:05:48.5Z', '2026-11-21T15:05:49.000000000Z']
  expect(inOrder([[entry('a', times[1] ?? ''), entry('a', times[3] ?? '')], [entry('b', times[0] ?? ''), entry('b', times[2] ?? '')]]).map(({ time }) => time)).toEqual(times)
})

test('refused logins are counted by address and reason; who sent no credential is listed, not counted', () => {
  const now = new Date('2026-11-21T16:00:00Z')
  const refused = (minutes: number, address: string, reason: string | null): Access => ({ ...request, at: new Date(now.getTime() - minutes * 60_000), address, refused: reason })
  const all = [refused(2000, 'a', 'unknown key'), refused(90, 'a', 'unknown key'), refused(50, 'a', 'unknown key'), refused(40, 'b', 'no credential'), refused(30, 'a', null), refused(20, 'c', 'unknown key')]
  expect(count(all, new Date(now.getTime() - 86_400_000), now)).toEqual({
    since: '2026-11-20T16:00:00.000Z', hour: 2, day: 3,
    latest: [
      { at: '2026-11-21T15:40:00.000Z', address: 'c', reason: 'unknown key', times: 1 }, { at: '2026-11-21T15:20:00.000Z', address: 'b', reason: 'no credential', times: 1 }, { at: '2026-11-21T15:10:00.000Z', address: 'a', reason: 'unknown key', times: 2 },
    ],
  })
})
