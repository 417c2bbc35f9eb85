// A project's files <-> a backup: a .tar.gz that says of itself what is in it.
//
// `backup.json` comes first: each file's SHA-256, so that what is missing or damaged shows. Where there
// are private keys they are encrypted, and a MAC with the same passphrase seals that list, so that
// nobody without it can change a file unseen.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FileMap } from '../../stacks/stack.ts'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'
import { damaged, packed, unpacked, type Entry } from './archive.ts'
import { belongs, modeOf } from './contents.ts'
import { clearKey, decryptKey, derive, encryptKey, FORMS, ROUNDS, type Form } from './keys.ts'

const LIST = 'backup.json'
/** From how many rounds on somebody only wants to keep us busy. */
const MOST_ROUNDS = 10 * ROUNDS

export interface Manifest {
  format: 1
  program: string
  /** ISO 8601. */
  made: string
  project: string
  /** Path -> SHA-256 of what lies in the archive, lower-case hex. */
  files: Record<string, string>
  /** Path -> how the key was written before it was encrypted. */
  keys: Record<string, Form>
  /** PBKDF2 with SHA-256; null: there was nothing to encrypt. */
  kdf: { salt: string; rounds: number } | null
}

/** Paths of the private keys that lie in clear. Throws E_BACKUP_KEY for one that can't be encrypted. */
export function keysIn(files: FileMap): Map<string, Form> {
  const keys = new Map<string, Form>()
  for (const [path, { content }] of files) {
    const form = clearKey(path, Buffer.from(content))
    if (form !== null) keys.set(path, form)
  }
  return keys
}

/** The whole file. `passphrase` may be null only where there are no keys. */
export async function makeBackup(project: string, files: FileMap, passphrase: string | null, now: Date): Promise<Buffer> {
  const keys = keysIn(files)
  const secret = passphrase === null ? null : await derive(passphrase, randomBytes(16), ROUNDS)
  const entries = [...files].map(([path, { content }]): Entry => {
    const mode = modeOf(path)
    if (!keys.has(path)) return { path, mode, content: Buffer.from(content) }
    if (secret === null) throw new Error('a key and no passphrase')
    return { path, mode, content: Buffer.from(encryptKey(path, Buffer.from(content), secret)) }
  })
  const manifest: Manifest = {
    format: 1,
    program: `create-ollama-stack ${version}`,
    made: now.toISOString(),
    project,
    files: Object.fromEntries(entries.map(({ path, content }) => [path, sha256(content)])),
    keys: Object.fromEntries(keys),
    kdf: secret && { salt: secret.salt.toString('base64'), rounds: secret.rounds },
  }
  const list = `${JSON.stringify(manifest, null, 2)}\n`
  return packed([{ path: LIST, mode: 0o600, content: Buffer.from(list) }, ...entries, ...(secret ? [{ path: SEAL, mode: 0o600, content: sealOf(list, secret.seal) }] : [])], now)
}

/** The MAC over `backup.json`, last in the archive. */
const SEAL = 'backup.seal'

const sealOf = (list: string | Uint8Array, key: Buffer): Buffer => Buffer.from(`${createHmac('sha256', key).update(list).digest('hex')}\n`)
const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

export interface Opened {
  manifest: Manifest
  /** Keys are still encrypted. */
  files: Map<string, Buffer>
  list: Buffer
  seal: Buffer | undefined
}

