import type { Page } from '../cli/page.ts'
import { ENGINE } from './environment.ts'

export const START: Readonly<Record<string, Page>> = {
  create: {
    about: "Asks what the flags leave open, shows what will be made, writes a directory with a Compose file, the proxy's configuration and a first login, and brings it up through the Docker Engine. Then it pulls a small model, attacks its own login, and prints the URL, the credential (once) and a command to paste. Without a terminal every open question needs a flag, or --yes.",
    groups: {
      'Login and people': ['auth', 'user', 'password-stdin'],
      'Address and encryption': ['bind', 'port', 'host', 'tls', 'tls-cert', 'tls-key', 'acme-email', 'acme-directory', 'acme-root', 'insecure-http'],
      'Who may call, and how often': ['origin', 'allow', 'host-network', 'rate'],
      'Ollama': ['ollama', 'gpu', 'model'],
      'This run': ['name', 'dir', 'start', 'yes', 'dry-run', 'json', 'help'],
    },
    sections: {
      'Files': [
        ['compose.yaml', 'what runs; starts with plain "docker compose up -d" too'],
        ['proxy/', "the proxy's configuration, yours to edit"],
        ['credentials/, certs/', 'who may log in: no plain secret, and kept out of git'],
        ['ollama-stack', 'the program for this very project; needs no network and no install'],
      ],
      'Environment': ENGINE,
      'Exit codes': [['0', 'made; with a start: it runs, and every check passed'], ['1', 'failed; what was written stays, with its secrets shown'], ['2', 'refused input, nothing was written'], ['130', 'cancelled; says what was written']],
    },
    see: ['status', 'user', 'client'],
  },
  restore: {
    about: 'Writes the project as it was when the backup was made: logins, certificates and hand edits too. It starts nothing and asks for the passphrase once, if private keys are in it. Models are not in a backup; "up" pulls images, and "pull" pulls models.',
    see: ['backup', 'up'],
  },
}
