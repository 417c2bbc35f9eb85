// One case of the attack matrix: a request, who sends it, what must come back, and whether it may
// reach Ollama. The same table runs against any stack: from outside by `test --thorough`, and in
// this repository's tests with a recording server in Ollama's place.

export type Who = 'stranger' | 'user' | 'admin'

export interface Case {
  /** Unlike any other of its stack. */
  id: string
  who: Who
  method: string
  target: string
  headers?: Record<string, string>
  /** Whole header lines, for what an object can't say: names that come twice, odd spaces. */
  lines?: readonly string[]
  /** Comes with its length, unless `loose`. */
  body?: string
  /** null sends none. */
  host?: string | null
  /** Nothing is added about body or connection: what is sent is what is written here. */
  loose?: true
  /** In place of `METHOD TARGET HTTP/1.1`. */
  first?: string
  /** Any of these statuses; 0 is a connection that ends without an answer. */
  expect: readonly number[]
  /** The statuses of all answers on the connection, where there may be more than one: any of these rows. */
  answers?: readonly (readonly number[])[]
  /** `once`: with the same method and path; a query stays here. `may`: that, or not at all. */
  upstream: 'never' | 'once' | 'may'
  /** The HTTP library answers by itself, before any configuration counts: no JSON, no headers of ours. */
  library?: true
  /** Also these, where another proxy stands in front: it keeps to itself what Connection names (RFC 9110, 7.6.1), and hands on in good form what its HTTP library could read. */
  front?: readonly number[]
  /** Why stacks may answer this one differently. */
  differs?: string
  /** The one Access-Control-Allow-Origin of the answer; without it no Access-Control header at all. */
  allowed?: string
  /** What the WWW-Authenticate of a 401 must be, where the stack's own challenge says too little. */
  challenge?: RegExp
  /** Would leave something behind in a real Ollama, or cost: only where a recording server answers. */
  recorded?: true
}

/** What Ollama itself may answer to a request that the proxy let through. */
export const OLLAMA = [200, 201, 204, 400, 404, 405, 500]

/** Without a name or with this one there is nothing that Ollama could pull, delete or run. */
export const NO_MODEL = '{"model":"no-such-model-anywhere"}'

/** `host` is what the stack is called; `login` the header lines of who sends; `agent` tells the requests apart. */
export function bytesOf(one: Case, host: string, login: Record<string, string>, agent: string): string {
  const lines = [one.first ?? `${one.method} ${one.target} HTTP/1.1`]
  if (one.host !== null) lines.push(`Host: ${one.host ?? host}`)
  lines.push(`User-Agent: ${agent}`)
  for (const [name, value] of Object.entries({ ...login, ...one.headers })) lines.push(`${name}: ${value}`)
  lines.push(...(one.lines ?? []))
  if (!one.loose && one.body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(one.body)}`)
  if (!one.loose && !lines.some((line) => /^connection:/i.test(line))) lines.push('Connection: close')
  return `${lines.join('\r\n')}\r\n\r\n${one.body ?? ''}`
}
