// The project's own README: how to live with this very stack. Names no person and no secret.

import type { FileMap, Stack, StackConfig, Tls } from '../../stacks/stack.ts'
import { stackFile } from '../paths.ts'
import { urlOf } from './project.ts'

const CERTS: Record<Tls, string> = {
  off: '',
  private: "`ca.crt` (clients need it), the server's certificate, people's certificates. `ca.key` signs new ones: keep it safe",
  files: "the server's certificate and key",
  acme: "`acme/`: the server's certificates, their keys and the account at the CA, all made by Caddy. Keep it: a CA gives out only so many a week",
}
const OWN_CA = '; `ca.crt` and `ca.key`, which sign people\'s certificates: keep the key safe'

export function projectReadme(stack: Stack, config: StackConfig): FileMap {
  const tls = config.tls !== 'off'
  const host = config.hosts[0] ?? config.bind
  const ca = config.tls === 'private' ? 'certs/ca.crt' : config.acme?.root ? 'certs/acme/root.crt' : null
  const url = urlOf({ tls: config.tls, host, port: config.port })
  const text = fill(stackFile('common/README.md'), {
    name: config.name,
    title: stack.title,
    url,
    login: stack.howTo.login,
    curl: `curl ${ca === null ? '' : `--cacert ${ca} `}${stack.howTo.curl} ${url}/api/tags`,
    credentials: stack.howTo.credentials.replace(/\.$/, ''),
    noun: stack.noun,
    clients: clients(config.tls, ca),
    certs: tls ? `| \`certs/\` | ${CERTS[config.tls]}${stack.needsTls && ca !== 'certs/ca.crt' ? OWN_CA : ''} |\n` : '',
    front: front(stack, config),
    ...ollamaWords(config),
    mounted: ['proxy', ...(config.elsewhere ? ['forward'] : []), ...(config.hostNetwork ? ['front'] : config.tls === 'acme' && !stack.needsTls ? ['tls'] : []), 'credentials', 'certs'].join(' '),
    addresses: config.hostNetwork ? ADDRESSES.host : ADDRESSES.docker,
    clear: tls ? '' : 'The connection is plain HTTP: whoever can listen on its way reads the credential. Keep it on this machine or inside a VPN.',
  })
  return new Map([['README.md', { content: `${text.trimEnd()}\n`, mode: 0o644 }]])
}

function front({ needsTls }: Stack, { tls, hostNetwork }: StackConfig): string {
  if (hostNetwork) return '| `front/` | what listens in this machine\'s network and hands connections to the proxy. After an edit: `docker compose restart front` |\n'
  return tls === 'acme' && !needsTls ? '| `tls/` | what ends TLS in front of the proxy, and gets certificates. After an edit: `docker compose restart tls` |\n' : ''
}

/** What differs with an Ollama that isn't the stack's own. */
function ollamaWords({ elsewhere }: StackConfig): Record<'ollama' | 'forward' | 'cloud' | 'closed', string> {
  if (!elsewhere) {
    return {
      ollama: "| Ollama's own port | published nowhere |",
      forward: '',
      cloud: 'Cloud models are off (`OLLAMA_NO_CLOUD=1`), so prompts stay on this machine.',
      closed: 'Nobody reaches Ollama without a valid credential, neither through the published port nor from another\ncontainer or a process on this machine. ',
    }
  }
  const here = elsewhere.way !== 'network'
  const where = `${here ? '127.0.0.1' : elsewhere.host}:${elsewhere.port}`
  return {
    ollama: `| Ollama | ${here ? 'the one on this machine' : 'another machine\'s'}, \`${where}\` |`,
    forward: '| `forward/` | what hands requests on to that Ollama. After an edit: `docker compose restart ollama' + (elsewhere.way === 'socket' ? ' ollama-host' : '') + '` |\n',
    cloud: 'Cloud models are a setting of that Ollama (`OLLAMA_NO_CLOUD=1` turns them off), not of this stack.',
    closed: here
      ? `Through this stack nobody reaches Ollama without a valid credential, and it opens no port to it. A process on this machine\nstill reaches \`${where}\` without one, as before.\n`
      : `Through this stack nobody reaches Ollama without a valid credential. Between the two machines requests travel unencrypted,\nand \`${where}\` answers whoever reaches it: its firewall should let in this machine alone, or the two meet in a VPN.\n`,
  }
}

const ADDRESSES = {
  docker: `Docker's rules for published ports come before those of ufw and firewalld: what decides who reaches this one
is \`host_ip\` in \`compose.yaml\` and the list of allowed addresses (\`--allow\`). Docker Desktop, rootless Docker and
IPv6 may show the proxy an address of Docker's in place of a client's; \`./ollama-stack test\` says which it sees.`,
  host: `The service \`front\` listens in this machine's own network (\`--host-network\`), so the list of allowed addresses and
the log have every client's own address, and the rules of ufw and firewalld count: open the port there for others. Where it
listens is \`LISTEN\` in \`compose.yaml\`. It tells the proxy the address before the first byte (the PROXY protocol), and the proxy
believes it from this machine alone. So a process on this machine can claim any address; it still needs a credential.`,
}

const RENEWAL: Record<Tls, string> = {
  off: '',
  private: " `up` renews the server's certificate in time.",
  files: 'Before the certificate ends, put the new files over `certs/server/server.crt` and `server.key`, then `./ollama-stack up`:\nno running answer is cut.',
  acme: "Certificates renew themselves. Port 80 must stay reachable for that.",
}

function clients(tls: Tls, ca: string | null): string {
  if (tls === 'off') return 'The login goes where they ask for an API key, a token or extra headers.'
  if (ca === null) return RENEWAL[tls]
  return `They must trust \`${ca}\`: \`SSL_CERT_FILE\` for most programs, \`NODE_EXTRA_CA_CERTS\` for Node, \`REQUESTS_CA_BUNDLE\` for\n` +
    `Python; a phone or browser imports it as a certificate authority.${RENEWAL[tls].replace(/^(?=\S)/, ' ')}`
}

/** Replaces {{tokens}}. A token without a value, or a value without a token, is our own mistake. */
function fill(text: string, values: Record<string, string>): string {
  const used = new Set<string>()
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, token: string) => {
    used.add(token)
    const value = values[token]
    if (value === undefined) throw new Error(`README.md: nothing for {{${token}}}`)
    return value
  })
  const unused = Object.keys(values).filter((token) => !used.has(token))
  if (unused.length > 0) throw new Error(`README.md: no {{${unused.join('}}, {{')}}}`)
  return filled
}
