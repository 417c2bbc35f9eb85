// The tricks that HTTP/2 adds: a length that the frames deny, a name that is said twice, paths that
// HTTP/1 couldn't carry.

import http2 from 'node:http2'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Login } from '../../stacks/stack.ts'
import { couldNotRun, failed, passed, type Check } from '../checks/check.ts'
import type { Door } from '../net/http.ts'
import { NO_MODEL } from './case.ts'

interface Http2Case {
  id: string
  stranger?: true
  headers: http2.OutgoingHttpHeaders
  body?: string
  /** 0: the stream is reset. */
  expect: readonly number[]
}

const ODD = [0, 400, 403, 421]

export const HTTP2_CASES: readonly Http2Case[] = [
  { id: 'good request', headers: { ':path': '/api/version' }, expect: [200] },
  { id: 'stranger', stranger: true, headers: { ':path': '/api/version' }, expect: [401] },
  { id: 'pull', headers: { ':method': 'POST', ':path': '/api/pull' }, body: '{}', expect: [403] },
  // What comes after the length is never a request of its own.
  { id: 'length shorter than the body', headers: { ':method': 'POST', ':path': '/api/chat', 'content-length': 5 }, body: NO_MODEL, expect: [0, 400, 404] },
  { id: 'length longer than the body', headers: { ':method': 'POST', ':path': '/api/chat', 'content-length': 500 }, body: NO_MODEL, expect: [0, 400, 404] },
  { id: 'length that is none', headers: { ':method': 'POST', ':path': '/api/chat', 'content-length': 'x' }, body: NO_MODEL, expect: [0, 400] },
  { id: 'foreign authority', headers: { ':path': '/api/version', ':authority': 'foreign.example' }, expect: [0, 421] },
  { id: 'foreign host beside our authority', headers: { ':path': '/api/version', host: 'foreign.example' }, expect: [0, 200, 400, 421] },
  { id: 'our host beside a foreign authority', headers: { ':path': '/api/version', ':authority': 'foreign.example', host: 'localhost' }, expect: [0, 400, 421] },
  { id: 'authority with somebody in it', headers: { ':path': '/api/version', ':authority': 'user@localhost' }, expect: ODD },
  ...['//api/pull', '/api%2fpull', '/api/./pull', '/api/pull/', '/API/pull', 'api/pull', '*', 'http://localhost/api/pull', '/api/pull#x', '/api/tags /api/pull', '/api/pull\t'].map((path): Http2Case => ({
    id: `path ${JSON.stringify(path)}`, headers: { ':method': 'POST', ':path': path }, body: '{}', expect: ODD,
  })),
  { id: 'path that splits the request', headers: { ':path': '/api/tags HTTP/1.1\r\nHost: x\r\n\r\nDELETE /api/delete' }, expect: ODD },
  { id: 'empty path', headers: { ':path': '' }, expect: ODD },
  { id: 'another scheme', headers: { ':path': '/api/version', ':scheme': 'ftp' }, expect: [0, 200, 400, 403] },
  { id: 'method of small letters', headers: { ':method': 'get', ':path': '/api/version' }, expect: [0, 400, 403] },
  { id: 'method that splits the request', headers: { ':method': 'GET /api/pull HTTP/1.1\r\nX:', ':path': '/api/version' }, expect: [0, 400, 403, 405] },
  { id: 'method TRACE', headers: { ':method': 'TRACE', ':path': '/api/version' }, expect: [0, 400, 405] },
]

export const http2Attacks: Check = {
  id: 'attack-http2',
  title: 'HTTP/2 opens no way that HTTP/1 leaves closed',
  applies: ({ tls }) => tls !== 'off',
  async run({ door, user, signal }) {
    const { statuses, refused } = await tryHttp2(door, user.login, 'ollama-stack-test', signal)
    if (refused) return couldNotRun('this stack speaks no HTTP/2')
    const wrong = HTTP2_CASES.flatMap(({ id, expect }, index) => (expect.includes(statuses[index] ?? -1) ? [] : [`${id}: answered ${statuses[index]}, expected ${expect.join(' or ')}`]))
    return wrong.length === 0 ? passed(`${HTTP2_CASES.length} requests, each answered as it must be`) : failed(wrong[0] ?? '')
  },
}

/** Each on a connection of its own: a trick may cost it. */
export async function tryHttp2(door: Door, login: Login, agent: string, signal?: AbortSignal): Promise<{ statuses: number[]; refused: boolean }> {
  const statuses: number[] = []
  for (const [index, one] of HTTP2_CASES.entries()) {
    signal?.throwIfAborted()
    const status = await request(door, one, login, `${agent}/${index}`)
    if (status === 'no HTTP/2') return { statuses, refused: true }
    statuses.push(status)
  }
  return { statuses, refused: false }
}

async function request(door: Door, { headers, body, stranger }: Http2Case, login: Login, agent: string): Promise<number | 'no HTTP/2'> {
  const name = new URL(door.url).hostname.replace(/^\[|\]$/g, '')
  const session = http2.connect(door.url, {
    ...door.connect,
    ca: door.ca ?? undefined,
    allowPartialTrustChain: true,
    ...(isIP(name) ? { servername: '', checkServerIdentity: () => undefined } : { servername: name }),
    ...(!stranger && login.cert && login.key ? { cert: login.cert, key: login.key } : {}),
  })
  try {
    return await new Promise((resolve) => {
      session.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ERR_HTTP2_ERROR' && session.alpnProtocol !== 'h2' ? 'no HTTP/2' : 0))
      const stream = session.request({ 'user-agent': agent, ...(stranger ? {} : login.headers), ...headers }, { endStream: body === undefined })
      stream.on('response', (reply) => resolve(reply[':status'] ?? 0))
      stream.on('error', () => resolve(0))
      stream.on('close', () => resolve(0))
      if (body !== undefined) stream.end(body)
      void sleep(5000, undefined, { ref: false }).then(() => resolve(0))
    })
  } finally {
    session.destroy()
  }
}
