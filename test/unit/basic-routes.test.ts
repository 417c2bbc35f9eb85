// Both nginx stacks carry stacks/routes.ts as regular expressions. Here they are held to it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generated } from '../../stacks/nginx/stack-files.ts'
import { ROUTES } from '../../stacks/routes.ts'

const conf = (name: string): string => readFileSync(join(import.meta.dirname, '../../stacks/nginx', name), 'utf8')

const rules = [...conf('routes.conf').matchAll(/^ +"~(.+)" (user|admin);$/gm)].map(([, source = '', need = '']) => ({ regex: new RegExp(source), need }))

/** As nginx's map: the first expression that matches, else the default. */
const need = (requestLine: string): string => rules.find(({ regex }) => regex.test(requestLine))?.need ?? 'nobody'

const limits = [...conf('server.conf').matchAll(/^location (?:~ )?(\S+) \{\n +client_max_body_size (\d+)m?;\n +proxy_pass/gm)].map(([, source = '', size = '']) => ({ regex: new RegExp(source), size: Number(size) }))
const limit = (path: string): number => limits.filter(({ regex }) => regex.source !== '\\/').find(({ regex }) => regex.test(path))?.size ?? 1

test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (line, route) => {
  for (const version of ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0']) expect(need(`${line} ${version}`)).toBe(route.role)
  expect(need(`${line}?a=/../%2F&b= HTTP/1.1`.replace(' HTTP', 'HTTP').replace('HTTP', ' HTTP'))).toBe(route.role)
  if (route.method === 'POST') expect(limit(route.path)).toBe(route.body)
})

test('no rule opens more than the table', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'FOO', 'get']
  const open = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`))
  const paths = [...new Set(ROUTES.map(({ path }) => path)), '/api/me', '/api/signout', '/api/user/keys/x', '/api/experimental/web_search', '/metrics']
  for (const path of paths) {
    for (const method of methods) if (!open.has(`${method} ${path}`)) expect(need(`${method} ${path} HTTP/1.1`), `${method} ${path}`).toBe('nobody')
    if (path.length === 1) continue
    const spelled = [`${path}/`, `/${path}`, path.toUpperCase(), `${path}#`, `${path};a=1`, `${path}%20`, `${path}%00`, `http://localhost${path}`, `/.${path}`, path.replace('/', '%2F'), path.slice(0, -1) + '%' + path.charCodeAt(path.length - 1).toString(16)]
    for (const odd of spelled) for (const method of methods) expect(need(`${method} ${odd} HTTP/1.1`), `${method} ${odd}`).toBe('nobody')
  }
})

test.each(['..', '%2e%2e', 'a/b', 'a%2F..%2Fb', 'a%2F%2Fb', 'a%2f', '%2Fa', 'a%5Cb', 'a%252Fb', 'a b'])('the model name %s is refused', (name) => {
  expect(need(`GET /v1/models/${name} HTTP/1.1`)).toBe('nobody')
})

test.each(['gemma3:1b', 'gemma3%3A1b', 'hf.co%2Forg%2Fmodel:Q4_K_M', 'library%2fllama3.2', 'a@b'])('the model name %s passes', (name) => {
  expect(need(`GET /v1/models/${name} HTTP/1.1`)).toBe('user')
})

test("a host named like one of nginx's own words neither breaks the map nor opens it", () => {
  const config = { name: 'x', auth: 'basic', bind: '127.0.0.1', port: 8880, tls: 'off', hosts: ['Default', 'include', 'hostnames', 'volatile', 'LOCALHOST', '192.168.1.2', 'fd00::2', 'gpu'], model: null, subnet: '10.1.2', user: '1:1' } as const
  const { content } = generated({ ...config, hosts: [...config.hosts] }).get('proxy/hosts.conf') ?? {}
  expect(String(content).split('\n').slice(1, -1)).toEqual(['localhost 1;', 'host.docker.internal 1;', '\\default 1;', '\\include 1;', '\\hostnames 1;', '\\volatile 1;', 'gpu 1;'])
})
