// Other spellings of a path. Ollama routes by the decoded path and redirects to the cleaned one, so
// each of these is pull to it, or might be.

import { NO_MODEL, type Case, type Who } from './case.ts'

const PULL = [
  // A slash more, dots, parameters, fragments.
  '/api/pull/', '/api/pull//', '/api/pull/.', '//api/pull', '///api/pull', '/api//pull', '/api/./pull', '/./api/pull', '/api/x/../pull', '/api/tags/../pull', '/x/y/../../api/pull',
  '/api/tags/./../pull', '/../api/pull', '/api/pull/..;/', '/api/tags/..;/pull', '/api;x=1/pull', '/;/api/pull', '/api/pull;x=1', '/api/pull;', '/api/pull#', '/api/pull#/api/tags', '/api/tags#/../pull', '/api/pull.', '/api/pull..',
  '/api/pull.json', '/api/pull&x=1', '/api/pull,', '/api/pull:', "/api/pull'", '/api/pull"', '/api/pull|', '/api/pull~', '/api/pull*', '/api/pull@localhost', '/@localhost/api/pull',
  // Encoded, once or twice, in part or whole.
  '/api/%70ull', '/%61pi/pull', '/api/pul%6c', '/api/pul%6C', '/api/%70%75%6c%6c', '/%61%70%69/%70%75%6c%6c', '/api%2Fpull', '/api%2fpull', '/%2fapi/pull', '/%2Fapi%2Fpull', '/api/%2fpull', '/api/%2e/pull', '/api/%2E/pull', '/api/%2e%2e/api/pull',
  '/api/tags%2f..%2fpull', '/api/tags/..%2fpull', '/api/tags/%2e%2e/pull', '/api/tags/.%2e/pull', '/api/tags/%2e./pull', '/api/tags/%2e%2e%2fpull', '/%2e%2e/api/pull', '/%2e%2e%2fapi%2fpull', '/api/pull/%2e', '/api/pull%2f', '/api/pull%2e', '/api/pull%23', '/api/pull%3f', '/api/pull%3fx=1',
  '/api/pull%3bx', '/api/pull%26', '/api/tags%3f/../pull', '/api/tags%23/../pull', '/api/%2570ull', '/api%252Fpull', '/api%25%32%46pull', '/api/%252e%252e/api/pull', '/api%5cpull', '/api%5Cpull', '/api/x%5c..%5cpull', '/api\\pull', '/api/x\\..\\pull',
  // What some decoders take for letters, and what some cut off.
  '/api/%u0070ull', '/api/%C1%B0ull', '/api/%c0%afpull', '/api%c0%afpull', '/api/%e0%80%afpull', '/api/%ef%bd%90ull', '/api/%70ull%', '/api/%7', '/api/pull%zz', '/api/\xef\xbd\x90ull', '/api/pull\xff', '/api/pull\x80', '/api/+pull', '/api/pull+',
  '/api/pull%20', '/api/%20pull', '/api/pull%09', '/api/pull%0a', '/api/pull%0A', '/api/pull%0b', '/api/pull%0d', '/api/pull%0d%0a', '/api/pull%00', '/api/pull%00.json', '/%00/api/pull', '/api/pull%7f', '/api/pull%c2%a0', '/api/pull%e2%80%8b',
  // Other cases, other APIs' ways in.
  '/api/Pull', '/API/PULL', '/Api/pull', '/api/pulL', '/v1/api/pull', '/v1/models/../../api/pull', '/v1/models/%2e%2e%2f%2e%2e%2fapi%2fpull', '/v1/models/..%2fpull', '/v1/models/x%2f..%2f..%2f..%2fapi%2fpull', '/v1/../api/pull', '/v1//../api/pull',
  // The plain one with a query is pull too; only its role is wrong.
  '/api/pull', '/api/pull?', '/api/pull?x=1', '/api/pull??', '/api/pull?/api/tags', '/api/pull?x=/../tags', '/api/pull?%0d%0a',
]

/** The library refuses them before any configuration counts: a broken escape, a zero byte, a way above the root. */
const UNREADABLE = /%(?![0-9a-f]{2})|%00|^\/(?:\.\.|%2e%2e)/i

function spelled(who: Who, target: string): Case {
  // As an admin the plain spelling is right, and what Ollama then says is in routes.ts.
  const expect = who === 'stranger' ? [401] : [403]
  const library = UNREADABLE.test(target)
  return { id: `path ${JSON.stringify(target)} as ${who}`, who, method: 'POST', target, body: '{}', expect: library ? [400, ...expect] : expect, upstream: 'never', ...(library ? { library, differs: 'what is no path at all is 400 to some HTTP libraries' } : {}) }
}

