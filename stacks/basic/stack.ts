// Basic auth (RFC 7617): nginx and an htpasswd file.

import { StackError } from '../../src/errors.ts'
import { checkNewName, checkNotEnded, unknownPerson } from '../names.ts'
import { composeEdits, generated, sharedFiles } from '../nginx/stack-files.ts'
import { access } from '../nginx/access.ts'
import type { Account, Credential, BadLogin, Change, FileMap, IssueOptions, Issued, Login, MadeCredential, Person, Role, RotateOptions, Stack, StackConfig } from '../stack.ts'
import { append, entries, names, problems, replace, without, withoutEnded, type Entry } from './htpasswd.ts'
import { checkPassword, hashPassword, makePassword } from './password.ts'
import { spellings } from './spellings.ts'

const HTPASSWD = 'credentials/htpasswd'
/**
 * One line for each person who got a new password and may use the one before for a while. Counts
 * only beside a line of that name in htpasswd, which also has the role.
 */
const OLD = 'credentials/htpasswd.old'

export const basic: Stack = {
  id: 'basic',
  title: 'Basic auth (nginx)',
  hint: 'name and password; works in browsers and old tools',
  noun: 'password',
  brings: ['password'],
  needsTls: false,
  reload: 'SIGHUP',
  howTo: {
    login: 'HTTP Basic: name and password',
    curl: '-u NAME',
    credentials: '`htpasswd`: a line per person, `NAME:HASH:ROLE:END:CREATED` (bcrypt; times in Unix seconds, `-` for no end). By hand: `htpasswd -nB ann >> credentials/htpasswd` adds a user. `htpasswd.old`: passwords that were changed but are still good for a while',
  },
  carried: (name) => ({ flags: ['--user', name], files: null }),
  challenge: /^Basic realm="Ollama", charset="UTF-8"$/,
  files: (config) => ({ ...sharedFiles(config), 'proxy/nginx.conf': 'basic/files/nginx.conf', 'proxy/login.js': 'basic/files/login.js', 'proxy/people.js': 'basic/files/people.js' }),
  render: (config) => new Map([...generated(config), ...rateLimit(config)]),
  compose: composeEdits,
  limitsRate: true,
  people: { list, problems: (files) => problems(read(files, HTPASSWD)), issue, rotate, remove },
  access,
  allowlist: 'proxy/allow.conf',
  badLogins,
  spellings,
}

function read(files: FileMap, path: string): string {
  const content = files.get(path)?.content ?? ''
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8')
}

/** That many may come at once, whatever the rate; the same as bearer's. */
const LEAST_BURST = 60

/** A zone at http level, its use in the published server. Seconds until the next one is due, for Retry-After. */
function rateLimit({ rate = null }: StackConfig): FileMap {
  const [count = 0, unit = 's'] = rate === null ? [] : [Number(rate.split('/')[0]), rate.split('/')[1]]
  const wait = rate === null ? 1 : Math.ceil((unit === 's' ? 1 : 60) / count)
  const zone = rate === null ? '' : `limit_req_zone $credential zone=rate:4m rate=${count}r/${unit};\n`
  const use = rate === null ? '# None.\n' : `limit_req zone=rate burst=${Math.max(count, LEAST_BURST)} nodelay;\nlimit_req_status 429;\n`
  const retry = `map "$status $limit_req_status" $retry_after {\n    default "";\n    "~^429" 1;\n    "429 REJECTED" ${wait};\n}\n`
  return new Map([
    ['proxy/rate-zone.conf', { content: `# Requests per person, part of nginx.conf: the buckets, and when to come again.\n${zone}${retry}`, mode: 0o644 }],
    ['proxy/rate.conf', { content: `# Requests per person, part of nginx.conf's published server.\n${use}`, mode: 0o644 }],
  ])
}

/** Throws E_HTPASSWD when it ends within a line: whatever is written behind half a line makes it a whole one. */
function wholeFile(files: FileMap): string {
  const text = read(files, HTPASSWD)
  if (text === '' || text.endsWith('\n')) return text
  throw new StackError('E_HTPASSWD', `The last line of ${HTPASSWD} has no line end, so the proxy lets nobody in by it.`, {
    hint: 'If the line is whole, press Enter behind it in an editor; if not, delete it.',
  })
}

function list(files: FileMap, now = new Date()): Account[] {
  const old = new Map(entries(read(files, OLD)).map(({ name, expires }) => [name, expires]))
  return entries(read(files, HTPASSWD)).map(({ name, role, created, expires }) => {
    const overlap = old.get(name)
    return { name, role, created, expires, ...(overlap && overlap > now ? { overlap } : {}) }
  })
}

