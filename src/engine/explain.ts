// The one translator of what the engine, its registry client and the connection to it say.
// The patterns are texts of Engine 20.10 to 29; what no pattern knows keeps the engine's own words.

import { CancelError, StackError } from '../errors.ts'

interface EngineError extends Error {
  code?: string
  statusCode?: number
}

export function statusOf(error: unknown): number {
  return (error as EngineError | null)?.statusCode ?? 0
}

/** The engine's own sentence, without the library's wrapping. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^\(HTTP code \d+\) [^-]* - /, '').replace(/^Error response from daemon: /, '').trim()
}

interface Row {
  /** Matched against the engine's sentence. */
  when: RegExp
  code: string
  say: (match: RegExpExecArray) => string
  /** NAME stands for what the pattern found. */
  hint: string
}

const TABLE: Row[] = [
  {
    when: /no space left on device|disk quota exceeded/i, code: 'E_DISK_FULL',
    say: () => 'The disk that Docker keeps its data on is full.', hint: 'See what takes it: docker system df   and free some: docker image prune',
  },
  {
    when: /bind source path does not exist: (\S+)/, code: 'E_MOUNT_MISSING',
    say: (match) => `${match[1]} is mounted by compose.yaml, but doesn't exist.`,
    hint: 'Restore it, or remove that mount from compose.yaml. An engine on another machine can\'t see this machine\'s files: docker context ls',
  },
  {
    when: /container name "\/?([^"]+)" is already in use/, code: 'E_NAME_TAKEN',
    say: (match) => `A container named ${match[1]} exists, and it isn't this project's.`,
    hint: 'See what it is: docker inspect NAME   Remove it (docker rm NAME), or give this project another name in compose.yaml.',
  },
  {
    when: /could not select device driver "?([^" ]*)"?|nvidia-container-cli|unresolvable CDI devices|libnvidia-ml|unknown or invalid runtime name: (\S+)/i, code: 'E_GPU',
    say: () => 'The engine can\'t hand the GPU to a container.',
    hint: 'Install the NVIDIA Container Toolkit and run: sudo nvidia-ctk runtime configure && sudo systemctl restart docker   or remove the GPU from compose.yaml.',
  },
  {
    when: /error gathering device information while adding custom device "([^"]+)"/, code: 'E_GPU',
    say: (match) => `The device ${match[1]} doesn't exist on the engine's machine.`, hint: 'Install the GPU\'s driver there, or remove the device from compose.yaml.',
  },
  {
    when: /non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted/, code: 'E_SUBNET_TAKEN',
    say: () => 'The engine has no address range left for another network.', hint: 'Remove networks that nothing uses: docker network prune',
  },
  {
    when: /No such container: (\S+)|container which is dead or marked for removal|^Container (\S+) is (?:not running|restarting)/i, code: 'E_GONE',
    say: () => 'A container of the stack was taken away or stopped meanwhile.', hint: 'See what is there now: ollama-stack status',
  },
  {
    when: /No such image: (\S+)/i, code: 'E_IMAGE_NOT_FOUND',
    say: (match) => `The image ${match[1]} is not on this engine.`, hint: 'Run `ollama-stack up`, which pulls it.',
  },
]

const GONE = 'nothing listens there any more'
const CUT = 'the connection was cut'
const CONNECTION: Record<string, string> = {
  ECONNREFUSED: GONE, ENOENT: GONE, ECONNRESET: CUT, EPIPE: CUT, ERR_STREAM_PREMATURE_CLOSE: CUT, ETIMEDOUT: 'no answer', EHOSTUNREACH: 'no route to its machine', ENETUNREACH: 'no route to its machine',
}

/** It answered before. `why` in a few words. */
export function engineLost(why: string, cause?: unknown): StackError {
  return new StackError('E_ENGINE_LOST', `The Docker Engine stopped answering: ${why}.`, {
    hint: 'Look at it: docker info   If it gives no answer, start it anew (sudo systemctl restart docker, or Docker Desktop). Then run the command again: it goes on from what is there.', cause,
  })
}

