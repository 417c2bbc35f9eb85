import type { Page } from '../cli/page.ts'

export const PEOPLE: Readonly<Record<string, Page>> = {
  'user add': {
    about: 'What they get depends on the login of the project: a password (basic), a key (bearer) or a certificate (mtls). It is made here, shown once and kept only as a hash, and it works within a second. No running answer is cut off.',
    groups: { 'What they may do, and until when': ['role', 'expires'], 'A credential of their own': ['password-stdin', 'csr', 'ssh-key'] },
    sections: { Files: [['credentials/', 'hashes, or which certificates are let in'], ['certs/clients/', 'with mtls: the certificate and its key, for the person']] },
    see: ['client', 'user rotate', 'user remove'],
  },
  'user list': {
    about: "Names and roles, never a secret. When somebody was last seen comes from the proxy's log, as far back as that goes.",
    see: ['user add', 'logs'],
  },
  'user rotate': {
    about: 'For one that got lost or too old. Without --overlap the old one ends at once; with it both are good for that long, so that nobody has to hurry.',
    groups: { 'The old one': ['overlap'], 'A credential of their own': ['password-stdin', 'csr', 'ssh-key'] },
    see: ['user add', 'user remove'],
  },
  'user remove': {
    about: 'Their credential ends; nobody else notices anything. The last admin is only removed after a question, since without one nobody can pull or delete models.',
    see: ['user rotate', 'user list'],
  },
}
