// What was answered, before anything is written.

import type { Writable } from 'node:stream'
import { wrapTextWithPrefix } from '@clack/core'
import { stacks } from '../../stacks/index.ts'
import type { Tls } from '../../stacks/stack.ts'
import { toConfig } from '../questions/config.ts'
import type { Setting } from '../questions/field.ts'
import type { Answers } from '../questions/fields.ts'
import { HOST, OWN } from '../questions/ollama-url.ts'

const TLS_WORDS: Record<Tls, string> = { off: 'plain HTTP', private: 'HTTPS with a private CA', files: 'HTTPS with your own certificate', acme: "HTTPS with a certificate of Let's Encrypt" }

/** A row each; what is too wide for the box goes on below itself. */
export function summary(answers: Answers, { machine }: Setting, output: Writable): string {
  const { directory, name, auth, people, bind, port, tls, origins, allow, ollama, model } = answers
  const rows = [
    ['Directory', directory],
    ['Project', name],
    ['Login', stacks[auth]?.title ?? auth],
    ['People', people.map((person) => `${person.name} (${person.role})`).join(', ')],
    ['Reachable', `${bind}, port ${port}, ${answers.acmeDirectory ? 'HTTPS with a certificate of your ACME CA' : TLS_WORDS[tls]}`],
    ...(tls === 'off' ? [] : [['Names', toConfig(answers, machine).hosts.join(', ')]]),
    ...(origins.length === 0 ? [] : [['Browsers', origins.join(', ')]]),
    ...(allow.length === 0 ? [] : [['Only from', allow.join(', ')]]),
    ...(ollama === OWN ? [] : [['Ollama', ollama === `http://${HOST}:11434` ? 'the one on this machine' : ollama]]),
    ['Test model', model ?? 'none'],
  ]
  // The box itself takes six columns.
  const gap = ' '.repeat(18)
  return rows.map(([left = '', right = '']) =>
    wrapTextWithPrefix(output, right, gap, gap, gap, (line) => line.trim()).replaceAll(gap, ' '.repeat(12)).replace(/^ {12}/, left.padEnd(12))).join('\n')
}
