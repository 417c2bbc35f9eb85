// Ways to write a good password into a request: the few that get in, and those that must not.

import type { MadeCredential, Spelling } from '../stack.ts'

export function spellings({ name, secret }: MadeCredential): Spelling[] {
  const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')
  const auth = (value: string): string[] => [`Authorization: ${value}`]
  const pair = `${name}:${secret}`
  const good = base64(pair)
  const get = (id: string, lines: string[]): Spelling => ({ id, lines, expect: [200] })
  const no = (id: string, lines: string[], more: Partial<Spelling> = {}): Spelling => ({ id, lines, expect: [401], ...more })
  /** More than one reading: refused with either, by the HTTP library or by the stack. */
  const malformed = (id: string, lines: string[]): Spelling => ({ id, lines, expect: [400, 401, 431], library: true })
  const typed = (id: string, text: string): Spelling => no(id, auth(`Basic ${base64(text)}`))
  return [
    get('as everybody writes it', auth(`Basic ${good}`)),
    get('small letters', auth(`basic ${good}`)),
    get('capitals', auth(`BASIC ${good}`)),
    get('two spaces', auth(`Basic  ${good}`)),
    get('spaces before', [`Authorization:    Basic ${good}`]),
    get('a space behind', auth(`Basic ${good} `)),
    get('header name in capitals', [`AUTHORIZATION: Basic ${good}`]),
    { ...get('named in Connection', [...auth(`Basic ${good}`), 'Connection: close, Authorization']), front: [401] },

    no('nothing', []),
    no('empty header', ['Authorization:']),
    no('scheme alone', auth('Basic')),
    no('scheme and a space', auth('Basic ')),
    no('no scheme', auth(good)),
    no('scheme without a space', auth(`Basic${good}`)),
    no('scheme and a tab', auth(`Basic\t${good}`)),
    no('scheme with a colon', auth(`Basic: ${good}`)),
    no('scheme twice', auth(`Basic Basic ${good}`)),
    no('longer scheme', auth(`XBasic ${good}`)),
    no('scheme Bearer', auth(`Bearer ${good}`)),
    no('scheme Bearer, the password', auth(`Bearer ${secret}`)),
    no('scheme inside quotes', auth(`Digest x="Basic ${good}"`)),
    no('in quotes', auth(`Basic "${good}"`)),
    no('in a list, first', auth(`Basic ${good}, Basic eDp5`)),
    no('in a list, second', auth(`Basic eDp5, Basic ${good}`)),
    no('not encoded', auth(`Basic ${pair}`)),
    no('encoded twice', auth(`Basic ${base64(good)}`)),
    no('no base64', auth('Basic !!!!')),
    no('one letter of base64', auth('Basic Q')),
    no('padding alone', auth('Basic ====')),
    no('something behind the padding', auth(`Basic ${base64(`${pair}x`).replace(/=*$/, '')}=A`)),
    no('a letter behind', auth(`Basic ${good}x`)),
    // To a lax decoder the same bytes.
    no('without padding', auth(`Basic ${padded(name, secret).replace(/=+$/, '')}`)),
    no('padding too much', auth(`Basic ${good}====`)),
    no('a space inside', auth(`Basic ${good.slice(0, 8)} ${good.slice(8)}`)),
    no('a dash inside', auth(`Basic ${good.slice(0, 8)}-${good.slice(9)}`)),
    no('percent inside', auth(`Basic ${good.slice(0, -4)}%${good.slice(-3)}`)),
    no('a byte beyond ASCII behind', auth(`Basic ${good}\xa0`)),
    typed('no colon', `${name}${secret}`),
    typed('name alone', name),
    typed('colon alone', ':'),
    typed('empty name', `:${secret}`),
    typed('empty password', `${name}:`),
    typed('wrong password', `${name}:wrong`),
    typed('password in the other case', `${name}:${swapped(secret)}`),
    typed('password and something', `${pair}x`),
    typed('password without its last letter', pair.slice(0, -1)),
    typed('password twice', `${pair}${secret}`),
    typed('password with a space behind', `${pair} `),
    typed('password with a line feed', `${pair}\n`),
    typed('password with a carriage return', `${pair}\r\n`),
    typed('password with a zero byte', `${pair}\0`),
    typed('password with a zero byte and more', `${pair}\0anything`),
    typed('password with a colon before', `${name}::${secret}`),
    typed('password of 5,000 letters', `${name}:${'A'.repeat(5000)}`),
    typed('name in the other case', `${swapped(name)}:${secret}`),
    typed('name with a space', ` ${name}:${secret}`),
    typed('name with a zero byte', `${name}\0:${secret}`),
    typed('name behind a line feed', `x\n${pair}`),
    typed('name with a line feed', `${name}\n:${secret}`),
    typed('name as a path', `../${name}:${secret}`),
    typed('name as a comment', `#${name}:${secret}`),
    typed('name of nobody', `nobody-of-that-name:${secret}`),
    typed('name of 5,000 letters', `${'A'.repeat(5000)}:${secret}`),
    typed('name and password exchanged', `${secret}:${name}`),
    typed('a byte order mark before', `\xef\xbb\xbf${pair}`),

    malformed('twice, the same', [...auth(`Basic ${good}`), ...auth(`Basic ${good}`)]),
    malformed('twice, good first', [...auth(`Basic ${good}`), ...auth('Basic eDp5')]),
    malformed('twice, good second', [...auth('Basic eDp5'), ...auth(`Basic ${good}`)]),
    malformed('a zero byte in it', auth(`Basic ${good}\0`)),
    malformed('a carriage return in it', auth(`Basic ${good}\rX: y`)),
    { ...malformed('a folded line', ['Authorization:', ` Basic ${good}`]), front: [200] },
    malformed('a space in the header name', [`Authorization : Basic ${good}`]),
    malformed('70,000 letters', auth(`Basic ${'A'.repeat(70_000)}`)),

    ...['Authorization', 'auth', 'access_token'].map((field) => no(`in the query as ${field}`, [], { target: `/api/tags?${field}=${encodeURIComponent(good)}` })),
    no('in the body', ['Content-Type: application/x-www-form-urlencoded'], { method: 'POST', target: '/api/show', body: `username=${name}&password=${secret}` }),
    no('in a cookie', [`Cookie: Authorization=Basic ${good}`]),
    ...['Proxy-Authorization', 'X-Authorization', 'X-Forwarded-Authorization', 'X-Api-Key', 'Authentication'].map((header) => no(`in ${header}`, [`${header}: Basic ${good}`])),
  ]
}

/** The pair, or with a letter less where it would end without padding. */
function padded(name: string, secret: string): string {
  const encoded = btoa(`${name}:${secret}`)
  return encoded.endsWith('=') ? encoded : btoa(`${name}:${secret.slice(0, -1)}`)
}

function swapped(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
}
