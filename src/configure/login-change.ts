// From one login to another: names, roles and ends go along. Passwords, keys and certificates can't:
// only what checks them is kept, and each login checks something else.

import type { Account, Change, Credential, FileMap, Stack } from '../../stacks/stack.ts'

export interface NewLogin {
  change: Change
  /** In the order of `people`. Shown once. */
  credentials: Credential[]
  /** Whose time is over. */
  left: string[]
}

/** Project paths of what lets people in with the old login, and of what they were given. */
export const ofPeople = (path: string): boolean => path.startsWith('credentials/') || path.startsWith('certs/clients/')

/** `certs`: what will lie in certs/, without anybody's own files. */
export async function newLogin(stack: Stack, people: readonly Account[], certs: FileMap, now: Date): Promise<NewLogin> {
  const files: FileMap = new Map(certs)
  const change: Change = new Map()
  const credentials: Credential[] = []
  const [staying, left] = [people.filter(({ expires }) => expires === null || expires > now), people.filter(({ expires }) => expires !== null && expires <= now)]
  for (const { name, role, expires } of staying) {
    const { change: one, credential } = await stack.people.issue(files, { name, role }, { now, expires })
    for (const [path, entry] of one) {
      change.set(path, entry)
      if (entry) files.set(path, entry)
      else files.delete(path)
    }
    credentials.push(credential)
  }
  return { change, credentials, left: left.map(({ name }) => name) }
}
