// A systemd unit for the user's own manager: no root, and the login stays in the user's own file.

import { quoted } from '../ui/quoted.ts'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'

/** Absolute paths; what npx unpacks for one run may be gone tomorrow. Throws E_SERVICE. */
export function checkProgram(program: string): void {
  if (!/[/\\]_npx[/\\]/.test(program)) return
  throw new UsageError('E_SERVICE', "npx keeps this program in a cache that it empties when it likes, so a service can't start it from there.", `Install it, then ask again: npm install -g create-ollama-stack@${version}`)
}

export interface Unit {
  node: string
  program: string
  args: readonly string[]
  url: string
  /** Where the user's own files are, if the shell says so: the user's manager doesn't know what a shell sets. */
  configHome?: string | undefined
}

export function systemdUnit({ node, program, args, url, configHome }: Unit): string {
  return `# ~/.config/systemd/user/ollama-stack-connect.service
#
#   mkdir -p ~/.config/systemd/user
#   (this command) > ~/.config/systemd/user/ollama-stack-connect.service
#   systemctl --user daemon-reload
#   systemctl --user enable --now ollama-stack-connect
#   loginctl enable-linger        # also while nobody is logged in
#   journalctl --user -u ollama-stack-connect
#
# The login isn't in here: it is in the file that was kept. Both paths below must stay: after an update
# of Node.js or of this program that moves them, make this file again.

[Unit]
Description=Ollama on this machine, forwarded to ${url.replaceAll('%', '%%')}

[Service]
ExecStart=${[node, program, ...args].map((one) => word(one, 'ExecStart')).join(' ')}
${configHome === undefined ? '' : `Environment=${word(`XDG_CONFIG_HOME=${configHome}`, 'Environment')}\n`}Restart=on-failure
RestartSec=5
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`
}

/** Quoted as systemd.syntax and systemd.service have it: specifiers mean nothing, and variables, which only command lines have. */
function word(text: string, where: 'ExecStart' | 'Environment'): string {
  if (/\p{Cc}/u.test(text)) throw new UsageError('E_SERVICE', `${quoted(text)} can't stand in a unit: it has a character that can't be seen.`, 'Use another path.')
  const percents = text.replaceAll('%', '%%')
  const plain = where === 'ExecStart' ? percents.replaceAll('$', '$$$$') : percents
  return /^[\w@%+=:,./$-]+$/.test(plain) ? plain : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
