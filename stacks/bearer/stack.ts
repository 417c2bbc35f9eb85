// Bearer keys (RFC 6750): OpenResty, two small Lua modules and a key file.

import { randomBytes } from 'node:crypto'
import { UsageError } from '../../src/errors.ts'
import { checkNewName } from '../names.ts'
import { hostsConf, sharedFiles } from '../nginx/stack-files.ts'
import type { BadLogin, Change, Credential, FileMap, Issued, Login, Person, Stack } from '../stack.ts'
import { append, digestOf, names, people, without } from './keyfile.ts'

const KEYS = 'credentials/keys'

/** 256 random bits in base64url behind a prefix that secret scanners can look for; login.lua knows the same shape. */
export const KEY = /^olsk_[A-Za-z0-9_-]{43}$/

export const bearer: Stack = {
  id: 'bearer',
  title: 'Bearer keys (OpenResty)',
  hint: 'for OpenAI and Anthropic clients, IDEs, scripts',
  noun: 'key',
  ownPassword: false,
  needsTls: false,
  howTo: {
    login: 'a key, as `Authorization: Bearer KEY`, as `x-api-key: KEY`, or as the password of Basic auth under any name',
    curl: "-H 'Authorization: Bearer KEY'",
    credentials: '`keys`: a line per key, `name:role:SHA-256 of the key`. The keys themselves are nowhere',
  },
  challenge: /^Bearer realm="Ollama"(?:, error="invalid_token")?$/,
  files: (config) => ({
    ...sharedFiles(config),
    'proxy/nginx.conf': 'bearer/files/nginx.conf',
    'proxy/lua/keys.lua': 'bearer/files/lua/keys.lua',
    'proxy/lua/login.lua': 'bearer/files/lua/login.lua',
    'proxy/lua/sha256.lua': 'bearer/files/lua/sha256.lua',
  }),
  render: hostsConf,
  people: { list, issue, remove },
  badLogins,
}

function keyFile(files: FileMap): string {
  const content = files.get(KEYS)?.content ?? ''
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8')
}

function list(files: FileMap): Person[] {
  return people(keyFile(files))
}

async function issue(files: FileMap, { name, role }: Person): Promise<Issued> {
  const text = keyFile(files)
  people(text)
  checkNewName(name, names(text))
  const key = `olsk_${randomBytes(32).toString('base64url')}`
  return {
    change: new Map([[KEYS, { content: append(text, { name, role }, key), mode: 0o600 }]]),
    credential: { name, role, secret: key, files: null, login: bearing(key) },
  }
}

function remove(files: FileMap, name: string): Change {
  const text = keyFile(files)
  if (!names(text).includes(name)) {
    throw new UsageError('E_USER_UNKNOWN', `There is no user ${JSON.stringify(name)}.`, 'See who there is: ./ollama-stack user list')
  }
  return new Map([[KEYS, { content: without(text, name), mode: 0o600 }]])
}

function bearing(key: string): Login {
  return { headers: { Authorization: `Bearer ${key}` } }
}

async function badLogins({ name, secret: key }: Credential): Promise<BadLogin[]> {
  const other = key.endsWith('A') ? 'B' : 'A'
  const swapped = key.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))
  const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const rows: [id: string, title: string, authorization: string][] = [
    ['wrong-key', 'A key of the right shape that nobody has is refused', `Bearer olsk_${randomBytes(32).toString('base64url')}`],
    ['last-letter', 'A key that differs in one letter is refused', `Bearer ${key.slice(0, -1)}${other}`],
    ['swapped-case', 'A key in the other case is refused', `Bearer ${swapped}`],
    ['longer-key', 'A key with something behind it is refused', `Bearer ${key}${other}`],
    ['empty', 'A scheme without a key is refused', 'Bearer'],
    ['no-scheme', 'A key without a scheme is refused', key],
    ['longer-scheme', 'A scheme that only ends like the right one is refused', `XBearer ${key}`],
    ['wrapped', 'A key inside another credential is refused', `Digest x="Bearer ${key}"`],
    ['listed', 'A key in a list is refused', `Bearer wrong, Bearer ${key}`],
    ['as-name', 'A key as the name of Basic auth is refused', basic(key, name)],
    ['digest', 'What the key file holds is refused as a key', `Bearer ${digestOf(key)}`],
  ]
  return rows.map(([id, title, authorization]) => ({ id, title, login: { headers: { Authorization: authorization } }, expect: 401 }))
}
