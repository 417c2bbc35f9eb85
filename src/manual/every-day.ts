import type { Page } from '../cli/page.ts'
import { ENGINE } from './environment.ts'

export const EVERY_DAY: Readonly<Record<string, Page>> = {
  up: {
    about: 'Makes what runs match compose.yaml, hand edits included, and waits until it is healthy. A second "up" changes nothing. No credential and no certificate that is still good is touched. These are the containers that "docker compose up -d" would make.',
    sections: { Environment: ENGINE },
    see: ['down', 'status', 'doctor'],
  },
  status: {
    about: 'Asks the engine and the running proxy; changes nothing. Refused logins come from the log of the proxy.',
    sections: { Environment: ENGINE },
    see: ['doctor', 'logs', 'user list'],
  },
  logs: {
    about: 'The proxy and Ollama in one stream, each service in its colour and with its name. A request is one line: who, what, answer, how long. Passwords, keys and tokens never get into the log in the first place.',
    sections: { Environment: ENGINE },
    see: ['status', 'user list'],
  },
  pull: {
    about: 'Through the front door, as an admin would: a short-lived admin is made for it and removed again. What was downloaded before a Ctrl-C is kept, and the next pull goes on from there.',
    see: ['status', 'test'],
  },
  test: {
    about: 'Knocks at the published address as a client would, with short-lived people made for it and removed afterwards: wrong logins, roles, browsers, certificates, limits, and one answer of the test model, streamed. A check that could not run says so, and never counts as passed.',
    sections: { 'Exit codes': [['0', 'no check failed'], ['1', 'a check failed, or could not be made ready'], ['2', 'refused input'], ['130', 'cancelled']], Environment: ENGINE },
    see: ['doctor', 'status'],
  },
  doctor: {
    about: 'Looks at everything a stack depends on and changes nothing. Each finding that is not fine says what to type. Works without a project too: then it looks at this machine and its engine.',
    sections: { 'Exit codes': [['0', 'nothing is broken; there may be warnings'], ['1', 'something is broken'], ['2', 'refused input'], ['130', 'cancelled']], Environment: ENGINE },
    see: ['status', 'test', 'logs'],
  },
}
