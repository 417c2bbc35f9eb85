// What each role may do, and what a browser on a foreign page may not.

import { ask } from '../net/http.ts'
import { failed, passed, status, type Check, type Visit } from './check.ts'

/** A name nobody can have an account of (RFC 2606). */
const FOREIGN = 'https://foreign.example'

/** What the proxy answers before it asks for a login. */
export const preflight: Check<Pick<Visit, 'project' | 'door' | 'signal'>>[] = [
  {
    id: 'preflight-foreign',
    title: 'A preflight from a foreign page gets no permission',
    async run({ door }) {
      const reply = await ask(door, {
        method: 'OPTIONS',
        path: '/api/chat',
        headers: { origin: FOREIGN, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
      const allowed = Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))
      if (allowed.length > 0) return failed(`answered with ${allowed.join(', ')}`)
      return reply.status < 400 || reply.status === 403 ? passed(`${reply.status}, no Access-Control header`) : failed(`got ${reply.status}`)
    },
  },
  {
    id: 'preflight-allowed',
    title: 'A preflight from an allowed page gets its permission, and only its own',
    applies: ({ origins }) => origins.length > 0,
    async run({ project, door }) {
      const origin = (project.origins[0] ?? '').replace(/\*$/, 'app')
      const { status: code, headers } = await ask(door, {
        method: 'OPTIONS', path: '/api/chat', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
      const [allowed, asked] = [headers['access-control-allow-origin'], headers['access-control-allow-headers']]
      return code === 204 && allowed === origin && asked === 'authorization' ? passed(`204 for ${origin}`) : failed(`got ${code}, Access-Control-Allow-Origin: ${allowed ?? 'none'}`)
    },
  },
]

export const access: Check[] = [
  {
    id: 'user-cannot-manage',
    title: "A user can't pull, create, copy or delete models",
    async run({ door, user }) {
      for (const [method, path] of [['POST', '/api/pull'], ['POST', '/api/create'], ['POST', '/api/copy'], ['DELETE', '/api/delete']] as const) {
        const reply = await ask(door, { method, path, login: user.login, body: '{}' })
        if (reply.status !== 403) return failed(`${method} ${path} answered ${reply.status}, expected 403`)
      }
      return passed('403 each')
    },
  },
  {
    id: 'user-cannot-respell',
    title: "A user can't manage models by another spelling of the path",
    async run({ door, user }) {
      for (const path of ['/api%2Fpull', '/api/%70ull', '//api/pull', '/api/./pull', '/api/pull/', '/API/pull', '/api/tags/../pull']) {
        const reply = await ask(door, { method: 'POST', path, login: user.login, body: '{}' })
        if (reply.status !== 403 && reply.status !== 400) return failed(`POST ${path} answered ${reply.status}, expected 403`)
      }
      return passed('all refused')
    },
  },
  {
    id: 'admin-can-manage',
    title: 'An admin can pull models',
    async run({ door, admin }) {
      // Without a name Ollama has nothing to pull: its own 400 proves that the request got there.
      const { status, body } = await ask(door, { method: 'POST', path: '/api/pull', login: admin.login, body: '{}' })
      return status === 400 ? passed("reached Ollama's own check of the name") : failed(`got ${status}: ${body.slice(0, 80)}`)
    },
  },
  {
    id: 'account-closed',
    title: "The owner's ollama.com account is closed to everybody, admins too",
    async run({ door, admin }) {
      for (const path of ['/api/me', '/api/signout', '/api/experimental/web_search']) {
        const reply = await ask(door, { method: 'POST', path, login: admin.login, body: '{}' })
        if (reply.status !== 403) return failed(`POST ${path} answered ${reply.status}, expected 403`)
      }
      return passed('403 each')
    },
  },
  {
    id: 'foreign-host',
    title: 'A foreign Host header is refused (DNS rebinding)',
    run: async ({ door, user }) => status((await ask(door, { path: '/api/tags', login: user.login, headers: { host: 'foreign.example' } })).status, 421),
  },
  {
    id: 'foreign-origin',
    title: "A foreign web page can't use somebody's login",
    async run({ door, user }) {
      const reply = await ask(door, { method: 'POST', path: '/api/chat', login: user.login, body: '{}', headers: { origin: FOREIGN } })
      return status(reply.status, 403)
    },
  },
  ...preflight,
  {
    id: 'origin-stripped',
    title: 'Origin never reaches Ollama',
    async run({ door, user }) {
      // Ollama answers 403 to a foreign Origin on any method, so a 200 means that it saw none.
      const reply = await ask(door, { path: '/api/tags', login: user.login, headers: { origin: FOREIGN } })
      if (reply.headers['access-control-allow-origin'] !== undefined) return failed('the answer carries Access-Control-Allow-Origin')
      return status(reply.status, 200)
    },
  },
]
