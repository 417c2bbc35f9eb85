// People of a project on disk: reads, changes and writes its credential files under the lock.

import { randomBytes } from 'node:crypto'
import type { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account, Credential, FileMap, Issued, IssueOptions, MadeCredential, Person, Role, RotateOptions } from '../../stacks/stack.ts'
import { shellWord } from '../ui/shell-word.ts'
import { applyChange, readTree } from '../project/disk.ts'
import { codeOf, StackError } from '../errors.ts'
import { ask, type Door } from '../net/http.ts'
import { withLock } from '../project/lock.ts'
import type { Project } from '../project/project.ts'
import { TEST_PREFIX } from '../questions/test-names.ts'

/** What the stacks' people functions read. */
const CREDENTIALS = ['credentials', 'certs']

export function listPeople(project: Project): Account[] {
  return everybody(project).filter((person) => !person.name.startsWith(TEST_PREFIX))
}

function everybody(project: Project): Account[] {
  return project.stack.people.list(credentialFiles(project))
}

/** Throws E_NOT_YOURS. */
export function credentialFiles(project: Project): FileMap {
  try {
    return readTree(project.dir, CREDENTIALS)
  } catch (error) {
    throw explainDenied(error, project)
  }
}

async function changing<T>(project: Project, work: () => Promise<T>): Promise<T> {
  try {
    return await withLock(project.dir, work)
  } catch (error) {
    throw explainDenied(error, project)
  }
}

/** Who may use Docker may not yet read somebody else's credentials. */
function explainDenied(error: unknown, { dir }: Project): unknown {
  const code = codeOf(error)
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return error
  return new StackError('E_NOT_YOURS', `The people of this project can't be looked up or changed: ${(error as Error).message}.`, {
    hint: code === 'EROFS' ? `${dir} is on a read-only file system. Make it writable: sudo mount -o remount,rw MOUNTPOINT` : `Run the command as the owner of ${dir} (ls -ld ${shellWord(dir)} shows who that is), or with sudo.`,
    cause: error,
  })
}

export function issue(project: Project, person: Person, options: IssueOptions): Promise<Credential> {
  return apply(project, (files) => project.stack.people.issue(files, person, options))
}

export function rotate(project: Project, name: string, options: RotateOptions): Promise<Credential> {
  return apply(project, (files) => project.stack.people.rotate(files, name, options))
}

function apply(project: Project, make: (files: FileMap) => Promise<Issued>): Promise<Credential> {
  return changing(project, async () => {
    const { change, credential } = await make(credentialFiles(project))
    applyChange(project.dir, change)
    return credential
  })
}

export function remove(project: Project, names: readonly string[]): Promise<void> {
  return changing(project, async () => {
    for (const name of names) {
      applyChange(project.dir, project.stack.people.remove(credentialFiles(project), name))
    }
  })
}

/** Somebody for a moment, whose login we hold. */
export async function issueTestPerson(project: Project, role: Role, now: Date): Promise<MadeCredential> {
  const credential = await issue(project, { name: `${TEST_PREFIX}${role}-${randomBytes(4).toString('hex')}`, role }, { now })
  if (!isMade(credential)) throw new Error('a credential made here has no private part')
  return credential
}

function isMade(credential: Credential): credential is MadeCredential {
  return credential.secret !== null && credential.login !== null
}

/**
 * Runs `work` with people made for it, one per role asked, and removes them whatever happens.
 * No stored secret is needed, and it shows that the proxy takes changes while it runs.
 */
export async function withTestPeople<T>(
  project: Project,
  roles: readonly Role[],
  now: Date,
  work: (people: MadeCredential[]) => Promise<T>,
): Promise<T> {
  const made: MadeCredential[] = []
  try {
    for (const role of roles) made.push(await issueTestPerson(project, role, now))
    return await work(made)
  } finally {
    const listed = new Set(everybody(project).map((person) => person.name))
    await remove(project, made.map((person) => person.name).filter((name) => listed.has(name)))
  }
}

/** Removes test people that a killed run left behind. Older than this process's by nature: call it before making any. */
export async function sweepTestPeople(project: Project): Promise<string[]> {
  const left = everybody(project).map((person) => person.name).filter((name) => name.startsWith(TEST_PREFIX))
  if (left.length > 0) await remove(project, left)
  return left
}

/**
 * Waits until every worker of the proxy knows these people: who was let in by one may be unknown to another
 * for a moment. Where the machine is busy a worker may look late, so many are asked then.
 */
export async function untilAllKnow(door: Door, people: readonly MadeCredential[], signal: AbortSignal): Promise<void> {
  for (const person of people) await untilKnown(door, person, signal)
  await sleep(LOOK_MS, undefined, { signal })
  await Promise.all(people.flatMap((person) => Array.from({ length: ASKED }, () => untilKnown(door, person, signal))))
}

/** Connections, each of which may meet another worker. */
const ASKED = 8

/** Each looks for changes more often than that (stacks/bearer/files/lua/watch.lua, stacks/basic/files/nginx.conf). */
const LOOK_MS = 500

/**
 * Waits until the proxy lets `credential` in (the key file is looked at twice a second): the worker that has
 * the connection of `agent`, or any. Throws E_LOGIN_DEAD after 5 s.
 */
export async function untilKnown(door: Door, credential: MadeCredential, signal: AbortSignal, agent?: Agent): Promise<void> {
  for (const end = Date.now() + 5000; ; await sleep(50, undefined, { signal })) {
    const { status } = await ask(door, { path: '/api/version', login: credential.login, signal, ...(agent ? { agent } : {}) })
    if (status !== 401) return
    if (Date.now() > end) {
      throw new StackError('E_LOGIN_DEAD', `The proxy doesn't let ${credential.name} in, 5 s after the credential was written.`, {
        hint: 'The proxy may not see the credentials directory as it is now. Its log says why: ollama-stack logs proxy',
      })
    }
  }
}
