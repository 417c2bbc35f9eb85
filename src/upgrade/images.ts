// Which images an upgrade changes. Pure: what the files name, and what was seen of it here and in the registry.

/** Service -> image reference. */
export type Images = Readonly<Record<string, string>>

export interface Seen {
  /** Reference -> image ID here, or null. */
  here: Readonly<Record<string, string | null>>
  /** Reference -> digest of the image here; null: made here, or imported. */
  local: Readonly<Record<string, string | null>>
  /** Reference -> digest in the registry; null: it couldn't be asked. */
  registry: Readonly<Record<string, string | null>>
  /** Service -> ID of the image that its container was made from. */
  running: Readonly<Record<string, string>>
}

/**
 * tag: another version. build: the same tag means another image now. none: it is what is shipped.
 * pinned: its owner chose something else, which is left alone.
 */
export type Kind = 'tag' | 'build' | 'none' | 'pinned'

export interface ImageChange {
  service: string
  from: string
  to: string
  kind: Kind
  /** Digests, where they are known; for `build`. */
  digests: { from: string | null; to: string | null }
  /** It must come from the registry. */
  pull: boolean
}

/** Services whose image isn't the one that the program wrote. Without a record, every one that isn't the shipped one. */
export function pinned(made: Images | null, mine: Images, shipped: Images): string[] {
  return Object.keys(mine).filter((service) => mine[service] !== (made ?? shipped)[service])
}

/** A row for each service of `mine` that the program ships; what an owner added is theirs alone. `own`: services whose image stays. */
export function imageChanges(own: readonly string[], mine: Images, shipped: Images, seen: Seen): ImageChange[] {
  return Object.entries(mine).flatMap(([service, from]): ImageChange[] => {
    const to = shipped[service]
    if (to === undefined) return []
    const change = (kind: Kind, pull: boolean): ImageChange => ({ service, from, to: kind === 'pinned' ? from : to, kind, pull, digests: { from: seen.local[from] ?? null, to: seen.registry[to] ?? seen.local[to] ?? null } })
    if (to !== from && own.includes(service)) return [change('pinned', false)]
    const registry = seen.registry[to] ?? null
    const newer = registry !== null && seen.local[to] != null && registry !== seen.local[to]
    const absent = (seen.here[to] ?? null) === null
    if (to !== from) return [change('tag', absent || newer)]
    const another = seen.running[service] !== undefined && !absent && seen.running[service] !== seen.here[to]
    return [change(newer || another ? 'build' : 'none', newer)]
  })
}

/** Whether one version is an earlier one than the other, as far as both say three numbers: `0.32.15`. */
export function goesBack(from: string, to: string): boolean {
  const [a, b] = [from, to].map((text) => /(?:^|:)v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number))
  if (!a || !b) return false
  const index = a.findIndex((part, at) => part !== b[at])
  return index >= 0 && (b[index] ?? 0) < (a[index] ?? 0)
}

/** Without the digests of images that no service uses any more (`x-ollama-stack.images`); every other byte stays. */
export function forgetDigests(compose: string, used: readonly string[]): string {
  const rest = compose.replace(/^ +"?([^\s"]+)"?: "sha256:[0-9a-f]{64}"\n/gm, (line, image: string) => (used.includes(image) ? line : ''))
  return rest === compose ? compose : rest.replace(/^ +images:\n(?! {4})/m, '')
}
