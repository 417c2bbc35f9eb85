import type { Page } from '../cli/page.ts'

export const CLIENTS: Readonly<Record<string, Page>> = {
  client: {
    about: 'Without ID: the list, and how well each goes with the login of this project. With one: where to put what, filled in as far as it is known. A secret is left open unless you hand it in, since only its hash is kept here.',
    sections: { Files: [['FILE.MOMENT.bak', 'with --write: the settings as they were']] },
    see: ['connect', 'user add'],
  },
  connect: {
    about: "For tools that know only a bare Ollama on 127.0.0.1:11434. It listens there, adds the password, key or certificate to each request, and sends it on. Runs until Ctrl-C and needs no project, only Node.js: npx -p create-ollama-stack@latest ollama-stack connect URL",
    groups: {
      'Login': ['user', 'secret-stdin', 'cert', 'key', 'p12', 'save', 'forget'],
      'Whom to trust': ['ca', 'fingerprint', 'insecure-http'],
      'Where to listen': ['port', 'bind', 'origin'],
    },
    sections: {
      Environment: [['OLLAMA_STACK_SECRET', 'the password or key'], ['XDG_CONFIG_HOME', 'where --save keeps it, in ollama-stack/; default: ~/.config']],
    },
    see: ['client'],
  },
}
