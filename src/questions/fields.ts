// The table of questions. A row holds everything about one answer: flag, help, grammar, default,
// the wizard's question, and how the answer is written. The order is the order of asking; a
// default may look at the answers before it.

import { basename, resolve } from 'node:path'
import { stacks } from '../../stacks/index.ts'
import { TLS, type Person, type Tls } from '../../stacks/stack.ts'
import { allowed } from './allowed.ts'
import { directoryName } from './directory.ts'
import { GPUS, type GpuChoice } from './gpu.ts'
import type { Field, Setting } from './field.ts'
import { isLoopback, isPrivate } from './machine.ts'
import { HOST, ollama, OWN } from './ollama-url.ts'
import { ORIGIN_PRESETS, origins } from './origins.ts'
import * as value from './values.ts'

export interface Answers {
  /** Absolute. */
  directory: string
  name: string
  auth: string
  people: Person[]
  bind: string
  insecureHttp: boolean
  tls: Tls
  /** Absolute paths, as `acmeRoot` is; with `tls: files`. */
  tlsCert: string | null
  tlsKey: string | null
  port: number
  hosts: string[]
  acmeEmail: string | null
  acmeDirectory: string | null
  acmeRoot: string | null
  origins: string[]
  /** Addresses and CIDRs. */
  allow: string[]
  hostNetwork: boolean
  rate: string | null
  /** `container`, or `http://HOST:PORT`. */
  ollama: string
  gpu: GpuChoice
  model: string | null
  start: boolean
}

const one = <T>(parse: (text: string, setting: Setting) => T) => (texts: string[], setting: Setting): T => parse(texts[0] ?? '', setting)
const printed = (text: string | null): string[] => (text === null ? [] : [text])
const yesNo = one((text): boolean => text === 'yes')

