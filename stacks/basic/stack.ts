// Basic auth (RFC 7617): nginx and an htpasswd file.

import { UsageError } from '../../src/errors.ts'
import { checkNewName } from '../names.ts'
import { hostsConf, sharedFiles } from '../nginx/stack-files.ts'
import type { BadLogin, Change, Credential, FileMap, Issued, IssueOptions, Login, Person, Stack } from '../stack.ts'
import { append, names, people, without } from './htpasswd.ts'
import { checkPassword, hashPassword, makePassword } from './password.ts'

const HTPASSWD = 'credentials/htpasswd'
/** One empty file per admin. Whoever has none is a user. */
const ADMINS = 'credentials/admins/'

export const basic: Stack = {
  id: 'basic',
  title: 'Basic auth (nginx)',
  hint: 'name and password; works in browsers and old tools',
  noun: 'password',
  ownPassword: true,
  needsTls: false,
  howTo: {
    login: 'HTTP Basic: name and password',
    curl: '-u NAME',
    credentials: '`htpasswd`: a line per person, with the bcrypt hash of the password. `admins/`: an empty file per admin',
  },
  challenge: /^Basic realm="Ollama", charset="UTF-8"$/,
  files: (config) => ({ ...sharedFiles(config), 'proxy/nginx.conf': 'basic/files/nginx.conf' }),
  render: hostsConf,
  people: { list, issue, remove },
  badLogins,
}

function htpasswd(files: FileMap): string {
  const content = files.get(HTPASSWD)?.content ?? ''
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8')
}

function list(files: FileMap): Person[] {
  return people(htpasswd(files)).map((name) => ({ name, role: files.has(ADMINS + name) ? 'admin' : 'user' }))
}

async function issue(files: FileMap, { name, role }: Person, { password: own }: IssueOptions): Promise<Issued> {
  const text = htpasswd(files)
  people(text)
  checkNewName(name, names(text))
  if (own !== undefined) checkPassword(own)
  const password = own ?? makePassword()
  const hash = await hashPassword(password, own !== undefined)
  // In this order: a role file that somebody else left behind makes nobody an admin.
  const change: Change = new Map(rolesOf(files, name).map((path) => [path, null]))
  change.set(HTPASSWD, { content: append(text, name, hash), mode: 0o600 })
  if (role === 'admin') {
    change.delete(ADMINS + name)
    change.set(ADMINS + name, { content: '', mode: 0o600 })
  }
  return { change, credential: { name, role, secret: password, files: null, login: login(name, password) } }
}

function remove(files: FileMap, name: string): Change {
  const text = htpasswd(files)
  if (!names(text).includes(name) && !files.has(ADMINS + name)) {
    throw new UsageError('E_USER_UNKNOWN', `There is no user ${JSON.stringify(name)}.`, 'See who there is: ./ollama-stack user list')
  }
  const change: Change = new Map([[HTPASSWD, { content: without(text, name), mode: 0o600 }]])
  if (files.has(ADMINS + name)) change.set(ADMINS + name, null)
  return change
}

/** Role files of that name in any case: a disk that ignores case would take them for this one. */
function rolesOf(files: FileMap, name: string): string[] {
  const wanted = (ADMINS + name).toLowerCase()
  return [...files.keys()].filter((path) => path.toLowerCase() === wanted)
}

function login(name: string, password: string): Login {
  return { headers: { Authorization: basicOf(name, password) } }
}

function basicOf(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

async function badLogins({ name, secret }: Credential): Promise<BadLogin[]> {
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
