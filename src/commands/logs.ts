import { define } from '../cli/command.ts'
import { connect } from '../engine.ts'
import { UsageError } from '../errors.ts'
import { logText } from '../running/log-text.ts'
import { follow, history, type Entry, type Wanted } from '../running/logs.ts'
import { hasColors } from '../ui/color.ts'
import { nearest } from '../cli/nearest.ts'
import { listPeople } from '../people/people.ts'
import { findProject, loadProject, type Project } from '../project/project.ts'
import { quoted } from '../ui/quoted.ts'
import { past } from '../ui/when.ts'

/** So many lines of each service come before those that are new. */
const FOLLOW_TAIL = 100

export const command = define({
  name: 'logs',
  summary: "Every service's log as one, a request a line; never a secret",
  usage: 'ollama-stack logs [SERVICE] [-f] [--since TIME] [--tail N] [--user NAME]',
  examples: ['ollama-stack logs -f', 'ollama-stack logs --user bob --since 1d', 'ollama-stack logs proxy --since 10m --json'],
  flags: {
    follow: { short: 'f', help: 'Go on with what comes, until Ctrl-C' },
    since: { value: 'TIME', help: 'From then on: a span such as 10m, 2h or 7d, a date, or a moment such as 2026-12-31T08:00:00Z' },
    tail: { short: 'n', value: 'N', help: `The last N lines of each service, or all; default: all, with --follow ${FOLLOW_TAIL}` },
    user: { value: 'NAME', help: "Only this person's requests; one that was refused for its login is nobody's" },
    json: { help: 'Print one JSON document a line: time, service, stream, line (as it was logged), and access for a request; an error is one too' },
  },
  positionals: ['[SERVICE]'],
  async run({ args, flags }, { cwd, env, json, ui, signal, stdout }) {
    const now = new Date()
    const since = flags.since === undefined ? null : past('--since', flags.since, now)
    const tail = tailOf(flags.tail, flags.follow === true && since === null)
    const project = loadProject(findProject(cwd, flags.dir))
    const wanted: Wanted = { services: servicesOf(project, args[0], flags.user), since, tail, user: flags.user ?? null, raw: json }
    const engine = await connect({ env, signal })
    const looks = { color: hasColors(stdout, env), services: wanted.services }
    const show = (entry: Entry): void => ui.data(json ? document(entry) : logText(entry, entry.access, looks))
    const { entries, last } = await history(project, engine, wanted, signal)
    for (const entry of entries) show(entry)
    if (!flags.follow) {
      if (entries.length === 0) ui.line(nothing(project, wanted))
      return
    }
    await follow(project, engine, wanted, last, show, signal)
    return 130
  },
})

function tailOf(text: string | undefined, isFew: boolean): number | null {
  if (text === undefined) return isFew ? FOLLOW_TAIL : null
  if (text === 'all') return null
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new UsageError('E_NUMBER', `--tail can't be ${quoted(text)}.`, 'Give a number of lines, or all: --tail 50')
}

function servicesOf({ file }: Pick<Project, 'file'>, asked: string | undefined, user: string | undefined): string[] {
  const all = Object.keys(file.services)
  if (asked !== undefined && !all.includes(asked)) {
    const near = nearest(asked, all)
    throw new UsageError('E_SERVICE', `This stack has no service ${quoted(asked)}.`, `${near === undefined ? '' : `Did you mean ${near}? `}It has ${all.join(', ')}.`)
  }
  if (user === undefined) return asked === undefined ? all : [asked]
  if (asked === undefined || asked === 'proxy') return ['proxy']
  throw new UsageError('E_SERVICE', `The log of ${asked} names nobody: who asked for what stands in the proxy's.`, `Leave one of them out: ollama-stack logs --user ${user}`)
}

function nothing(project: Project, { user, since, services }: Wanted): string {
  const when = since === null ? '' : ` since ${since.toISOString()}`
  if (user === null) return `Nothing in the log of ${services.join(', ')}${when}.`
  const names = listPeople(project).map(({ name }) => name)
  const known = names.some((name) => name.toLowerCase() === user.toLowerCase())
  return `No request of ${quoted(user)} in the log${when}.${known ? '' : ` Nobody of that name may log in; these may: ${names.join(', ')}`}`
}

function document({ time, service, stream, line, access }: Entry): string {
  return JSON.stringify({ time, service, stream, line, ...(access && { access }) })
}
