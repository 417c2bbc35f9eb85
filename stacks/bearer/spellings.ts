// Ways to write a good key into a request: the few that get in, and those that must not.

import type { MadeCredential, Spelling } from '../stack.ts'

const BARE = /^Bearer realm="Ollama"$/

export function spellings({ name, secret: key }: MadeCredential): Spelling[] {
  const other = key.endsWith('A') ? 'B' : 'A'
  const letter = key.at(-1) ?? ''
  const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
  const auth = (value: string): string[] => [`Authorization: ${value}`]
  const good = `Bearer ${key}`
  const get = (id: string, lines: string[], more: Partial<Spelling> = {}): Spelling => ({ id, lines, expect: [200], ...more })
  const no = (id: string, lines: string[], more: Partial<Spelling> = {}): Spelling => ({ id, lines, expect: [401], ...more })
  /** More than one reading: refused with either, by the HTTP library or by the stack. */
  const malformed = (id: string, lines: string[]): Spelling => ({ id, lines, expect: [400, 401, 431], library: true })
  const ambiguous = (id: string, lines: string[]): Spelling => ({ id, lines, expect: [400] })
  return [
    get('as everybody writes it', auth(good)),
    get('small letters', auth(`bearer ${key}`)),
    get('capitals', auth(`BEARER ${key}`)),
    get('several spaces', auth(`Bearer   ${key}`)),
    get('spaces before', [`Authorization:    ${good}`]),
    get('no space before', [`Authorization:${good}`]),
    get('a space behind', auth(`${good} `)),
    get('a tab behind', auth(`${good}\t`)),
    get('header name in capitals', [`AUTHORIZATION: ${good}`]),
    get('x-api-key', [`X-Api-Key: ${key}`]),
    get('password of Basic', auth(`Basic ${base64(`anybody:${key}`)}`)),
    get('password of Basic without a name', auth(`Basic ${base64(`:${key}`)}`)),
    { ...get('named in Connection', [...auth(good), 'Connection: close, Authorization']), front: [401] },

    no('nothing', [], { challenge: BARE }),
    no('empty header', ['Authorization:'], { challenge: BARE }),
    no('scheme alone', auth('Bearer')),
    no('scheme and a space', auth('Bearer ')),
    no('no scheme', auth(key), { challenge: BARE }),
    no('scheme without a space', auth(`Bearer${key}`)),
    no('scheme with a colon', auth(`Bearer: ${key}`)),
    no('scheme with =', auth(`Bearer=${key}`)),
    no('scheme and a tab', auth(`Bearer\t${key}`)),
    no('scheme twice', auth(`Bearer ${good}`)),
    no('longer scheme', auth(`XBearer ${key}`)),
    no('scheme inside another', auth(`Basic zzz ${good}`)),
    no('scheme inside quotes', auth(`Digest x="${good}`)),
    no('scheme Token', auth(`Token ${key}`)),
    no('scheme ApiKey', auth(`ApiKey ${key}`)),
    no('key as Basic', auth(`Basic ${key}`)),
    no('key as Basic, encoded', auth(`Basic ${base64(key)}`)),
    no('key as name of Basic', auth(`Basic ${base64(`${key}:`)}`)),
    no('password of Basic with a line feed', auth(`Basic ${base64(`x:${key}\n`)}`)),
    no('password of Basic with a zero byte', auth(`Basic ${base64(`x:${key}\0`)}`)),
    no('in quotes', auth(`Bearer "${key}"`)),
    no('as a parameter', auth(`Bearer token="${key}"`)),
    no('in a list, first', auth(`${good}, Bearer bad`)),
    no('in a list, second', auth(`Bearer bad, ${good}`)),
    no('something behind', auth(`${good} x`)),
    no('semicolon behind', auth(`${good};`)),
    no('without its last letter', auth(`Bearer ${key.slice(0, -1)}`)),
    no('its first 7 letters', auth(`Bearer ${key.slice(0, 7)}`)),
    no('without its prefix', auth(`Bearer ${key.slice(5)}`)),
    no('one letter more', auth(`${good}${other}`)),
    no('one letter else', auth(`Bearer ${key.slice(0, -1)}${other}`)),
    no('other case', auth(`Bearer ${swapped(key)}`)),
    no('a letter in percent', auth(`Bearer ${key.slice(0, -1)}%${letter.charCodeAt(0).toString(16)}`)),
    no('another alphabet', auth(`Bearer ${key.slice(0, -1)}\xc3\xa9`)),
    no('a byte beyond ASCII behind', auth(`${good}\xa0`)),
    no('padding behind', auth(`${good}=`)),
    no('name and key', auth(`Bearer ${name}:${key}`)),
    no('1,000 letters', auth(`Bearer ${key}${'A'.repeat(1000)}`)),
    no('15,000 letters', auth(`Bearer ${'A'.repeat(15_000)}`)),
    no('a pattern', auth('Bearer .*')),
    no('a line of a key file', auth(`Bearer ${name}:admin:${'0'.repeat(64)}`)),

    ambiguous('twice, the same', [...auth(good), ...auth(good)]),
    ambiguous('twice, good first', [...auth(good), ...auth('Bearer bad')]),
    ambiguous('twice, good second', [...auth('Bearer bad'), ...auth(good)]),
    ambiguous('twice, empty first', ['Authorization:', ...auth(good)]),
    ambiguous('x-api-key twice', [`X-Api-Key: ${key}`, `X-Api-Key: ${key}`]),
    ambiguous('both headers', [...auth(good), `X-Api-Key: ${key}`]),
    ambiguous('both headers, one bad', [...auth('Bearer bad'), `X-Api-Key: ${key}`]),
    malformed('a zero byte in it', auth(`${good}\0`)),
    malformed('a carriage return in it', auth(`${good}\rX: y`)),
    { ...malformed('a folded line', ['Authorization:', ` ${good}`]), front: [200] },
    { ...malformed('a folded line, in the middle', ['Authorization: Bearer', ` ${key}`]), front: [200] },
    malformed('a space in the header name', [`Authorization : ${good}`]),
    no('an underscore in the header name', [`Authorization_: ${good}`]),
    malformed('20,000 letters', auth(`Bearer ${'A'.repeat(20_000)}`)),

    // Places that end in logs and histories (RFC 6750, 2.3), or that nobody reads.
    ...['access_token', 'api_key', 'key', 'token', 'apikey', 'Authorization', 'x-api-key'].map((field) => no(`in the query as ${field}`, [], { target: `/api/tags?${field}=${key}`, challenge: BARE })),
    no('in the body', ['Content-Type: application/x-www-form-urlencoded'], { method: 'POST', target: '/api/show', body: `access_token=${key}`, challenge: BARE }),
    no('in a cookie', [`Cookie: Authorization=${good}; access_token=${key}; token=${key}`], { challenge: BARE }),
    ...['Proxy-Authorization', 'X-Authorization', 'X-Forwarded-Authorization', 'X-Access-Token', 'Api-Key', 'Authentication', 'Authorization2', 'X-Api_Key'].map((header) => no(`in ${header}`, [`${header}: ${good}`], { challenge: BARE })),
    no('as scheme of x-api-key', [`X-Api-Key: ${good}`]),
    no('empty x-api-key', ['X-Api-Key:'], { challenge: BARE }),
  ]
}

function swapped(key: string): string {
  return key.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}
