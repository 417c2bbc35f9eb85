// Requests of which two readers may think differently where they end (RFC 9112, 6 and 11.2). Each
// gets exactly one answer, and after one that says "malformed" the connection ends.

import { NO_MODEL, type Case } from './case.ts'

/** What the second request of such a pair would be, if anybody took it for one. */
const HIDDEN = 'GET /api/version HTTP/1.1\r\nHost: localhost\r\nUser-Agent: smuggled\r\n\r\n'
const HIDDEN_DELETE = 'DELETE /api/delete HTTP/1.1\r\nHost: localhost\r\nUser-Agent: smuggled\r\nContent-Length: 2\r\n\r\n{}'
const END = '0\r\n\r\n'
const CHUNKED = `${NO_MODEL.length.toString(16)}\r\n${NO_MODEL}\r\n${END}`

/** The request is read whole, and what is left over isn't a request. */
const REST = [[400], [400, 400]]

const WHICH = 'which malformed message is refused and which is read in its one safe sense is the HTTP library\'s affair'

/** Malformed: refused, or taken as exactly one request. */
const odd = (id: string, lines: string[], body: string, more: Partial<Case> = {}): Case => ({
  id: `smuggling: ${id}`, who: 'user', method: 'POST', target: '/api/chat', loose: true, lines, body, expect: [400, 501], upstream: 'never', library: true, ...more,
})
/** Well-formed, however rare: passed on once, or refused. */
const once = (id: string, lines: string[], body: string, more: Partial<Case> = {}): Case => odd(id, lines, body, { expect: [400, 404, 501], upstream: 'may', differs: WHICH, ...more })

const length = (value: string): string => `Content-Length: ${value}`
const TE = 'Transfer-Encoding: chunked'

