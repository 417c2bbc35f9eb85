import type { Page } from '../cli/page.ts'
import { ENGINE } from './environment.ts'

export const CHANGES: Readonly<Record<string, Page>> = {
  configure: {
    about: "Without flags: the questions of create again, with what is there as the default. With flags: only what they name; a list is the whole list from then on. Shows the difference before it writes. Credentials, models and your edits of the files stay; where an edit and the change touch the same lines, it stops and says how to go on.",
    groups: {
      'Login': ['auth'],
      'Address and encryption': ['bind', 'port', 'host', 'no-host', 'tls', 'tls-cert', 'tls-key', 'acme-email', 'no-acme-email', 'acme-directory', 'no-acme-directory', 'acme-root', 'no-acme-root', 'insecure-http', 'no-insecure-http'],
      'Who may call, and how often': ['origin', 'no-origin', 'allow', 'no-allow', 'host-network', 'no-host-network', 'rate', 'no-rate'],
      'Ollama': ['ollama', 'gpu', 'model'],
      'Your edits': ['take-new', 'keep-mine'],
    },
    sections: { Environment: ENGINE },
    see: ['upgrade', 'user', 'status'],
  },
  upgrade: {
    about: 'Takes the images and files of the version that runs this, keeps your edits, and tests the result. When a test fails, the old images and files come back. For the newest: npx -p create-ollama-stack@latest ollama-stack upgrade',
    groups: { 'Your edits': ['take-new', 'keep-mine'] },
    sections: { Environment: ENGINE },
    see: ['configure', 'backup', 'status'],
  },
  backup: {
    about: 'Everything that makes this project this one: configuration, logins, certificates. Whoever has the private keys could play the server, so they are encrypted with a passphrase that is asked for twice. Written beside the project unless FILE says where.',
    see: ['restore'],
  },
  down: {
    about: 'The project directory stays as it is, with every login, and so do the models unless --volumes is given: "up" brings all of it back.',
    sections: { Environment: ENGINE },
    see: ['up', 'backup'],
  },
}
