// People, and how they prove who they are.

import type { Change } from './files.ts'

export type Role = 'admin' | 'user'
export const ROLES: readonly Role[] = ['admin', 'user']

export interface Person {
  name: string
  role: Role
}

/** What the files say about somebody. null: made by hand, so nobody knows; or valid without an end. */
export interface Account extends Person {
  created: Date | null
  /** From then on the proxy refuses the credential. */
  expires: Date | null
  /** Until then the credential before this one counts too; left out where none does. */
  overlap?: Date
}

/** How a client proves who it is: request headers, or a client certificate (PEM). */
export interface Login {
  headers: Record<string, string>
  cert?: string
  key?: string
}

/** Made once, shown once. Disk keeps only what can't be turned back into it. */
export interface Credential extends Person {
  /** Password, key, or the password of the PKCS#12 file; null when the private part never left its owner. */
  secret: string | null
  /** Project-relative paths of the client's bundle; null when the secret is all there is. */
  files: { cert: string; key: string | null; p12: string | null } | null
  /** null when the private part never left its owner. */
  login: Login | null
}

/** A credential whose private part is here, as every one made without `own` is. */
export interface MadeCredential extends Credential {
  secret: string
  login: Login
}

export interface Issued {
  change: Change
  credential: Credential
}

/** What a person may bring instead of getting it made. Which of them, is each stack's own `brings`. */
export interface Own {
  password?: string
  /** A PKCS#10 request in PEM. */
  csr?: string
  /** A line of a .pub file: `ssh-ed25519 AAAA... comment`. */
  sshKey?: string
}

export interface IssueOptions extends Own {
  now: Date
  /** Whole seconds. Left out or null: no end. */
  expires?: Date | null
}

export interface RotateOptions extends Own {
  now: Date
  /** For so many milliseconds the old credential stays valid too; with 0 it ends at once. */
  overlap: number
}
