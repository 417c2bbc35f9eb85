// The contract between the core and a stack. The core loops over the registry
// (stacks/index.ts) and never asks which stack it has in hand.

import type { Document } from 'yaml'
import type { StackConfig } from './config.ts'
import type { Account, Issued, IssueOptions, Login, MadeCredential, Own, Person, RotateOptions } from './credential.ts'
import type { Change, FileMap } from './files.ts'

export { TLS } from './config.ts'
export { ROLES } from './credential.ts'
export type * from './config.ts'
export type * from './credential.ts'
export type * from './files.ts'

/** A login that must fail, for the smoke tests. Made from a valid one, so that only one thing is wrong. */
export interface BadLogin {
  id: string
  title: string
  login: Login
  /** `alert`: the TLS handshake itself is refused. */
  expect: 401 | 'alert'
}

/** A way to write a credential into a request, and whether it gets in: for the attack matrix. */
export interface Spelling {
  id: string
  /** Whole header lines, byte for byte (Latin-1). */
  lines: readonly string[]
  /** GET /api/tags unless told. */
  method?: string
  target?: string
  body?: string
  /** Any of these. With 200 the request reaches Ollama, with any other it doesn't. */
  expect: readonly number[]
  /** Also these, where another proxy stands in front. */
  front?: readonly number[]
  /** Too odd for the HTTP library, which may refuse it with words of its own. */
  library?: true
  /** The WWW-Authenticate of a 401, where `challenge` allows more than this one. */
  challenge?: RegExp
}

/** The reason of a refusal that is no guess: a browser's first request, a program without settings. */
export const NO_CREDENTIAL = 'no credential'

/**
 * A request, as a line of the proxy's log tells it, or a TLS handshake that was refused before there was
 * one. The log has of methods, paths and credentials only
 * what can hold no secret: another method is `*`, another path ends with one (`/v1/models/*`).
 */
export interface Access {
  /** When it ended. */
  at: Date
  /** Who was let in; null: nobody. */
  person: string | null
  address: string
  /** Empty, like `path`, where the proxy read no request. */
  method: string
  path: string
  /** null: the client was gone before there was an answer. */
  status: number | null
  /** Of the answer's body. */
  bytes: number
  seconds: number
  /** Seconds until Ollama's answer began; null: it never did. */
  firstByte: number | null
  /** Why a login was refused, in a few words; null: it wasn't. */
  refused: string | null
}

export interface Stack {
  id: string
  /** A line in the wizard's list, and its hint. */
  title: string
  hint: string
  /** What a person gets, in one word for sentences: `password`, `key`, `certificate`. */
  noun: string
  /** What a person may bring of their own. */
  brings: readonly (keyof Own)[]
  /** mTLS can't do without TLS. */
  needsTls: boolean
  /** Whether its proxy can limit requests per person. */
  limitsRate: boolean
  /** The signal on which the proxy takes a new server certificate without cutting a connection. */
  reload: 'SIGHUP' | 'SIGUSR1'
  /** For the project's README, in words without secrets: how to log in, curl's arguments, what `credentials/` holds. */
  howTo: { login: string; curl: string; credentials: string }
  /** What a person has on a client's machine: flags that `connect` needs besides, and project paths of files. */
  carried(name: string): { flags: readonly string[]; files: { cert: string; key: string; p12: string } | null }
  /** The `WWW-Authenticate` that a stranger's 401 carries. */
  challenge: RegExp
  /**
   * Where the files come from: project path -> path below `stacks/`. Copied byte for byte;
   * `compose.yaml` alone gets the structured edits of render.ts and of `compose` below.
   */
  files(config: Pick<StackConfig, 'tls' | 'hostNetwork'>): Record<string, string>
  /** Small generated includes, from validated values only. */
  render(config: StackConfig): FileMap
  /** This stack's own edits of compose.yaml, if any. */
  compose?(doc: Document, config: StackConfig): void
  /**
   * All of these work on file contents (`credentials/` and `certs/`), so they need no disk.
   * They throw StackError on damaged input; they never drop a line that they don't understand.
   */
  people: {
    /** Also those whose time is over. */
    list(files: FileMap): Account[]
    /** What the files hold that counts for nobody, a sentence each: a slip that somebody finds out by not getting in. */
    problems(files: FileMap): string[]
    /** Throws E_USER_NAME, E_USER_EXISTS (in any case of the letters), E_PASSWORD, E_CSR, E_SSH_KEY. */
    issue(files: FileMap, person: Person, options: IssueOptions): Promise<Issued>
    /** Another credential for the same person, with the same role and end. Throws E_USER_UNKNOWN. */
    rotate(files: FileMap, name: string, options: RotateOptions): Promise<Issued>
    /** Everything of that name, damaged lines too. Throws E_USER_UNKNOWN. */
    remove(files: FileMap, name: string): Change
  }
  /** What a line of the proxy's log says, if it is about a request. */
  access(line: string): Access | null
  /** Project path of the file with the addresses that may connect. */
  allowlist: string
  badLogins(valid: MadeCredential, files: FileMap, now: Date): Promise<BadLogin[]>
  /** Sent without a login, but for what their lines say. */
  spellings(valid: MadeCredential): Spelling[]
}
