// What the proxies' logs say, read back: lines as nginx, OpenResty and Caddy wrote them on a real engine.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { ROUTES } from '../../stacks/routes.ts'
import type { Access } from '../../stacks/stack.ts'

const nginx = (more: object): string => JSON.stringify({ time: '2026-11-21T15:05:48+00:00', person: '', address: '10.213.7.9', method: 'GET', path: '/api/tags', status: 200, bytes: 13, seconds: 0.003, first_byte: null, refused: '', ...more })
const caddy = (more: object): string => JSON.stringify({ level: 'info', ts: 1795273548.5368118, logger: 'http.log.access.log0', msg: 'handled request', bytes_read: 0, duration: 0.000350683, size: 13, status: 200, path: '/api/tags', method: 'GET', first_byte: null, address: '10.213.7.9', person: '', error: '', ...more })
const handshake = (text: string): string => JSON.stringify({ level: 'debug', ts: 1795273597.8451886, logger: 'http.stdlib', msg: `http: TLS handshake error from ${text}` })
const access = (id: string, line: string): Access | null | undefined => stacks[id]?.access(line)

describe.each(['basic', 'bearer'])('%s', (id) => {
  test('somebody was let in, and Ollama answered', () => {
    expect(access(id, nginx({ person: 'ann', seconds: 4.215, first_byte: 0.312 }))).toEqual({
      at: new Date('2026-11-21T15:05:48Z'), person: 'ann', address: '10.213.7.9', method: 'GET', path: '/api/tags', status: 200, bytes: 13, seconds: 4.215, firstByte: 0.312, refused: null,
    })
  })
  test('a refused login is nobody\'s and says why', () => expect(access(id, nginx({ status: 401, refused: 'unknown key' }))).toMatchObject({ person: null, status: 401, refused: 'unknown key' }))
  test('who was gone before there was an answer', () => expect(access(id, nginx({ method: '', path: '', status: null }))).toMatchObject({ method: '', path: '', status: null }))
  test('a line of the version before', () => expect(access(id, nginx({ refused: undefined }))).toMatchObject({ status: 200, refused: null }))
})

describe('mtls', () => {
  test('somebody was let in, and Ollama answered: milliseconds and Unix seconds', () => {
    expect(access('mtls', caddy({ person: 'ann', duration: 4.2, first_byte: 312.5 }))).toEqual({
      at: new Date(1795273548536.8118), person: 'ann', address: '10.213.7.9', method: 'GET', path: '/api/tags', status: 200, bytes: 13, seconds: 4.2, firstByte: 0.3125, refused: null,
    })
  })
  test.each([[{ status: 401 }, 'no credential'], [{ status: 401, person: 'bob' }, 'a certificate that was removed, or whose time is over'], [{ status: 403, person: 'bob' }, null]])('%j: %s', (more, refused) =>
    expect(access('mtls', caddy(more))).toMatchObject({ person: more.status === 403 ? 'bob' : null, refused }))
  test('who was gone before there was an answer', () => expect(access('mtls', caddy({ status: 0 }))).toMatchObject({ status: null }))
  test.each([
    ['10.213.7.9:34314: tls: failed to verify certificate: x509: certificate signed by unknown authority', 'a certificate of another CA'],
    ['[fd00::7]:34314: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T15:00:00Z is after 2026-11-01T00:00:00Z', 'a certificate whose time is over, or has not come'],
    ['10.213.7.9:34314: tls: failed to verify certificate: x509: certificate specifies an incompatible key usage', 'a certificate that is not for clients'],
    ['10.213.7.9:34314: tls: failed to verify certificate: x509: too many intermediates for path length constraint', 'a certificate that does not hold'],
  ])('%s', (text, refused) => expect(access('mtls', handshake(text))).toMatchObject({ person: null, status: null, address: text.startsWith('[') ? 'fd00::7' : '10.213.7.9', refused }))
  test.each(['10.213.7.9:34334: client sent an HTTP request to an HTTPS server', '10.213.7.9:34344: tls: client offered only unsupported versions: [302 301]', '10.213.7.9:34344: EOF'])('no login was refused: %s', (text) =>
    expect(access('mtls', handshake(text))).toBeNull())
})

test.each(Object.keys(stacks))('%s: other lines are no request', (id) => {
  for (const line of ['', '{', '{}', 'null', '[]', '{"time":1}', '2026/11/21 15:05:42 [notice] 1#1: js vm init', '{"time":"2026-11-21T15:05:48+00:00","level":"warn","message":"Login refused: wrong name or password"}', '{"level":"warn","ts":1795273542.6,"logger":"admin","msg":"admin endpoint disabled"}']) {
    expect(access(id, line), line).toBeNull()
  }
})

describe('paths in the log', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, '../../stacks', path), 'utf8')
  const [known = '', start = ''] = [...read('nginx/common.conf').matchAll(/^ {4}"~(\^\(\?<known_(?:path|start)>.*)" /gm)].map(([, pattern]) => pattern ?? '')
  const shown = (target: string): string => {
    const whole = new RegExp(known).exec(target)?.groups?.['known_path']
    const some = new RegExp(start).exec(target)?.groups?.['known_start']
    return whole ?? (some === undefined ? '/*' : `${some}/*`)
  }
  test('every route is shown, and names and digests in it are not', () => {
    for (const { path } of ROUTES) {
      const secretive = /^\/(?:v1\/models|api\/blobs)(?=\/)/.exec(path)?.[0]
      expect(shown(path)).toBe(secretive === undefined ? path : `${secretive}/*`)
      expect(shown(`${path}?key=x`)).toBe(shown(path))
    }
  })
  test.each([['/olsk_key', '/*'], ['/api/olsk_key', '/api/*'], ['/api/tagsolsk_key', '/api/*'], ['/olsk_key/api/tags', '/*'], ['/v1/models/olsk_key', '/v1/models/*'], ['/ollama-stack-test-0123abcd', '/ollama-stack-test-0123abcd'], ['/ollama-stack-test-0123abcde', '/*'], ['//api/tags', '/*'], ['/api/tags/', '/api/tags/']])('%s is %s', (target, wanted) =>
    expect(shown(target)).toBe(wanted))
  test('Caddy knows the same words', () => {
    const words = (text: string): string | undefined => /\(\?:(api\|v1\|[^)]*)\)/.exec(text)?.[1]
    expect(words(read('mtls/files/access-log.caddy'))).toBe(words(known))
    expect(words(known)).toContain('|chat|')
  })
})
