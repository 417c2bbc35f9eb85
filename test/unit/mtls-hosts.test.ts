// Which Host headers pass, by the two patterns that Caddy gets.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mtls } from '../../stacks/mtls/stack.ts'

const config = { name: 'x', auth: 'mtls', bind: '127.0.0.1', port: 8443, tls: 'private' as const, hosts: ['Ollama.home.arpa', '192.168.1.20'], model: null, subnet: '10.213.7', user: '1000:1000' }
const files = [
  String(mtls.render(config).get('proxy/hosts.caddy')?.content),
  readFileSync(new URL('../../stacks/mtls/files/Caddyfile', import.meta.url), 'utf8'),
]
const patterns = files.map((text) => {
  const [, flags = '', pattern = ''] = /not vars_regexp \{http\.request\.hostport\} "(\(\?i\))?(.*)"/.exec(text) ?? []
  return new RegExp(pattern, flags === '' ? '' : 'i')
})
const passes = (host: string): boolean => patterns.some((pattern) => pattern.test(host))

test.each(['localhost', 'LOCALHOST:8443', 'host.docker.internal:1', 'ollama.home.arpa', 'Ollama.Home.Arpa:8443', '127.0.0.1', '10.0.0.255:80', '203.0.113.9', '[::1]', '[fd00::20]:8443', '[::ffff:1.2.3.4]'])('%s', (host) => {
  expect(passes(host)).toBe(true)
})

test.each([
  '', 'evil.com', 'localhost.evil.com', 'evil.localhost', 'ollamaxhome.arpa', 'localhost:evil.com', 'localhost:x', 'localhost:', 'localhost:999999', 'localhost:-1', '[localhost', 'localhost]', '[localhost]',
  'localhost\nevil.com', 'localhost.', '999.1.1.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.4:', '256.1.1.1', '::1', '[::1', '[::1]x', '[]', '1.2.3.4@evil.com',
])('not %j', (host) => {
  expect(patterns).toHaveLength(2)
  expect(passes(host)).toBe(false)
})
