import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { clients } from '../clients/index.ts'
import type { Client, FileSetting } from '../clients/client.ts'
import { guide, needsSecret, trustUnknown, verifiedBy, type Guide } from '../clients/guide.ts'
import { printGuide, printList, type Row } from '../clients/print.ts'
import { changeOf, difference, fileOf, writeChange, type Change } from '../clients/settings-file.ts'
import type { Tokens } from '../clients/fill.ts'
import { tokensOf, type Reader } from '../clients/tokens.ts'
import { define, type Context } from '../cli/command.ts'
import { CancelError, throwAll, UsageError } from '../errors.ts'
import { nearest } from '../cli/nearest.ts'
import { listPeople } from '../people/people.ts'
import { findProject, loadProject, type Project } from '../project/project.ts'
import { quoted } from '../ui/quoted.ts'
import { pasted, readSecret, refuseTerminal } from '../questions/read-secret.ts'
import { modelName } from '../questions/values.ts'

export const command = define({
  name: 'client',
  summary: 'Settings to paste for a client: Open WebUI, Continue, Zed, curl, ...',
  usage: 'ollama-stack client [ID] [flags]',
  examples: ['ollama-stack client', 'ollama-stack client curl', 'ollama-stack client continue --user bob --write'],
  flags: {
    user: { value: 'NAME', help: 'Whose settings; default: the first admin' },
    model: { value: 'MODEL', help: "Which model; default: the project's" },
    files: { value: 'DIR', help: "Where the CA and the person's certificate lie on the client's machine" },
    'secret-stdin': { help: 'Fill in the password or key, read from stdin' },
    write: { help: "Merge the settings into the client's file on this machine, after showing the difference" },
    file: { value: 'PATH', help: 'With --write: which file' },
    yes: { short: 'y', help: "With --write: don't ask" },
  },
  positionals: ['[ID]'],
  async run({ args, flags }, context) {
    const { cwd, json, ui } = context
    const project = loadProject(findProject(cwd, flags.dir))
    const [id] = args
    if (id === undefined) {
      const lost = Object.keys(flags).find((flag) => flag !== 'dir' && flag !== 'json')
      if (lost !== undefined) throw new UsageError('E_ARGUMENT', `--${lost} is for one client, and none is named.`, `Name it: ollama-stack client ID --${lost}. All of them: ollama-stack client`)
      const rows = clients.map((one) => rowOf(one, project))
      if (json) ui.data(JSON.stringify({ login: project.stack.id, url: project.url, clients: rows }))
      else printList(rows, project, ui)
      return
    }
    const client = clientNamed(id)
    if (!flags.write && (flags.file !== undefined || flags.yes)) throw new UsageError('E_FLAG', `--${flags.yes ? 'yes' : 'file'} goes with --write only.`, `Write: ollama-stack client ${id} --write`)
    const person = personNamed(project, flags.user)
    const setting = fileOf(client, project.stack.id)
    const writing = flags.write === true ? writable(client, project, setting) : null
    const given = flags['secret-stdin'] ? await secretFrom(client, project, context) : null
    const reader: Reader = {
      person, model: flags.model === undefined ? project.model ?? 'YOUR_MODEL' : modelName(flags.model, '--model'),
      files: flags.files === undefined ? null : writing ? resolve(cwd, flags.files) : flags.files,
      secret: given ?? (writing && needsSecret([writing]) ? await askedSecret(client, project, person.name, context) : null),
    }
    const document = guide(client, project, reader)
    if (writing === null) {
      if (json) ui.data(JSON.stringify(document))
      else printGuide(document, project, ui, { writable: setting !== undefined })
      return
    }
    const tokens = tokensOf(project, reader)
    checkFiles(writing, tokens, client)
    const change = changeOf(client, project.stack.id, writing, tokens, { home: context.env['HOME'] ?? homedir(), cwd, given: flags.file })
    const written = await write(change, document, flags.yes === true, context)
    if (json) ui.data(JSON.stringify({ ...document, written }))
    else report(written, document, context)
  },
})

function rowOf(client: Client, project: Project): Row {
  const verified = verifiedBy(client, project)
  return { id: client.id, name: client.name, possible: verified !== null, verified, trustsCa: trustUnknown(client, project) ? null : true }
}

