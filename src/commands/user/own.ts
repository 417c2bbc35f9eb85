// What a person brings of their own: a password, a certificate request, an SSH key.

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { stacks } from '../../../stacks/index.ts'
import type { Own } from '../../../stacks/stack.ts'
import type { Context, Flag, Values } from '../../cli/command.ts'
import { throwAll, UsageError } from '../../errors.ts'
import { isLoopback } from '../../questions/machine.ts'
import type { Project } from '../../project/project.ts'
import { shownPath } from '../../ui/quoted.ts'
import { readSecret, refuseTerminal } from '../../questions/read-secret.ts'

export const ownFlags = {
  'password-stdin': { help: 'Take the password from stdin instead of making one (basic)' },
  csr: { value: 'FILE', help: 'Sign this certificate request; its key stays where it is (mtls)' },
  'ssh-key': { value: 'KEY', help: "Let the ollama command's own key log in, the line in ~/.ollama/id_ed25519.pub (bearer)" },
} satisfies Record<string, Flag>

const FLAGS: Record<keyof Own, keyof typeof ownFlags> = { password: 'password-stdin', csr: 'csr', sshKey: 'ssh-key' }
/** Far more than any request needs. */
const MOST_BYTES = 64 * 1024

/** Throws E_FLAG when this project's login takes no such thing, E_CSR, E_SSH_KEY, E_PASSWORD. Reads stdin last. */
export async function ownOf(flags: Values<typeof ownFlags>, project: Project, context: Context): Promise<Own> {
  const { stack } = project
  for (const [key, flag] of Object.entries(FLAGS) as [keyof Own, keyof typeof ownFlags][]) {
    if (flags[flag] === undefined || stack.brings.includes(key)) continue
    const able = Object.values(stacks).filter(({ brings }) => brings.includes(key)).map(({ id }) => id)
    throw new UsageError('E_FLAG', `--${flag} doesn't go with this project's login, ${stack.title}.`, `Leave it out; it is for projects made with --auth ${able.join(' or ')}.`)
  }
  if (flags['ssh-key'] !== undefined) {
    if (project.tls === 'off' && !isLoopback(project.bind)) {
      throw new UsageError('E_SSH_KEY', `--ssh-key needs HTTPS, or a port that only this machine reaches; this one is plain HTTP on ${project.bind}.`, 'A signature that is read on its way could be used again for a minute. Get HTTPS: ollama-stack configure --tls private')
    }
    return { sshKey: flags['ssh-key'] }
  }
  if (flags.csr !== undefined) return { csr: requestIn(resolve(context.cwd, flags.csr)) }
  if (!flags['password-stdin']) return {}
  throwAll(refuseTerminal(context.stdin))
  return { password: await readSecret(context) }
}

function requestIn(path: string): string {
  let text: Buffer
  try {
    // A FIFO would wait for somebody to write, and hear no signal meanwhile.
    if (!statSync(path).isFile()) throw new Error('it is not a file')
    text = readFileSync(path)
  } catch (cause) {
    const [why] = (cause as Error).message.split(', ')
    throw new UsageError('E_CSR', `${shownPath(path)} can't be read: ${why}.`, 'Give the file that openssl req -new wrote.')
  }
  if (text.length > MOST_BYTES) throw new UsageError('E_CSR', `${path} is too large for a certificate request.`, 'Give the file that openssl req -new wrote.')
  return text.toString('utf8')
}