/** Looks at everything that can be looked at without the passphrase. Throws UsageError E_BACKUP. */
export async function openBackup(path: string): Promise<Opened> {
  const files = await unpacked(path, (name) => name === LIST || name === SEAL || belongs(name))
  const list = files.get(LIST)
  const seal = files.get(SEAL)
  if (!list) throw damaged(path, `it has no ${LIST}.`)
  files.delete(LIST)
  files.delete(SEAL)
  const manifest = manifestIn(list)
  if (manifest === 'newer') throw new UsageError('E_BACKUP', `${path} was written by a newer version of this program. Nothing was written.`, 'Restore it with that: npx -p create-ollama-stack@latest ollama-stack restore FILE DIR')
  if (manifest === null) throw damaged(path, `its ${LIST} can't be read.`)
  for (const name of new Set([...files.keys(), ...Object.keys(manifest.files)])) {
    const content = files.get(name)
    if (!content) throw damaged(path, `${name} is missing.`)
    if (sha256(content) !== manifest.files[name]) throw damaged(path, `${name} was changed since, or damaged.`)
  }
  for (const name of ['compose.yaml', ...Object.keys(manifest.keys)]) if (!files.has(name)) throw damaged(path, `${name} is missing.`)
  // A key that came in clear would need no passphrase: that is how somebody without it would put in theirs.
  if ([...files].some(([name, content]) => inClear(name, content))) throw damaged(path, 'a key in it is in clear, which no backup has.')
  if (Object.keys(manifest.keys).length > 0 && !(manifest.kdf && seal)) throw damaged(path, 'it has keys, and nothing that says how they are encrypted.')
  return { manifest, files, list, seal }
}

function inClear(name: string, content: Uint8Array): boolean {
  try {
    return clearKey(name, content) !== null
  } catch {
    return true
  }
}

/** With the keys as they were. Throws UsageError E_PASSPHRASE, also for a backup that nothing seals where there is a passphrase. */
export async function decryptBackup(path: string, { manifest, files, list, seal }: Opened, passphrase: string | null): Promise<FileMap> {
  const contents = new Map<string, Buffer | string>(files)
  if (manifest.kdf === null && passphrase !== null) {
    throw new UsageError('E_PASSPHRASE', `${path} was made without a passphrase, or somebody took the seal off it: anybody could have changed it since. Nothing was written.`, 'If it was made without one, restore it without --passphrase-stdin.')
  }
  if (manifest.kdf && passphrase !== null) {
    const secret = await derive(passphrase, Buffer.from(manifest.kdf.salt, 'base64'), manifest.kdf.rounds)
    const right = sealOf(list, secret.seal)
    if (seal?.length !== right.length || !timingSafeEqual(seal, right)) {
      throw new UsageError('E_PASSPHRASE', `That isn't the passphrase of ${path}, or somebody changed the file since. Nothing was written.`, 'Try the passphrase again, letter by letter.')
    }
    for (const [name, form] of Object.entries(manifest.keys)) contents.set(name, decryptKey(String(files.get(name)), form, secret))
  }
  return new Map([...contents].map(([name, content]) => [name, { content, mode: modeOf(name) }]))
}

function manifestIn(bytes: Buffer): Manifest | 'newer' | null {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
  if (!isRecord(value)) return null
  const { format, program, made, project, files, keys, kdf } = value
  if (typeof format === 'number' && format > 1) return 'newer'
  if (format !== 1 || typeof program !== 'string' || typeof made !== 'string' || typeof project !== 'string') return null
  // Both are shown.
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project) || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(made)) return null
  if (!isRecord(files) || !isRecord(keys)) return null
  if (!every(files, (hash) => typeof hash === 'string') || !every(keys, isForm)) return null
  if (kdf === null) return { format, program, made, project, files, keys, kdf }
  if (!isRecord(kdf) || typeof kdf['salt'] !== 'string' || typeof kdf['rounds'] !== 'number') return null
  const { salt, rounds } = kdf
  return Number.isInteger(rounds) && rounds >= ROUNDS && rounds <= MOST_ROUNDS ? { format, program, made, project, files, keys, kdf: { salt, rounds } } : null
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isForm = (value: unknown): value is Form => FORMS.some((form) => form === value)

function every<T>(record: Record<string, unknown>, is: (value: unknown) => value is T): record is Record<string, T> {
  return Object.values(record).every(is)
}
