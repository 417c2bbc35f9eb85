// Bearer keys (RFC 6750): OpenResty, two small Lua modules and a key file.

import { createHash, randomBytes } from 'node:crypto'
import { UsageError } from '../../src/errors.ts'
import { checkNewName, checkNotEnded, unknownPerson } from '../names.ts'
import { composeEdits, generated, sharedFiles } from '../nginx/stack-files.ts'
import { access } from '../nginx/access.ts'
import type { Account, BadLogin, Change, FileMap, Issued, IssueOptions, Login, MadeCredential, Person, RotateOptions, Stack, StackConfig } from '../stack.ts'
import { append, ending, entries, names, people, without, type Line, problems } from './keyfile.ts'
import { newSshKey } from './ssh-key.ts'
import { spellings } from './spellings.ts'

const KEYS = 'credentials/keys'

const LUA = ['crypto', 'keys', 'login', 'rate', 'sha256', 'ssh', 'streams', 'watch']

/** 256 random bits in base64url behind a prefix that secret scanners can look for; login.lua knows the same shape. */
export const KEY = /^olsk_[A-Za-z0-9_-]{43}$/

export const bearer: Stack = {
  id: 'bearer',
  title: 'Bearer keys (OpenResty)',
  hint: 'for OpenAI and Anthropic clients, IDEs, scripts',
  noun: 'key',
  brings: ['sshKey'],
  needsTls: false,
  reload: 'SIGHUP',
  howTo: {
    login: 'a key, as `Authorization: Bearer KEY`, as `x-api-key: KEY`, or as the password of Basic auth under any name. ' +
      'The `ollama` command itself can log in with `OLLAMA_AUTH=1` and its own key pair (`~/.ollama/id_ed25519`), for people added with `--ssh-key`, over TLS or on this machine',
    curl: "-H 'Authorization: Bearer KEY'",
    credentials: '`keys`: a line per key, `NAME:ROLE:SHA-256 of the key[:END[:CREATED]]`; its first lines say more, and how to add a key by hand. The keys themselves are nowhere',
  },
  carried: () => ({ flags: [], files: null }),
  challenge: /^Bearer realm="Ollama"(?:, error="invalid_token")?$/,
  files: (config) => ({
    ...sharedFiles(config),
    'proxy/nginx.conf': 'bearer/files/nginx.conf',
    ...Object.fromEntries(LUA.map((name) => [`proxy/lua/${name}.lua`, `bearer/files/lua/${name}.lua`])),
  }),
  render: (config) => new Map([...generated(config), ...rateMap(config)]),
  compose: composeEdits,
  limitsRate: true,
  people: { list, problems: (files) => problems(keyFile(files)), issue, rotate, remove },
  access,
  allowlist: 'proxy/allow.conf',
  badLogins,
  spellings,
}

/** Read by lua/rate.lua. */
function rateMap({ rate = null }: StackConfig): FileMap {
  return new Map([['proxy/rate.conf', { content: `# Requests per person: a number per s or m, such as 60/m; nothing: no limit.\nmap "" $rate {\n    default "${rate ?? ''}";\n}\n`, mode: 0o644 }]])
}

function keyFile(files: FileMap): string {
  const content = files.get(KEYS)?.content ?? ''
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8')
}

function list(files: FileMap, now = new Date()): Account[] {
  return people(keyFile(files), seconds(now))
}

async function issue(files: FileMap, { name, role }: Person, { now, expires, sshKey }: IssueOptions): Promise<Issued> {
  const text = keyFile(files)
  const held = entries(text)
  checkNewName(name, names(text))
  return give(text, { name, role }, { now, end: expires ? seconds(expires) : Infinity, ssh: sshKey === undefined ? null : newSshKey(sshKey, held) })
}

async function rotate(files: FileMap, name: string, { now, overlap, sshKey }: RotateOptions): Promise<Issued> {
  const text = keyFile(files)
  const held = entries(text)
  const person = people(text, seconds(now)).find((one) => one.name === name)
  if (!person) throw unknownPerson(name)
  checkNotEnded(person, person.expires, now, bearer.noun)
  const newest = held.findLast((line) => line.name === name)
  if (sshKey === undefined && newest?.what.startsWith('ssh-')) {
    throw new UsageError('E_SSH_KEY', `${name} logs in with an ssh key, which only ${name} can renew.`,
      `Ask for the new ~/.ollama/id_ed25519.pub: ./ollama-stack user rotate ${name} --ssh-key "ssh-ed25519 AAAA..."`)
  }
  const ssh = sshKey === undefined ? null : newSshKey(sshKey, held)
  // Never shorter than was asked for; the proxy counts in whole seconds.
  const end = overlap > 0 ? Math.ceil(seconds(now) + overlap / 1000) : seconds(now)
  return give(ending(text, name, end, seconds(now)), person, { now, end: person.expires ? seconds(person.expires) : Infinity, ssh })
}

/** Another line. With an ssh key there is no secret of ours: its private half never left its owner. */
function give(text: string, { name, role }: Person, { now, end, ssh }: { now: Date; end: number; ssh: string | null }): Issued {
  const key = ssh === null ? `olsk_${randomBytes(32).toString('base64url')}` : null
  const line: Line = { name, role, what: key === null ? String(ssh) : digestOf(key), end: Math.floor(end), created: Math.floor(seconds(now)) }
  return {
    change: new Map([[KEYS, { content: append(text, line), mode: 0o600 }]]),
    credential: { name, role, secret: key, files: null, login: key === null ? null : bearing(key) },
  }
}

function remove(files: FileMap, name: string): Change {
  const text = keyFile(files)
  if (!names(text).includes(name)) throw unknownPerson(name)
  return new Map([[KEYS, { content: without(text, name), mode: 0o600 }]])
}

function seconds(date: Date): number {
  return date.getTime() / 1000
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

function bearing(key: string): Login {
  return { headers: { Authorization: `Bearer ${key}` } }
}

async function badLogins({ name, secret: key }: MadeCredential): Promise<BadLogin[]> {
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
