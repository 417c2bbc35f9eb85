// Names that the stack doesn't answer to (DNS rebinding), and those that it must.

import type { Case, Who } from './case.ts'

const LIBRARY = "what isn't the grammar of a Host at all is 400 to some HTTP libraries"

const foreign: Case[] = [
  'foreign.example', 'localhost.foreign.example', 'foreign.example:8880', '169.254.169.254.foreign.example', '10.0.0.1.foreign.example', '127.0.0.1.nip.io', 'ollama', 'ollama:11434', 'ollama-api', 'proxy', '_', 'xlocalhost', 'localhostx', 'localhost.localdomain',
  'localhost:8880.foreign.example', '0x7f000001', '2130706433', '127.1', '0177.0.0.1', '999.1.1.1', '1.2.3.4.5',
].flatMap((host) => (['stranger', 'user'] as const).map((who: Who): Case => ({ id: `host ${host} as ${who}`, who, method: 'GET', target: '/api/tags', host, expect: [421], upstream: 'never' })))

const broken: Case[] = [
  '-', '', 'localhost:foreign.example', 'localhost:x', 'localhost:', 'localhost:999999', 'localhost:-1', '[localhost', 'localhost]', '[::1', '[::1]x', 'user@localhost', 'localhost@foreign.example', 'localhost/', 'localhost/api', 'localhost?x', 'localhost#x', 'localhost,foreign.example', 'localhost foreign.example', 'local%68ost', 'localhost%00', 'localhost..', 'http://localhost', '*', '\xe2\x92\xa2ocalhost',
].map((host) => ({ id: `host ${JSON.stringify(host)}`, who: 'user', method: 'GET', target: '/api/tags', host, expect: [400, 421], upstream: 'never', library: true, differs: LIBRARY }))

const known: Case[] = ['localhost', 'LOCALHOST:8880', '127.0.0.1', '192.168.77.5:8880', '[::1]', '[fe80::1]:8443', 'host.docker.internal'].map((host) => ({
  id: `host ${host}`, who: 'user', method: 'GET', target: '/api/version', host, expect: [200], upstream: 'once',
}))

/** Said twice, or somewhere else. */
const disagreeing: Case[] = [
  { id: 'no host', who: 'user', method: 'GET', target: '/api/tags', host: null, expect: [400], upstream: 'never', library: true },
  { id: 'no host, as a stranger', who: 'stranger', method: 'GET', target: '/api/tags', host: null, expect: [400], upstream: 'never', library: true },
  { id: 'no host, HTTP/1.0', who: 'user', method: 'GET', target: '/api/tags', first: 'GET /api/tags HTTP/1.0', host: null, expect: [400, 421], upstream: 'never', library: true, differs: 'HTTP/1.0 has no Host; nginx says what is missing, Caddy that it is none of its names' },
  ...[['localhost', 'foreign.example'], ['foreign.example', 'localhost'], ['localhost', 'localhost']].map(([first = '', second = '']): Case => ({
    id: `two hosts: ${first} and ${second}`, who: 'user', method: 'GET', target: '/api/tags', host: first, lines: [`Host: ${second}`], expect: [400], upstream: 'never', library: true,
  })),
  ...['http://evil.example/api/tags', 'http://evil.example@localhost/api/tags', 'http://localhost/api/tags', 'https://evil.example/', 'http:///api/tags'].map((target): Case => ({
    id: `absolute target ${target}`, who: 'user', method: 'GET', target, expect: [400, 403, 421], upstream: 'never', library: true, differs: "of a host in the target and one in the header, Go drops the second; neither stack has the absolute form on its allowlist",
  })),
  { id: 'absolute target, foreign host', who: 'user', method: 'GET', target: 'http://localhost/api/tags', host: 'foreign.example', expect: [400, 403, 421], upstream: 'never', differs: 'Go takes the host of the target, nginx looks at both' },
  ...['X-Forwarded-Host', 'X-Host', 'X-Original-Host', 'X-Forwarded-Server', 'X-HTTP-Host-Override'].flatMap((name): Case[] => [
    { id: `${name} names another host`, who: 'user', method: 'GET', target: '/api/version', headers: { [name]: 'foreign.example' }, expect: [200], upstream: 'once' },
    { id: `${name} names ours, the host doesn't`, who: 'user', method: 'GET', target: '/api/version', host: 'foreign.example', headers: { [name]: 'localhost' }, expect: [421], upstream: 'never' },
  ]),
]

/** `own`: names that this stack was given, which may be one of those here. */
export function hosts(own: readonly string[]): Case[] {
  const names = new Set(own.map((name) => name.toLowerCase()))
  return [...foreign, ...broken, ...known, ...disagreeing].filter(({ host, expect }) => expect.includes(200) || !names.has((host ?? '').replace(/:\d+$/, '').toLowerCase()))
}