const both: Case[] = [
  odd('CL.TE', [length('6'), TE], `${END}G${HIDDEN}`, { differs: WHICH, expect: [400, 404, 501], upstream: 'may' }),
  // By its chunks it isn't complete, and whoever goes by them waits for the rest.
  odd('TE.CL with a hidden DELETE', [length('4'), TE], `5c\r\nGPOST /api/delete HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\nx=1\r\n${END}`, { differs: WHICH, upstream: 'may', expect: [0, 400] }),
  odd('TE before CL', [TE, length('4')], `${HIDDEN_DELETE.length.toString(16)}\r\n${HIDDEN_DELETE}\r\n${END}`, { differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
  odd('CL that agrees with TE', [length(String(CHUNKED.length)), TE], CHUNKED, { differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
  odd('TE in HTTP/1.0', [TE], CHUNKED, { first: 'POST /api/chat HTTP/1.0', differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
]

const encodings: Case[] = [
  odd('TE twice, chunked and identity', [TE, 'Transfer-Encoding: identity'], END, { differs: WHICH }),
  odd('TE twice, identity and chunked', ['Transfer-Encoding: identity', TE], END, { differs: WHICH }),
  odd('TE twice, both chunked', [TE, TE], END, { differs: WHICH }),
  odd('TE in a list', ['Transfer-Encoding: chunked, identity'], END),
  odd('TE in a list, chunked last', ['Transfer-Encoding: gzip, chunked'], END),
  odd('TE in a list, chunked twice', ['Transfer-Encoding: chunked, chunked'], END),
  odd('TE identity', ['Transfer-Encoding: identity', length('2')], '{}'),
  odd('TE xchunked', ['Transfer-Encoding: xchunked', length('2')], '{}'),
  odd('TE chunkedx', ['Transfer-Encoding: chunkedx'], END),
  odd('TE gzip', ['Transfer-Encoding: gzip'], END),
  odd('TE empty', ['Transfer-Encoding:', length('2')], '{}'),
  odd('TE in quotes', ['Transfer-Encoding: "chunked"'], END),
  odd('TE with a parameter', ['Transfer-Encoding: chunked;x=1'], END),
  odd('TE with a comma', ['Transfer-Encoding: ,chunked'], END),
  odd('TE with a vertical tab', ['Transfer-Encoding: \x0bchunked'], END, { differs: WHICH }),
  odd('TE with a form feed', ['Transfer-Encoding: chunked\x0c'], END, { differs: WHICH }),
  odd('TE with a zero byte', ['Transfer-Encoding: chunked\x00'], END),
  odd('TE with a carriage return', ['Transfer-Encoding: chunked\r'], END, { differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
  odd('TE with a space before the colon', ['Transfer-Encoding : chunked'], END, { differs: WHICH }),
  odd('TE behind a space', [' Transfer-Encoding: chunked'], END, { differs: WHICH, front: [401], upstream: 'may', answers: REST }),
  odd('TE on a folded line', ['Transfer-Encoding:', ' chunked'], END, { differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
  odd('TE hidden behind a bare line feed', ['X: y\nTransfer-Encoding: chunked'], END, { differs: WHICH, upstream: 'may', expect: [400, 404, 501] }),
  odd('TE hidden behind a bare carriage return', ['X: y\rTransfer-Encoding: chunked', length('0')], ''),
  once('TE in capitals', ['TRANSFER-ENCODING: CHUNKED'], CHUNKED),
  once('TE behind a tab', ['Transfer-Encoding:\tchunked'], CHUNKED),
  once('TE with a space behind', ['Transfer-Encoding: chunked '], CHUNKED),
]

const lengths: Case[] = [
  odd('CL twice, different', [length('2'), length('5')], '{}xyz'),
  odd('CL twice, the same', [length('2'), length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('CL in a list, the same', [length('5, 5')], 'hello', { differs: WHICH, upstream: 'may' }),
  odd('CL in a list, different', [length('2, 5')], '{}xyz'),
  ...['+5', '-5', '0x5', '5x', '5.0', '1e1', '5 5', '5\x00', '5;', '"5"', '\x0b5', 'five', '18446744073709551621', '99999999999999999999999', '9223372036854775808', '-0'].map((value) => odd(`CL ${JSON.stringify(value)}`, [length(value)], 'hello')),
  odd('CL empty', [length('')], '', { differs: WHICH, expect: [400, 404, 501], upstream: 'may' }),
  odd('CL with a space before the colon', ['Content-Length : 5'], 'hello', { differs: WHICH }),
  odd('CL behind a space', [' Content-Length: 5'], 'hello', { differs: WHICH, front: [401], upstream: 'may', answers: REST }),
  odd('CL on a folded line', ['Content-Length:', ' 5'], 'hello', { differs: WHICH, upstream: 'may' }),
  once('CL with leading zeros', [length('00002')], '{}'),
  once('CL behind a tab', ['Content-Length:\t2'], '{}'),
]

const chunks: Case[] = [
  ...['zz', '-1', '0x2', '+2', ' 2', '', '2 x', 'FFFFFFFFFFFFFFFFF', 'ffffffffffffffffffffffff', '2\x00', '2,', '\xef\xbc\x92'].map((size) => odd(`chunk of size ${JSON.stringify(size)}`, [TE], `${size}\r\n{}\r\n${END}`, { differs: WHICH, upstream: 'may' })),
  odd('chunk longer than it says', [TE], `2\r\n{}x\r\n${END}`, { differs: WHICH, upstream: 'may' }),
  odd('chunk without its line end', [TE], `2\r\n{}${END}`, { differs: WHICH, upstream: 'may' }),
  odd('chunk that ends in another byte', [TE], `2\r\n{}XX${END}`, { differs: WHICH, upstream: 'may' }),
  once('chunks with bare line feeds', [TE], '2\n{}\n0\n\n'),
  once('chunk with an extension', [TE], `2;a=b\r\n{}\r\n${END}`),
  once('chunk with an extension in quotes', [TE], `2;a="\r\n{}\r\n${END}"`, { answers: REST }),
  once('chunk with a line feed in the extension', [TE], `2;\n{}\r\n${END}`),
  once('trailers', [TE, 'Trailer: X-Trailer'], `2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n`),
  once('trailers that would change the request', [TE], `2\r\n{}\r\n0\r\nContent-Length: 50\r\nHost: evil.example\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`),
  odd('trailer that is none', [TE], `2\r\n{}\r\n0\r\nno colon\r\n\r\n`, { differs: WHICH, upstream: 'may', expect: [400, 404] }),
]

/** The head itself. */
const heads: Case[] = [
  odd('folded header', ['X: a', ' b', length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('header without a colon', ['Nothing', length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('header without a name', [': x', length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('header with a space in its name', ['X Y: x', length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('header with odd letters in its name', ['X(y)[z]@: x', length('2')], '{}', { differs: WHICH, upstream: 'may', expect: [400, 404] }),
  odd('zero byte in a value', ['X: a\x00b'], '', { method: 'GET', target: '/api/tags' }),
  odd('zero byte in a name', ['X\x00: a'], '', { method: 'GET', target: '/api/tags' }),
  odd('carriage return in a value', ['X: a\rAuthorization: y'], '', { method: 'GET', target: '/api/tags' }),
  odd('control bytes in a value', ['X: a\x01\x08\x1b[2J\x7f'], '', { method: 'GET', target: '/api/version', expect: [200, 400], upstream: 'may', differs: WHICH }),
  odd('bare line feeds', [], '', { method: 'GET', target: '/api/version', first: 'GET /api/version HTTP/1.1\nX: y', expect: [200, 400], upstream: 'may', differs: WHICH }),
  odd('empty lines before', [], '', { method: 'GET', target: '/api/version', first: '\r\n\r\nGET /api/version HTTP/1.1', expect: [200, 400], upstream: 'may', differs: WHICH }),
  odd('something before the request line', [], '', { method: 'GET', target: '/api/version', first: 'X\r\nGET /api/version HTTP/1.1' }),
  odd('HTTP/0.9', [], '', { method: 'GET', target: '/api/tags', first: 'GET /api/tags', host: null, expect: [0, 400, 403, 421], differs: 'nginx answers HTTP/0.9 in its own way, a body without a status line' }),
  ...['HTTP/1.2', 'HTTP/2.0', 'HTTP/3.7', 'HTTP/1.10', 'HTTP/01.1', 'http/1.1', 'HTTP/1.1x', 'HTTP/1', 'HTPP/1.1', 'HTTP/-1.1', 'ICY/1.1'].map((version) => odd(`version ${version}`, [], '', { method: 'GET', target: '/api/version', first: `GET /api/version ${version}`, expect: [400, 403, 505], differs: WHICH, front: [200] })),
  odd('HTTP/2 with prior knowledge', [], '', { method: 'PRI', target: '*', who: 'stranger', first: 'PRI * HTTP/2.0', host: null, body: 'SM\r\n\r\n', expect: [0, 400, 401, 403, 405, 421, 505], differs: WHICH }),
]

/** Well-formed and one after another: each is looked at on its own. */
const pipelined: Case[] = [
  { id: 'pipelined: read, then pull', who: 'user', method: 'GET', target: '/api/version', loose: true, lines: [length('0')], body: 'POST /api/me HTTP/1.1\r\nHost: localhost\r\nUser-Agent: smuggled\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}', expect: [200], answers: [[200, 401], [200, 403]], upstream: 'once', differs: 'with a certificate the connection is the login, else each request is' },
  { id: 'pipelined: the second for a foreign host', who: 'user', method: 'GET', target: '/api/version', loose: true, lines: [], body: 'GET /api/version HTTP/1.1\r\nHost: foreign.example\r\nUser-Agent: smuggled\r\nConnection: close\r\n\r\n', expect: [200], answers: [[200, 421]], upstream: 'once' },
  { id: 'pipelined behind a refusal', who: 'stranger', method: 'GET', target: '/api/version', loose: true, lines: [], body: HIDDEN.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), expect: [401], answers: [[401, 401]], upstream: 'never' },
  { id: 'pipelined behind a refused body', who: 'user', method: 'POST', target: '/api/me', loose: true, lines: [length('2')], body: `{}${HIDDEN.replace('localhost', 'foreign.example')}`, expect: [403], answers: [[403], [403, 421]], upstream: 'never', differs: 'a refused body ends the connection' },
  { id: 'Expect: 100-continue', who: 'user', method: 'POST', target: '/api/show', loose: true, lines: ['Expect: 100-continue', length('2'), 'Connection: close'], body: '{}', expect: [400], upstream: 'once' },
  { id: 'Expect: 100-continue of a stranger', who: 'stranger', method: 'POST', target: '/api/show', loose: true, lines: ['Expect: 100-continue', length('2'), 'Connection: close'], body: '{}', expect: [401], upstream: 'never' },
  { id: 'Expect: something else', who: 'user', method: 'POST', target: '/api/show', loose: true, lines: ['Expect: 200-ok', length('2'), 'Connection: close'], body: '{}', expect: [400, 417], upstream: 'may', library: true, differs: 'Go refuses what it can not fulfil, nginx ignores it' },
]

export const smuggling: readonly Case[] = [...both, ...encodings, ...lengths, ...chunks, ...heads, ...pipelined]