const pull: Case[] = PULL.flatMap((target) => [
  spelled('stranger', target), spelled('user', target), ...(/^\/api\/pull(?:\?[^#]*)?$/.test(target) ? [] : [spelled('admin', target)]),
])

/** The same tricks where something is lost at once. */
const others: Case[] = [
  'DELETE /api/%64elete', 'DELETE //api/delete', 'DELETE /api/delete/', 'DELETE /api/tags/../delete', 'DELETE /api%2fdelete', 'DELETE /api/tags', 'POST /api/m%65', 'POST /api/./me', 'POST /api//signout', 'POST /api/tags/../create', 'POST /api/%63opy', 'POST /api/copy/', 'POST /api/show/../push',
].flatMap((line) => {
  const [method = '', target = ''] = line.split(' ')
  return (['stranger', 'user', 'admin'] as const).map((who): Case => ({ id: `path ${line} as ${who}`, who, method, target, body: NO_MODEL, expect: [who === 'stranger' ? 401 : 403], upstream: 'never' }))
})

/** Reading is allowed, but in one spelling, so that nothing here has to guess. */
const read: Case[] = [
  '/api/%74ags', '/%61pi/tags', '//api/tags', '/api//tags', '/api/./tags', '/api/tags/', '/API/tags', '/api/tags#x', '/api/tags%20', '/api/tags;x', '/api/x/../tags', '/api%2ftags', '/v1/models/', '/v1/models/a/b', '/v1//models', '/v1/models/..', '/v1/models/%2e%2e', '/v1/models/a%2f..%2fb', '/v1/models/a%2f%2fb', '/v1/models/%2fa', '/v1/models/a%5cb', '/v1/models/a%252fb', '/v1/models/.a',
].map((target) => ({ id: `path GET ${target}`, who: 'user', method: 'GET', target, expect: [403], upstream: 'never' }))

const TARGET = 'an HTTP library refuses a target without a slash by itself'

const forms: Case[] = [
  ...['http://evil.example/api/pull', 'https://evil.example/api/pull', 'http://localhost/api/pull', '//evil.example/api/pull', 'http://evil.example:80/api/pull', 'HTTP://localhost/api/pull', 'http://user@localhost/api/pull'].flatMap((target) =>
    (['stranger', 'user', 'admin'] as const).map((who): Case => ({
      id: `path ${target} as ${who}`, who, method: 'POST', target, body: '{}', expect: [400, 401, 403, 421], upstream: 'never', library: true, differs: 'which of host and path is looked at first, and whether the absolute form is read at all, is the HTTP library\'s affair',
    }))),
  ...['api/pull', 'pull', '.', '*', '?/api/pull', '\\api\\pull', 'ollama:/api/pull', 'file:///api/pull', 'api/pull HTTP/1.1'].map((target): Case => ({
    id: `path without a slash: ${target}`, who: 'admin', method: 'POST', target, body: '{}', expect: [400, 403, 421], upstream: 'never', library: true, differs: TARGET,
  })),
  { id: 'path that splits the request', who: 'user', method: 'GET', target: '/api/tags%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aDELETE%20/api/delete', body: NO_MODEL, expect: [403], upstream: 'never' },
  { id: 'path that splits the request, to a model', who: 'user', method: 'GET', target: '/v1/models/x%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aDELETE%20/api/delete', expect: [403], upstream: 'never' },
  { id: 'path with a space in it', who: 'user', method: 'GET', target: '', first: 'GET /api/tags /api/pull HTTP/1.1', expect: [400, 403], upstream: 'never', library: true, differs: TARGET },
  { id: 'path with a tab in it', who: 'user', method: 'GET', target: '', first: 'GET /api/tags\t/api/pull HTTP/1.1', expect: [400, 403], upstream: 'never', library: true, differs: TARGET },
  { id: 'path of 20,000 letters', who: 'user', method: 'GET', target: `/${'a'.repeat(20_000)}`, expect: [414], upstream: 'never' },
  { id: 'path of 200,000 letters', who: 'user', method: 'GET', target: `/${'a'.repeat(200_000)}`, expect: [414, 431], upstream: 'never', library: true, differs: 'nginx says 414, Go 431' },
  { id: 'query left here', who: 'user', method: 'GET', target: '/api/tags?x=1&y=%2F..%2F', expect: [200], upstream: 'once' },
  { id: 'query that looks like a path', who: 'user', method: 'GET', target: '/api/tags?/../pull', expect: [200], upstream: 'once' },
]

export const paths: readonly Case[] = [...pull, ...others, ...read, ...forms]
