// Who may do what: the allowlist of Ollama 0.33's API. Everything that isn't here is refused,
// so a route that a later Ollama adds stays closed until someone reads what it does.
// The proxies carry the same list as one regular expression per role, in
// stacks/nginx/routes.conf and stacks/mtls/files/routes.caddy; a test holds them to this table.

import type { Role } from './stack.ts'

export interface Route {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  path: string
  role: Role
  /** Body limit in MB: 100 fits images and long contexts; 0 is unlimited (model files). */
  body: 1 | 100 | 0
}

const read = (...lines: string[]): Route[] => rows('user', 1, lines)
const inference = (...lines: string[]): Route[] => rows('user', 100, lines)
const manage = (...lines: string[]): Route[] => rows('admin', 1, lines)

function rows(role: Role, body: Route['body'], lines: string[]): Route[] {
  return lines.flatMap((line) => {
    const [methods = '', path = ''] = line.split(' ')
    return methods.split(',').map((method) => ({ method: method as Route['method'], path, role, body }))
  })
}

export const ROUTES: readonly Route[] = [
  ...read('GET,HEAD /', 'GET,HEAD /api/version', 'GET,HEAD /api/tags', 'GET /api/status', 'GET /api/ps'),
  ...read('GET /v1/models', 'GET /v1/models/gemma3:1b', 'GET /v1/models/hf.co%2Forg%2Fmodel', 'POST /api/show'),
  ...inference('POST /api/generate', 'POST /api/chat', 'POST /api/embed', 'POST /api/embeddings'),
  ...inference('POST /v1/chat/completions', 'POST /v1/completions', 'POST /v1/embeddings'),
  ...inference('POST /v1/responses', 'POST /v1/messages', 'POST /v1/audio/transcriptions'),
  ...manage('POST /api/pull', 'POST /api/push', 'POST /api/create', 'POST /api/copy', 'DELETE /api/delete'),
  ...manage(`HEAD /api/blobs/sha256:${'0'.repeat(64)}`),
  ...rows('admin', 0, [`POST /api/blobs/sha256:${'0'.repeat(64)}`]),
]
