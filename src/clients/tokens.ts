// What stands for each token: this project, this person.

import { basename, join } from 'node:path'
import type { Account } from '../../stacks/stack.ts'
import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import type { Project } from '../project/project.ts'
import type { Tokens } from './fill.ts'

/** Whose settings they are. */
export interface Reader {
  person: Pick<Account, 'name'>
  /** null: it is shown nowhere again, so placeholders stand for it. */
  secret: string | null
  model: string
  /** Where the CA and the person's files lie on the client's machine; null: on this one. */
  files: string | null
}

/** Placeholders look like what they are; base64 of one would hide it. */
export function tokensOf(project: Project, { person: { name }, secret, model, files }: Reader): Tokens {
  const { protocol, host } = new URL(project.url)
  const password = secret ?? 'YOUR_PASSWORD'
  const at = (path: string): string => (files === null ? path : `${files.replace(/[/\\]$/, '')}/${basename(path)}`)
  const own = project.stack.carried(name).files
  return {
    URL: project.url,
    LOGIN_URL: `${protocol}//${encodeURIComponent(name)}:${encodeURIComponent(password)}@${host}`,
    HOST: host,
    PORT: String(OLLAMA_PORT),
    NAME: project.name,
    USER: name,
    PASS: password,
    KEY: secret ?? 'YOUR_KEY',
    B64: secret === null ? `BASE64_OF_${name}:YOUR_PASSWORD` : Buffer.from(`${name}:${secret}`).toString('base64'),
    CA: project.ca === null ? null : at(project.ca),
    'CA?': project.ca === null ? null : '',
    CERT: own && at(join(project.dir, own.cert)),
    CERTKEY: own && at(join(project.dir, own.key)),
    MODEL: model,
  }
}

/** The same with `connect` between: it adds login and certificates, and listens where the stock tools look. */
export function connected(tokens: Tokens): Tokens {
  const host = `127.0.0.1:${OLLAMA_PORT}`
  return { ...tokens, URL: `http://${host}`, HOST: host, CA: null, 'CA?': null }
}
