// A project as it is, and as it shall be -> every file that changes. Reads the disk, writes nothing.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { stacks } from '../../stacks/index.ts'
import type { Change, Credential, FileMap, Stack, StackConfig } from '../../stacks/stack.ts'
import { certChange } from './cert-change.ts'
import type { KeyPair } from '../certs/certs.ts'
import { readTree } from '../project/disk.ts'
import { UsageError } from '../errors.ts'
import { newLogin, ofPeople } from './login-change.ts'
import { finalFiles, type Resolved } from './merge-made.ts'
import { refuseBinary } from './merge-paths.ts'
import type { Machine } from '../questions/machine.ts'
import type { Texts } from '../project/state.ts'
import { credentialFiles, listPeople } from '../people/people.ts'
import { OWN_CERT, OWN_KEY, presentConfig } from './present.ts'
import { PROJECT_FILES, PROJECT_FOLDERS } from '../project/files.ts'
import { projectOf, type Project } from '../project/project.ts'
import { plainFiles } from '../project/render.ts'
import { plainTexts, readRecord, recordOf, STATE } from '../project/state.ts'
import { pendingReload } from '../running/take-config.ts'

export interface Wish {
  config: StackConfig
  own: KeyPair | null
  /** Project paths: the program's version, the owner's goes to FILE.orig; the owner's version. */
  takeNew: readonly string[]
  keepMine: readonly string[]
}

export interface Reconfigured extends Resolved {
  /** The project as it will be. */
  project: Project
  /** Everything, in the order of writing. */
  change: Change
  /** Certificates, keys and people's files among it: to be named, never shown. */
  hidden: string[]
  /** People with new credentials; empty while the login stays. */
  credentials: Credential[]
  /** Whose time is over, and who didn't get one. */
  left: string[]
  /** Project path of the folder with what was put aside, or null. */
  aside: string | null
  mine: Texts
  /** Changed files that are the same in every project with that login, and that nobody edited. */
  whole: string[]
  /** `uid:gid` of the proxy. */
  user: string
  /** Of all that was looked at, see `seenNow`. */
  seen: string
}

/** Throws E_MERGE, E_NO_CA. Conflicts are for the caller to refuse. */
export async function reconfigure(project: Project, present: StackConfig, wish: Wish, machine: Machine, now: Date): Promise<Reconfigured> {
  const { dir } = project
  const { config } = wish
  const stack = stacks[config.auth]
  if (!stack) throw new Error(`no stack called ${config.auth}`)
  const [before, after] = [plainFiles(project.stack, present), plainFiles(stack, config)]
  const made = readRecord(dir)?.files ?? null
  const versions = { made, before: plainTexts(before), after: plainTexts(after) }
  const paths = [...new Set([...versions.before.keys(), ...versions.after.keys(), ...(made?.keys() ?? [])])]
  const disk = readTree(dir, paths)
  // Whole programs of a proxy's language; the others are lists, and words.
  const shipped = { ...project.stack.files(present), ...stack.files(config) }
  const resolved = finalFiles({ ...versions, mine: plainTexts(disk), loose: (path) => !(path in shipped) }, wish)

  refuseBinary(resolved.changed, disk, wish.takeNew)
  const secrets = await secretChange(project, present, stack, wish, after, now)
  const aside = secrets.aside.length === 0 ? null : `${STATE}/before-${now.toISOString().slice(0, 19).replaceAll(':', '')}`
  const plain = [...resolved.changed].map(([path, text]) => [path, text === null ? null : { content: text, mode: disk.get(path)?.mode ?? after.get(path)?.mode ?? 0o644 }] as const)
  const originals = wish.takeNew.flatMap((path) => {
    const mine = disk.get(path)
    return mine && resolved.changed.has(path) ? [[`${path}.orig`, { content: readFileSync(join(dir, path)), mode: mine.mode }] as const] : []
  })
  const change: Change = new Map([
    ...secrets.aside.map((path) => [`${aside}/${path}`, { content: readFileSync(join(dir, path)), mode: 0o600 }] as const),
    ...originals,
    ...secrets.change,
    ...plain.filter(([path, entry]) => entry !== null && path !== 'compose.yaml'),
    ...plain.filter(([path]) => path === 'compose.yaml'),
    ...plain.filter(([, entry]) => entry === null),
  ])
  const hidden = [...secrets.change.keys()]
  const next = resolved.conflicts.length > 0 ? project : checked(project, config, present, resolved, paths, machine)
  return {
    ...resolved, project: next, change: change.size === 0 ? change : new Map([...change, ...pendingReload([...resolved.changed.keys()]), ...recordOf(versions.after)]), hidden,
    credentials: secrets.credentials, left: secrets.left, aside, mine: plainTexts(disk), user: config.user, seen: seenNow(dir),
    whole: [...resolved.changed.keys()].filter((path) => path in shipped && !resolved.kept.includes(path)),
  }
}

