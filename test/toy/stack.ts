// A fourth stack, as small as an honest one can be: a name and a token of 256 random bits, checked by nginx's own
// auth_basic. A test puts this folder beside the others, adds one line to the registry, and uses what comes out.

import { createHash, randomBytes } from 'node:crypto'
import { UsageError } from '../../src/errors.ts'
import { checkNewName, unknownPerson } from '../../stacks/names.ts'
import { access } from '../../stacks/nginx/access.ts'
import { composeEdits, generated, sharedFiles } from '../../stacks/nginx/stack-files.ts'
import type { Account, BadLogin, Change, FileMap, Issued, IssueOptions, Login, MadeCredential, Person, RotateOptions, Spelling, Stack } from '../../stacks/stack.ts'

const USERS = 'credentials/users'
const ADMINS = 'credentials/admins'

export const toy: Stack = {
  id: 'toy',
  title: 'Toy tokens (nginx)',
  hint: 'for a test of how stacks are added',
  noun: 'token',
  brings: [],
  needsTls: false,
  limitsRate: false,
  reload: 'SIGHUP',
  howTo: { login: 'your name and a token, as user and password', curl: '-u NAME:TOKEN', credentials: '`users` and `admins`: NAME:{SHA}DIGEST, a line each; admins stand in both' },
  carried: () => ({ flags: [], files: null }),
  challenge: /^Basic realm="Ollama"$/,
  files: (config) => ({ ...sharedFiles(config), 'proxy/nginx.conf': 'toy/files/nginx.conf' }),
  render: generated,
  compose: composeEdits,
  people: { list, problems, issue, rotate, remove },
  access,
  allowlist: 'proxy/allow.conf',
  badLogins,
  spellings,
}

const LINE = /^([A-Za-z0-9][A-Za-z0-9._@-]{0,63}):\{SHA\}[A-Za-z0-9+/]{27}=$/

const linesOf = (files: FileMap, path: string): string[] => String(files.get(path)?.content ?? '').split('\n').filter(Boolean)
const nameOf = (line: string): string => line.split(':')[0] ?? ''

function list(files: FileMap): Account[] {
  const admins = linesOf(files, ADMINS)
  return linesOf(files, USERS).filter((line) => LINE.test(line)).map((line) => ({ name: nameOf(line), role: admins.includes(line) ? 'admin' : 'user', created: null, expires: null }))
}

function problems(files: FileMap): string[] {
  return [USERS, ADMINS].flatMap((path) => linesOf(files, path).flatMap((line, index) => (LINE.test(line) ? [] : [`Line ${index + 1} of ${path} counts for nobody.`])))
}

async function issue(files: FileMap, person: Person, { expires = null }: IssueOptions): Promise<Issued> {
  checkNewName(person.name, list(files).map(({ name }) => name))
  if (expires !== null) throw new UsageError('E_TIME', 'A toy token knows no end.', 'Leave --expires out, and remove the person when the time is over.')
  return give(files, person)
}

async function rotate(files: FileMap, name: string, { overlap }: RotateOptions): Promise<Issued> {
  const person = list(files).find((one) => one.name === name)
  if (!person) throw unknownPerson(name)
  if (overlap > 0) throw new UsageError('E_TIME', 'Nobody has two toy tokens at a time.', 'Leave --overlap out.')
  return give(files, person)
}

function give(files: FileMap, { name, role }: Person): Issued {
  const secret = randomBytes(32).toString('base64url')
  const line = `${name}:{SHA}${createHash('sha1').update(secret).digest('base64')}`
  return { change: written(files, name, line, role === 'admin'), credential: { name, role, secret, files: null, login: login(name, secret) } }
}

function remove(files: FileMap, name: string): Change {
  if (![USERS, ADMINS].some((path) => linesOf(files, path).some((line) => nameOf(line) === name))) throw unknownPerson(name)
  return written(files, name, null, false)
}

/** Both files, without the lines of that name and with the new one. */
function written(files: FileMap, name: string, line: string | null, admin: boolean): Change {
  const next = (path: string, counts: boolean): [string, { content: string; mode: number }] =>
    [path, { content: [...linesOf(files, path).filter((one) => nameOf(one) !== name), ...(line !== null && counts ? [line] : [])].map((one) => `${one}\n`).join(''), mode: 0o600 }]
  return new Map([next(ADMINS, admin), next(USERS, true)])
}

function login(name: string, secret: string): Login {
  return { headers: { Authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` } }
}

async function badLogins({ name, secret }: MadeCredential): Promise<BadLogin[]> {
  return [
    { id: 'wrong-token', title: 'A token of the right shape that nobody has is refused', login: login(name, randomBytes(32).toString('base64url')), expect: 401 },
    { id: 'longer-token', title: 'A token with something behind it is refused', login: login(name, `${secret}A`), expect: 401 },
  ]
}

function spellings({ name, secret }: MadeCredential): Spelling[] {
  return [{ id: 'toy-right', lines: [`Authorization: ${login(name, secret).headers['Authorization'] ?? ''}`], expect: [200] }]
}
