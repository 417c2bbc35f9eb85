// The contract between the core and a stack. The core loops over the registry
// (stacks/index.ts) and never asks which stack it has in hand.

import type { Document } from 'yaml'

export type Role = 'admin' | 'user'
export const ROLES: readonly Role[] = ['admin', 'user']

export interface FileEntry {
  content: string | Uint8Array
  /** Permission bits, such as 0o644. */
  mode: number
}

/** Relative POSIX path -> file. The only currency between stacks, render and disk. */
export type FileMap = Map<string, FileEntry>

/** Files to write; null means: remove this one. */
export type Change = Map<string, FileEntry | null>

/** off: plain HTTP. private: a CA of the project's own. files: the owner's certificate. acme: one that a public CA gives. */
export type Tls = 'off' | 'private' | 'files' | 'acme'
export const TLS: readonly Tls[] = ['off', 'private', 'files', 'acme']

export interface Acme {
  /** What certificates are asked for: the first one stands in the URL. */
  names: string[]
  email: string | null
  /** URL of the CA's directory; null: Let's Encrypt. */
  directory: string | null
  /** PEM of the root that clients and Caddy need to trust that CA; null: everybody does. */
  root: string | null
}

/** An Ollama that isn't the stack's own. */
export interface Elsewhere {
  /** A DNS name or an IPv4 address; `host` is this machine. */
  host: string
  port: number
  /** How the stack gets there: stacks/forward. */
  way: 'socket' | 'gateway' | 'network'
}

/** A GPU for the stack's own Ollama. `groups`: numeric ids of who may use AMD's devices, besides root. */
export type Gpu = { maker: 'nvidia'; by: 'runtime' | 'cdi' } | { maker: 'amd'; groups: readonly number[] }

/** What was decided, validated. Never holds a secret. */
export interface StackConfig {
  /** Compose project name. */
  name: string
  /** A key of the registry. */
  auth: string
  /** The IP address that the port is published on. */
  bind: string
  port: number
  tls: Tls
  /** With `tls: acme`. */
  acme?: Acme | null
  /** Plain HTTP was insisted on, on an address where others can listen. */
  insecureHttp?: boolean
  /** DNS names and IPs: what the certificate names and which Host headers pass. */
  hosts: string[]
  /** Web pages and apps that may call from a browser: exact origins, or `SCHEME://*`. */
  origins?: readonly string[]
  /** Addresses and CIDRs that may connect; none: everybody. */
  allow?: readonly string[]
  /** A service of its own listens in this machine's network, where clients' addresses are true. */
  hostNetwork?: boolean
  /** Requests per person, such as `60/m`; null: no limit. Only for a stack with `limitsRate`. */
  rate?: string | null
  /** Left out or null: Ollama is a container of the stack. */
  elsewhere?: Elsewhere | null
  /** Left out or null: the CPU, or whatever an Ollama elsewhere has. */
  gpu?: Gpu | null
  /** Ollama model for the first test, or null for none. */
  model: string | null
  /** First three bytes of the backend network, such as `10.213.7`. */
  subnet: string
  /** `uid:gid` that the proxy runs as: the owner of the 0600 files it reads. */
  user: string
}

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