interface Secrets {
  change: Change
  /** Project paths of what is copied to the folder aside first. */
  aside: string[]
  credentials: Credential[]
  left: string[]
}

async function secretChange(project: Project, present: StackConfig, stack: Stack, { config, own }: Wish, after: FileMap, now: Date): Promise<Secrets> {
  const held = credentialFiles(project)
  const moves = stack !== project.stack
  const fresh = moves || config.tls !== present.tls || !isDeepStrictEqual(config.hosts, present.hosts)
  const plain = new Map([...after].filter(([path]) => path.startsWith('certs/')))
  const certs = await certChange(project.dir, held, { stack, config, own, plain, fresh, hadCa: present.tls === 'private' || project.stack.needsTls }, now)
  // The only copy of it, perhaps.
  const replaced = present.tls === 'files' ? [OWN_CERT, OWN_KEY].filter((path) => certs.has(path) && held.has(path)) : []
  if (!moves) return { change: certs, aside: replaced, credentials: [], left: [] }
  const old = [...held.keys()].filter(ofPeople)
  const others = new Map([...held].filter(([path]) => !ofPeople(path)))
  for (const [path, entry] of certs) if (entry) others.set(path, entry)
  const { change, credentials, left } = await newLogin(stack, listPeople(project), others, now)
  // The old ones go first: nobody gets in with one from here on.
  return { change: new Map([...old.map((path) => [path, null] as const), ...certs, ...change]), aside: [...old, ...replaced], credentials, left }
}

/** The merged compose.yaml says what was asked, whatever else was edited there. Throws E_MERGE, E_COMPOSE_*. */
function checked(project: Project, config: StackConfig, present: StackConfig, { changed }: Resolved, paths: readonly string[], machine: Machine): Project {
  const text = changed.get('compose.yaml') ?? readFileSync(project.file.path, 'utf8')
  const there = new Set([...readTree(project.dir, [...paths, 'certs']).keys(), ...changed.keys()].filter((path) => changed.get(path) !== null))
  const next = projectOf(project.dir, text, (path) => there.has(path))
  const says: Partial<StackConfig> = presentConfig(next, machine)
  const wrong = Object.entries(config).filter(([key, value]) => {
    const name = key as keyof StackConfig
    return name !== 'acme' && !isDeepStrictEqual(present[name], value) && !isDeepStrictEqual(says[name], value)
  }).map(([key]) => key)
  if (wrong.length === 0) return next
  throw new UsageError('E_MERGE', `compose.yaml was edited so that it can't be told ${wrong.join(', ')}: the merged file would still say something else. Nothing was written.`,
    'Put these lines back as they were made, or take the new file; yours goes to compose.yaml.orig: --take-new compose.yaml')
}

/** Changes when any file of the project does, but for those that others write for themselves. */
export function seenNow(dir: string): string {
  const hash = createHash('sha256')
  for (const [path, { content, mode }] of readTree(dir, [...PROJECT_FILES, ...PROJECT_FOLDERS].filter((name) => existsSync(join(dir, name))))) {
    if (!path.startsWith('certs/acme/')) hash.update(`${path}\0${mode}\0`).update(content)
  }
  return hash.digest('hex')
}
