// Ollama's routes at 0.33, and how gin behind Go's ServeMux finds one: on the decoded path.

export const ROUTES = [
  'HEAD /', 'GET /', 'HEAD /api/version', 'GET /api/version', 'GET /api/status',
  'HEAD /api/tags', 'GET /api/tags', 'GET /api/ps', 'POST /api/show',
  'POST /api/pull', 'POST /api/push', 'POST /api/create', 'POST /api/copy', 'DELETE /api/delete',
  'HEAD /api/blobs/:digest', 'POST /api/blobs/:digest',
  'POST /api/me', 'POST /api/signout', 'DELETE /api/user/keys/:encodedKey',
  'POST /api/experimental/web_search', 'POST /api/experimental/web_fetch', 'GET /api/experimental/model-recommendations',
  'POST /api/generate', 'POST /api/chat', 'POST /api/embed', 'POST /api/embeddings',
  'POST /v1/chat/completions', 'POST /v1/completions', 'POST /v1/embeddings', 'POST /v1/responses', 'POST /v1/audio/transcriptions',
  'GET /v1/models', 'GET /v1/models/:model', 'POST /v1/messages',
] as const

export type Route = (typeof ROUTES)[number]

export type Found =
  | { kind: 'route'; route: Route; param: string }
  | { kind: 'redirect'; status: 301 | 307; location: string }
  | { kind: 'method'; allow: string }
  | { kind: 'missing' }
  | { kind: 'malformed' }
  /** `OPTIONS *`, which Go answers itself. */
  | { kind: 'server' }

interface Entry {
  route: Route
  method: string
  fixed: string
  /** The path ends in one segment that may be anything. */
  open: boolean
}

const TABLE: Entry[] = ROUTES.map((route) => {
  const [method = '', path = ''] = route.split(' ')
  const [fixed = '', param] = path.split(':')
  return { route, method, fixed, open: param !== undefined }
})

export function find(method: string, target: string, prefix?: string): Found {
  if (target === '*') return method === 'OPTIONS' ? { kind: 'server' } : { kind: 'malformed' }
  // The absolute form names a host, which Go uses for Host and then forgets.
  const [, raw = '', query = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)(\?.*)?$/.exec(target) ?? []
  let path: string
  try {
    path = decodeURIComponent(raw || '/')
  } catch {
    // Bytes that aren't UTF-8 are a path to Go; only a broken escape is refused.
    if (/%(?![0-9a-f]{2})/i.test(raw)) return { kind: 'malformed' }
    return { kind: 'missing' }
  }
  if (!path.startsWith('/')) return { kind: 'malformed' }
  // The mux cleans the path as it was written, so an encoded slash or dot stays what it is; and it
  // escapes what was escaped already.
  const clean = cleaned(raw || '/')
  if (clean !== (raw || '/')) return { kind: 'redirect', status: 307, location: escaped(clean) + query }

  const found = match(path).find((entry) => entry.method === method)
  if (found) return { kind: 'route', route: found.route, param: path.slice(found.fixed.length) }
  if (path.endsWith('/') && match(path.slice(0, -1)).some((entry) => entry.method === method)) {
    return { kind: 'redirect', status: method === 'GET' ? 301 : 307, location: prefixed(prefix, escaped(path.slice(0, -1))) + query }
  }
  const others = match(path)
  return others.length > 0 ? { kind: 'method', allow: others.map((entry) => entry.method).join(', ') } : { kind: 'missing' }
}

const match = (path: string): Entry[] =>
  TABLE.filter((entry) =>
    entry.open ? path.startsWith(entry.fixed) && path.length > entry.fixed.length && !path.slice(entry.fixed.length).includes('/') : path === entry.fixed)

/** Go's path.Clean, keeping a slash at the end. */
function cleaned(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const clean = `/${parts.join('/')}`
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean
}

const escaped = (path: string): string => encodeURI(path).replace(/[?#!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** gin puts the caller's X-Forwarded-Prefix in front, letters, digits, dashes and slashes only. */
function prefixed(prefix: string | undefined, path: string): string {
  if (!prefix) return path
  return `${prefix.replace(/[^a-zA-Z0-9/-]+/g, '').replace(/\/{2,}/g, '/').replace(/\/$/, '')}${path}`
}