export const FIELDS: { [K in keyof Answers]: Field<Answers[K]> } = {
  directory: {
    flag: null,
    spec: { help: 'Where to write the project: a new or empty directory' },
    parse: one((text, { cwd }) => resolve(cwd, directoryName(text))),
    fallback: (_, { cwd }) => resolve(cwd, 'ollama-stack'),
    print: (directory) => [directory],
    question: { kind: 'text', message: 'Where should the project go?', hint: 'a new or empty directory' },
  },
  name: {
    flag: 'name',
    spec: { value: 'NAME', help: 'Compose project name; default: from the directory' },
    parse: one(value.projectName),
    fallback: ({ directory }) => value.nameFrom(basename(directory)),
    print: (name) => [name],
  },
  auth: {
    flag: 'auth',
    spec: { value: 'LOGIN', help: `How people log in: ${Object.keys(stacks).join(', ')}; default: bearer` },
    parse: one((text) => value.word('--auth', text, Object.keys(stacks))),
    fallback: () => 'bearer',
    print: (auth) => [auth],
    question: { kind: 'choice', message: 'How do people log in?', options: () => Object.values(stacks).map(({ id, title, hint }) => ({ value: id, label: title, hint })) },
  },
  people: {
    flag: 'user',
    spec: { value: 'NAME[:ROLE]', repeat: true, help: 'Who may log in; ROLE is admin (may manage models) or user. Default: admin:admin' },
    parse: value.people,
    fallback: () => [{ name: 'admin', role: 'admin' }],
    print: (people) => people.map(({ name, role }) => `${name}:${role}`),
    question: { kind: 'text', message: 'Who may log in?', hint: 'names, such as: ann bob carl:admin; the first is admin, who manages models' },
  },
  bind: {
    flag: 'bind',
    spec: { value: 'IP', help: 'Address to publish on; default: 127.0.0.1, this machine only' },
    parse: one(value.address),
    fallback: () => '127.0.0.1',
    print: (bind) => [bind],
    question: { kind: 'choice', message: 'From where is it reachable?', options: (_, { machine }) => [
      { value: '127.0.0.1', label: 'This machine only', hint: '127.0.0.1' },
      ...machine.addresses.map(({ ip, network, kind }) => ({ value: ip, label: `${kind === 'vpn' ? 'VPN' : 'Local network'}: ${ip}`, hint: network })),
      { value: '0.0.0.0', label: 'Everywhere', hint: 'every address of this machine' },
    ] },
  },
  insecureHttp: {
    flag: 'insecure-http',
    spec: { help: 'Allow plain HTTP on an address that others can listen to' },
    parse: yesNo,
    fallback: () => false,
    print: (yes) => [yes ? 'yes' : 'no'],
  },
  tls: {
    flag: 'tls',
    spec: { value: 'KIND', help: "Encryption: off, private (a CA of the project's own), files (your own certificate) or acme (Let's Encrypt). Default: off on this machine and in a VPN, else private" },
    parse: one((text) => value.word('--tls', text, TLS)),
    fallback: (known, { machine }) => (known.tlsCert || known.tlsKey ? 'files' : known.acmeDirectory || known.acmeEmail ? 'acme' : stacks[known.auth]?.needsTls || !isPrivate(known.bind, machine) ? 'private' : 'off'),
    print: (tls) => [tls],
    question: { kind: 'choice', message: 'Encrypt the connection?', options: ({ auth, bind, insecureHttp }, { machine }) => [
      ...(stacks[auth]?.needsTls || !(isPrivate(bind, machine) || insecureHttp) ? [] : [{ value: 'off', label: 'No, plain HTTP', hint: isLoopback(bind) ? 'it stays on this machine' : isPrivate(bind, machine) ? 'the VPN encrypts already' : 'readable on its way, unless something else encrypts it' }]),
      { value: 'private', label: 'Yes, HTTPS with a private CA', hint: 'clients get a CA file to trust' },
      ...(isPrivate(bind, machine) ? [] : [
        { value: 'acme', label: "Yes, with a certificate of Let's Encrypt", hint: 'needs a public name that leads here, and ports 80 and 443' },
        { value: 'files', label: 'Yes, with my own certificate', hint: 'two files in PEM form' },
      ]),
    ] },
  },
  tlsCert: {
    flag: 'tls-cert',
    spec: { value: 'FILE', help: 'With --tls files: the certificate, then the ones that signed it, in PEM form' },
    parse: one((text, { cwd }) => value.path('--tls-cert', text, cwd)),
    fallback: () => null,
    print: printed,
    question: { kind: 'text', when: ({ tls }) => tls === 'files', message: 'Which file has the certificate?', hint: 'in PEM form, such as fullchain.pem' },
  },
  tlsKey: {
    flag: 'tls-key',
    spec: { value: 'FILE', help: 'With --tls files: its private key, in PEM form, not encrypted' },
    parse: one((text, { cwd }) => value.path('--tls-key', text, cwd)),
    fallback: () => null,
    print: printed,
    question: { kind: 'text', when: ({ tls }) => tls === 'files', message: 'And its private key?', hint: 'in PEM form, such as privkey.pem' },
  },
  port: {
    flag: 'port',
    spec: { value: 'PORT', help: 'Port to publish; default: 8880, with TLS 8443, with acme 443 (and 80 besides)' },
    parse: one(value.port),
    fallback: ({ tls }) => (tls === 'off' ? 8880 : tls === 'acme' ? 443 : 8443),
    print: (port) => [String(port)],
    question: { kind: 'text', message: 'On which port?', hint: 'from 1 to 65535' },
  },
  hosts: {
    flag: 'host',
    spec: { value: 'NAME', repeat: true, help: "Name or IP that clients use; the first one is in the URL. Default: the machine's name and addresses" },
    parse: (texts) => texts.map(value.host),
    fallback: () => [],
    print: (hosts) => hosts,
    question: { kind: 'text', when: ({ tls }) => tls === 'acme', message: 'Under which public name do clients reach it?', hint: 'such as ollama.example.com; it must lead to this machine' },
  },
  acmeEmail: {
    flag: 'acme-email',
    spec: { value: 'EMAIL', help: 'With --tls acme: where the CA can reach you' },
    parse: one(value.email),
    fallback: () => null,
    print: printed,
  },
  acmeDirectory: {
    flag: 'acme-directory',
    spec: { value: 'URL', help: "With --tls acme: another CA's directory; default: Let's Encrypt" },
    parse: one(value.acmeDirectory),
    fallback: () => null,
    print: printed,
  },
  acmeRoot: {
    flag: 'acme-root',
    spec: { value: 'FILE', help: 'With --acme-directory: the root certificate of a CA that not everybody trusts, in PEM form' },
    parse: one((text, { cwd }) => value.path('--acme-root', text, cwd)),
    fallback: () => null,
    print: printed,
  },
  origins: {
    flag: 'origin',
    spec: { value: 'ORIGIN', repeat: true, help: `Web page or app that may call from a browser: an exact origin, SCHEME://*, or one of ${Object.keys(ORIGIN_PRESETS).join(', ')}; default: none` },
    parse: (texts) => [...new Set(texts.flatMap(origins))],
    fallback: () => [],
    print: (allowed) => allowed,
    question: { kind: 'several', message: 'Which apps call from a browser or web view?', hint: 'most people need none; for a web page there is --origin', options: () => Object.entries(ORIGIN_PRESETS).map(([value, { title, origins: list }]) => ({ value, label: title, hint: list.join(' ') })) },
  },
  allow: {
    flag: 'allow',
    spec: { value: 'ADDRESS', repeat: true, help: 'Who may connect: an IP address or a range such as 192.168.1.0/24; default: everybody who reaches it' },
    parse: (texts) => [...new Set(texts.map(allowed))],
    fallback: () => [],
    print: (entries) => entries,
  },
  hostNetwork: {
    flag: 'host-network',
    spec: { help: "On Linux: listen in this machine's own network, so that --allow and the log have clients' own addresses, also for IPv6" },
    parse: yesNo,
    fallback: () => false,
    print: (yes) => [yes ? 'yes' : 'no'],
  },
  rate: {
    flag: 'rate',
    spec: { value: 'RATE', help: 'Requests that each person may make, such as 60/m or 5/s; default: no limit' },
    parse: one(value.rate),
    fallback: () => null,
    print: (rate) => (rate === null ? [] : [rate]),
  },
  ollama: {
    flag: 'ollama',
    spec: { value: 'WHICH', help: "Where Ollama is: container (in this stack) or the URL of one that runs already; http://host:11434 is this machine's. Default: container" },
    parse: one(ollama),
    fallback: () => OWN,
    print: (which) => [which],
    question: {
      kind: 'choice', extra: true, when: (_, { hostOllama }) => Boolean(hostOllama), message: 'Which Ollama? (one on another machine: --ollama URL)',
      options: (_, { hostOllama, platform = process.platform }) => [
        { value: OWN, label: 'A new one, in a container of this stack', hint: platform === 'darwin' ? 'without a GPU: Docker has none on a Mac' : 'with models of its own' },
        { value: `http://${HOST}:11434`, label: 'The one that runs on this machine', hint: `version ${hostOllama}, with its models and its GPU` },
      ],
      first: (_, { platform = process.platform }) => (platform === 'darwin' ? `http://${HOST}:11434` : OWN),
    },
  },
  gpu: {
    flag: 'gpu',
    spec: { value: 'KIND', help: `For the stack's own Ollama: ${GPUS.join(', ')}. Default: auto, what this machine and its engine have` },
    parse: one((text) => value.word('--gpu', text, GPUS)),
    fallback: () => 'auto',
    print: (gpu) => [gpu],
  },
  model: {
    flag: 'model',
    spec: { value: 'MODEL', help: 'Model to pull and test with, or none; default: gemma3:1b, and none into an Ollama elsewhere' },
    parse: one(value.model),
    fallback: ({ ollama = OWN }) => (ollama === OWN ? 'gemma3:1b' : null),
    print: (model) => [model ?? 'none'],
    question: { kind: 'text', message: 'Which model should it pull for a first test?', hint: 'gemma3:1b is small (815 MB); or none' },
  },
  start: {
    flag: 'start',
    spec: { negatable: true, help: 'Start and test it now, or only write the files; default: start' },
    parse: yesNo,
    fallback: () => true,
    print: (start) => [start ? 'yes' : 'no'],
  },
}

export const KEYS = Object.keys(FIELDS) as (keyof Answers)[]
export type * from './field.ts'
