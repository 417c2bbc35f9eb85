// What was decided about a stack.

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