/**
 * Anything thrown while talking to the engine -> a StackError. Aborts become CancelError.
 * `doing` completes "Docker failed to ...", for what no pattern knows.
 */
export function explainEngine(error: unknown, doing = 'do this'): StackError {
  if (error instanceof StackError) return error
  const { name, code } = (error ?? {}) as EngineError
  if (name === 'AbortError' || code === 'ABORT_ERR') return new CancelError('The engine is left as it is.')
  const text = sentence(error)
  for (const row of TABLE) {
    const match = row.when.exec(text)
    if (match) return new StackError(row.code, row.say(match), { hint: row.hint.replaceAll('NAME', () => match[1] ?? ''), cause: error })
  }
  const cut = code === undefined ? undefined : CONNECTION[code]
  if (cut !== undefined) return engineLost(cut, error)
  if (code === 'EACCES' || code === 'EPERM' || statusOf(error) === 403) {
    return new StackError('E_ENGINE_DENIED', `The Docker Engine refused to ${doing}: ${text}`, { hint: 'Check which engine this is and what this user may do there: docker context ls', cause: error })
  }
  return new StackError('E_ENGINE', `Docker failed to ${doing}: ${text}`, { hint: 'The engine\'s own log says more: journalctl -u docker -n 50   (Docker Desktop: Troubleshoot).', cause: error })
}

const PULL: Row[] = [
  TABLE[0] as Row,
  {
    when: /toomanyrequests|too many requests|rate limit|\b429\b/i, code: 'E_RATE_LIMIT', say: () => 'the registry\'s limit for anonymous downloads is reached',
    hint: 'Wait (Docker Hub counts per hour), or log in and pull by hand: docker login && docker pull IMAGE   then run the command again.',
  },
  {
    when: /no matching manifest for (\S+)/, code: 'E_IMAGE_NOT_FOUND', say: (match) => `the registry has no build of it for ${match[1]}`,
    hint: 'Choose an image or tag that has one, in compose.yaml.',
  },
  {
    when: /manifest unknown|manifest for \S+ not found|name unknown|repository does not exist|pull access denied|not found: manifest|invalid reference format|failed to resolve reference.*not found/i,
    code: 'E_IMAGE_NOT_FOUND', say: () => 'the registry has no such image or tag, or wants a login for it',
    hint: 'Check the image\'s name and tag in compose.yaml. For a private one: docker login && docker pull IMAGE',
  },
  {
    when: /no such host|dial tcp|i\/o timeout|TLS handshake|Client\.Timeout|deadline exceeded|connection (?:refused|reset)|network is unreachable|proxyconnect|server misbehaving|x509|unexpected EOF|\bEOF$|50[0234] /i,
    code: 'E_REGISTRY_UNREACHABLE', say: () => 'the registry can\'t be reached from the engine',
    hint: 'Check that machine\'s network, DNS and proxy settings (docker info shows the proxy), then run the command again: what was downloaded is kept.',
  },
]

/** What went wrong with a pull, whether as an HTTP status or as a line inside a successful answer. `done`: what the image could not be. */
export function explainPull(error: unknown, image: string, done = 'pulled'): StackError {
  const text = sentence(error)
  const row = PULL.find(({ when }) => when.test(text))
  if (row) {
    const why = row.say(row.when.exec(text) as RegExpExecArray)
    const message = row.code === 'E_DISK_FULL' ? `${image} could not be ${done}. ${why}` : `${image} could not be ${done}: ${why} (${text}).`
    return new StackError(row.code, message, { hint: row.hint.replaceAll('IMAGE', image), cause: error })
  }
  const general = explainEngine(error, `pull ${image}`)
  if (general.code !== 'E_ENGINE') return general
  return new StackError('E_PULL_FAILED', `${image} could not be ${done}: ${text}`, { hint: `Try it by hand to see more: docker pull ${image}`, cause: error })
}
