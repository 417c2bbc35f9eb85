// A line of a .pub file, as people paste it: `ssh-ed25519 AAAA... comment`.

import { UsageError } from '../../src/errors.ts'
import { SSH_KEY, type Line } from './keyfile.ts'

/** Type and key without the comment. Throws E_SSH_KEY, also when somebody in `held` has it: it would count for neither. */
export function newSshKey(pasted: string, held: readonly Line[]): string {
  const words = pasted.trim().split(/[ \t]+/)
  const key = words.slice(0, 2).join(' ')
  const problem = wrong(pasted.trim(), words[0] ?? '', key)
  if (problem !== null) {
    throw new UsageError('E_SSH_KEY', `This ssh key can't be used: ${problem}.`,
      'Give the one line of the .pub file, in quotes: --ssh-key "$(cat ~/.ollama/id_ed25519.pub)". To make a pair: ssh-keygen -t ed25519 -N "" -f ~/.ollama/id_ed25519')
  }
  const holder = held.find(({ what }) => what === key)
  if (holder) throw new UsageError('E_SSH_KEY', `${holder.name} already has this ssh key, and one key is one person's.`, 'Take another key, or remove that user first.')
  return key
}

/** What is wrong, without a word of what was pasted: it may be a private key. */
function wrong(pasted: string, type: string, key: string): string | null {
  if (pasted.includes('PRIVATE KEY')) return 'it is a private key. That one stays with its owner; nobody else needs it'
  if (/[\r\n]/.test(pasted)) return 'it has more than one line'
  if (type !== 'ssh-ed25519') {
    return /^(?:ssh|ecdsa|sk)-[a-z0-9@.-]{1,40}$/.test(type) ? `its type is ${type}, and the ollama command signs with ssh-ed25519 only` : 'it doesn\'t begin with "ssh-ed25519 "'
  }
  return SSH_KEY.test(key) ? null : 'what follows ssh-ed25519 is not the base64 of such a key (68 letters beginning with AAAAC3NzaC1lZDI1NTE5AAAAI)'
}