async function issue(files: FileMap, { name, role }: Person, { now, expires = null, password: own }: IssueOptions): Promise<Issued> {
  const text = wholeFile(files)
  checkNewName(name, names(text))
  const { password, hash } = await secret(own)
  // In this order: an old password that was left behind is no password of the new person.
  const change = changeOld(files, without(read(files, OLD), name))
  change.set(HTPASSWD, { content: append(text, { name, hash, role, expires, created: now }), mode: 0o600 })
  return { change, credential: made(name, role, password, own) }
}

/** The password before, if any is still good, ends at once: nginx looks at one old line of a name. */
async function rotate(files: FileMap, name: string, { now, overlap, password: own }: RotateOptions): Promise<Issued> {
  const text = wholeFile(files)
  const person = entries(text).find((entry) => entry.name === name)
  if (!person) throw unknownPerson(name)
  checkNotEnded(person, person.expires, now, basic.noun)
  const { password, hash } = await secret(own)
  const others = withoutEnded(without(read(files, OLD), name), now)
  // In this order: killed between the two, the old password is still the only one.
  const change = changeOld(files, overlap > 0 ? append(others, { ...person, expires: endOf(person, now, overlap) }) : others)
  change.set(HTPASSWD, { content: replace(text, { ...person, hash, created: now }), mode: 0o600 })
  return { change, credential: made(name, person.role, password, own) }
}

/** The person's own end, if that comes first. */
function endOf({ expires }: Entry, now: Date, overlap: number): Date {
  const end = now.getTime() + overlap
  return new Date(expires === null ? end : Math.min(end, expires.getTime()))
}

/** What lets the person in goes first. */
function remove(files: FileMap, name: string): Change {
  const text = read(files, HTPASSWD)
  const old = read(files, OLD)
  if (![...names(text), ...names(old)].includes(name)) throw unknownPerson(name)
  return new Map([[HTPASSWD, { content: without(text, name), mode: 0o600 }], ...changeOld(files, without(old, name))])
}

function changeOld(files: FileMap, text: string): Change {
  if (text === read(files, OLD)) return new Map()
  return new Map([[OLD, text === '' ? null : { content: text, mode: 0o600 }]])
}

async function secret(own: string | undefined): Promise<{ password: string; hash: string }> {
  if (own !== undefined) checkPassword(own)
  const password = own ?? makePassword()
  return { password, hash: await hashPassword(password, own !== undefined) }
}

/** Who brought a password needn't be shown it. */
function made(name: string, role: Role, password: string, own: string | undefined): Credential {
  return { name, role, secret: own === undefined ? password : null, files: null, login: login(name, password) }
}

function login(name: string, password: string): Login {
  return { headers: { Authorization: basicOf(name, password) } }
}

function basicOf(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

async function badLogins({ name, secret }: MadeCredential): Promise<BadLogin[]> {
  const good = basicOf(name, secret)
  const nobody = name.toLowerCase() === 'nobody' ? 'no-one' : 'nobody'
  const other = secret.endsWith('x') ? 'y' : 'x'
  const rows: [id: string, title: string, authorization: string][] = [
    ['wrong-password', 'A wrong password is refused', basicOf(name, secret.slice(0, -1) + other)],
    ['longer-password', 'The password with something after it is refused', basicOf(name, secret + other)],
    ['empty-password', 'An empty password is refused', basicOf(name, '')],
    ['unknown-name', 'An unknown name is refused', basicOf(`${nobody}-${name}`.slice(0, 64), secret)],
    ['empty-name', 'A password without a name is refused', basicOf('', secret)],
    ['other-base64', 'A second spelling of the same base64 is refused', respelled(good)],
    ['no-value', 'A scheme without a value is refused', 'Basic'],
    ['no-scheme', 'A value without a scheme is refused', good.slice('Basic '.length)],
    ['longer-scheme', 'A scheme that only ends like the right one is refused', `X${good}`],
    ['other-scheme', 'The right value under another scheme is refused', good.replace('Basic', 'Bearer')],
    ['wrapped', 'A credential inside another one is refused', `Digest x="${good}"`],
    ['listed', 'A credential in a list is refused', `Basic bm9ib2R5Og==, ${good}`],
  ]
  return rows.map(([id, title, authorization]) => ({ id, title, login: { headers: { Authorization: authorization } }, expect: 401 }))
}

/** The same bytes to a lax decoder: other unused bits before the padding, or padding where none belongs. */
function respelled(authorization: string): string {
  const [, start = '', last = '', padding = ''] = /^(.*)(.)(==?)$/.exec(authorization) ?? []
  if (padding === '') return `${authorization}====`
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return start + alphabet[alphabet.indexOf(last) + 1] + padding
}