function clientNamed(id: string): Client {
  const found = clients.find((one) => one.id === id.toLowerCase())
  if (found) return found
  const near = nearest(id, clients.map((one) => one.id))
  throw new UsageError('E_CLIENT', `No client ${quoted(id)} is known.`, `${near === undefined ? '' : `Did you mean ${near}? `}All of them: ollama-stack client. For one that isn't among them: ollama-stack client other`)
}

function personNamed(project: Project, asked: string | undefined): { name: string } {
  const people = listPeople(project)
  const found = asked === undefined ? people.find(({ role }) => role === 'admin') ?? people[0] : people.find(({ name }) => name === asked)
  if (found) return found
  if (asked === undefined) throw new UsageError('E_USER_UNKNOWN', 'Nobody may log in yet.', 'Let somebody in: ollama-stack user add NAME')
  const near = nearest(asked, people.map(({ name }) => name))
  throw new UsageError('E_USER_UNKNOWN', `Nobody is called ${quoted(asked)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}Everybody: ollama-stack user list`)
}

/** What can be written for this login. */
function writable(client: Client, project: Project, setting: FileSetting | undefined): FileSetting {
  if (setting) return setting
  const why = client.logins[project.stack.id] ? 'has no file that settings could be written to' : `can't log in with this login, ${project.stack.title}`
  throw new UsageError('E_CLIENT_FILE', `${client.name} ${why}.`, `What to do by hand: ollama-stack client ${client.id}`)
}

async function secretFrom(client: Client, project: Project, { stdin, signal }: Context): Promise<string> {
  const access = client.logins[project.stack.id]
  if (!access || !needsSecret(access.settings)) throw new UsageError('E_FLAG', `--secret-stdin has no place to go: these settings hold no ${project.stack.noun}.`, `Leave it out: ollama-stack client ${client.id}`)
  throwAll(refuseTerminal(stdin, 'secret'))
  return readSecret({ stdin, signal }, 'secret')
}

/** Only a terminal hides what is typed. */
async function askedSecret(client: Client, { stack }: Project, name: string, { interactive, ui }: Context): Promise<string> {
  if (!interactive) throw new UsageError('E_SECRET', `The file needs ${name}'s ${stack.noun}, which is kept nowhere.`, `Give it on stdin: ollama-stack client ${client.id} --user ${name} --write --yes --secret-stdin < FILE. A new one: ollama-stack user rotate ${name}`)
  return ui.hidden(`${name}'s ${stack.noun}`, pasted)
}

/** Settings that name what isn't there would only move the failure into the client. */
function checkFiles({ value }: FileSetting, { CERT, CERTKEY, CA }: Tokens, { id }: Client): void {
  const text = JSON.stringify(value)
  const named = [text.includes('<CERT>') ? CERT : null, text.includes('<CERTKEY>') ? CERTKEY : null, text.includes('<CA>') ? CA : null]
  const absent = named.find((path) => path !== null && !existsSync(path))
  if (absent) throw new UsageError('E_CLIENT_FILE', `${absent} isn't there, and the settings would name it.`, `Say where these files lie: ollama-stack client ${id} --write --files DIR`)
}

interface Written { path: string; changed: boolean; backup: string | null }

async function write(change: Change, { id }: Guide, yes: boolean, { ui, interactive }: Context): Promise<Written> {
  if (change.before === change.after) return { path: change.path, changed: false, backup: null }
  ui.line(difference(change))
  if (!yes) {
    if (!interactive) throw new UsageError('E_CONFIRM', 'Nobody is here to ask, so nothing was written.', `If that is what you want: ollama-stack client ${id} --write --yes`)
    if (!(await ui.confirm(`Write that to ${change.path}?`, { initial: true }))) throw new CancelError()
  }
  return { path: change.path, changed: true, backup: writeChange(change, new Date()) }
}

function report({ path, changed, backup }: Written, { steps, warnings }: Guide, { ui }: Context): void {
  ui.data(changed ? `Written: ${path}${backup === null ? '' : `\nAs it was:  ${backup}`}` : `${path} says so already.`)
  const rest = steps.filter(({ language }) => language === 'sh' || language === 'env' || language === 'text')
  for (const { where, text } of rest) ui.data(`\nIn ${where}:\n\n${text}`)
  for (const warning of warnings) ui.warn(warning)
}
