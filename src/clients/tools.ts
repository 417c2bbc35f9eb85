// For a shell.

import type { Access, Client } from './client.ts'

const CURLRC = '~/.config/ollama-stack/<NAME>.curlrc'
const curl = (login: Record<string, string>): Access => ({
  verified: 'run', ran: { version: 'curl 7.88.1', on: '2026-11-21' },
  settings: [{ file: CURLRC, format: 'curl', value: { ...login, cacert: '<CA>' } }, { command: ['curl', '-K', CURLRC, '<URL>/api/tags'] }],
})

export const tools: Client[] = [
  {
    id: 'curl', name: 'curl', api: 'ollama',
    logins: {
      basic: curl({ user: '<USER>:<PASS>' }),
      bearer: curl({ header: 'Authorization: Bearer <KEY>' }),
      mtls: curl({ cert: '<CERT>', key: '<CERTKEY>' }),
    },
    trust: { verified: 'run' },
    connected: [{ command: ['curl', '<URL>/api/tags'] }],
    notes: ['What stands in a file doesn\'t show in the list of processes. Keep it to yourself: chmod 600.'],
    evidence: ['https://curl.se/docs/manpage.html#-K'],
  },
  {
    id: 'ollama-cli', name: 'Ollama command line', api: 'ollama',
    logins: {
      basic: null,
      bearer: {
        verified: 'source',
        settings: [
          { where: "the stack's machine, once, with the client's ~/.ollama/id_ed25519.pub", command: ['ollama-stack', 'user', 'add', '<USER>-ollama', '--ssh-key', { raw: '"$(cat ~/.ollama/id_ed25519.pub)"' }] },
          { env: { OLLAMA_HOST: '<URL>', OLLAMA_AUTH: '1', SSL_CERT_FILE: '<CA>' } },
          { command: ['ollama', 'list'] },
        ],
        notes: [
          'It signs each request with its own key pair, so it needs no key. That counts over HTTPS, or on a port of the same machine.',
          'What `ollama launch` starts gets no login: those programs have entries of their own here.',
        ],
      },
      mtls: null,
    },
    why: 'its client has no setting for a header or a client certificate',
    trust: { verified: 'derived', notes: ["SSL_CERT_FILE counts on Linux, in place of the system's own list. On macOS and Windows add the CA to the system's store."] },
    connected: [{ env: { OLLAMA_HOST: '<URL>' } }, { command: ['ollama', 'list'] }],
    warnings: ['A name and password in OLLAMA_HOST make it connect to another host, and it never reads OLLAMA_API_KEY.'],
    evidence: ['https://github.com/ollama/ollama/blob/fb3076099/api/client.go#L75', 'https://github.com/ollama/ollama/blob/fb3076099/envconfig/config.go#L21', 'https://github.com/ollama/ollama/issues/11468'],
  },
]
