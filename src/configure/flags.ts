// The flags of `configure`, from the table of questions: each says what shall be from now on, and a list is
// the whole list; --no-NAME takes something away. What isn't named stays as it is.

import { conflicts, unusedPermission } from '../questions/config.ts'
import type { Flag, Values } from '../cli/command.ts'
import { throwAll, UsageError } from '../errors.ts'
import { FIELDS, type Field, type Setting } from '../questions/fields.ts'
import { LASTING, settled, type Lasting } from './present.ts'
import type { Project } from '../project/project.ts'

/** What a project can be without: its answer then. Everything else has a value in any case. */
const WITHOUT: Partial<Lasting> = { insecureHttp: false, hosts: [], acmeEmail: null, acmeDirectory: null, acmeRoot: null, origins: [], allow: [], hostNetwork: false, rate: null }

const EXTRA = {
  'take-new': { value: 'FILE', repeat: true, help: 'Where your edit of FILE and the change touch: take the new file, yours goes to FILE.orig' },
  'keep-mine': { value: 'FILE', repeat: true, help: 'Leave FILE as you edited it, without the change' },
  name: { value: 'NAME', help: "Can't be changed: containers and the models' volume are called so" },
  start: { negatable: true, help: 'Bring the stack in line and test it, or only write the files; default: start' },
  yes: { short: 'y', help: "Don't ask. Alone: bring the proxy's files in line with x-ollama-stack in compose.yaml" },
  'dry-run': { help: 'Show the diff, touch nothing' },
} as const satisfies Record<string, Flag>

export const configureFlags: Record<string, Flag> & typeof EXTRA = {
  ...Object.fromEntries(LASTING.flatMap((key): [string, Flag][] => {
    const { flag, spec } = FIELDS[key]
    if (flag === null) return []
    const row: [string, Flag] = [flag, { ...spec, help: spec.help.replace(/[;.,]? ?\bdefault: [^;]*$/i, '') }]
    return key in WITHOUT ? [row, [`no-${flag}`, { help: spec.repeat ? 'Take all of them away' : 'Take it away again' }]] : [row]
  })),
  ...EXTRA,
}

export type Given = Values<typeof EXTRA> & Record<string, unknown>

export interface Wanted {
  answers: Lasting
  /** Keys of the answers that flags named. */
  given: Set<string>
}

/** Throws E_NAME, and what the flags' own grammar throws. */
export function wanted(flags: Given, present: Lasting, { name }: Pick<Project, 'name'>, setting: Setting): Wanted {
  const problems: UsageError[] = []
  if (flags.name !== undefined && flags.name !== name) {
    problems.push(new UsageError('E_NAME', `--name can't be changed: this project is ${name}, and so are its containers and the volume with its models.`, `For another name make another project: npx create-ollama-stack@latest --name ${/^[\w-]+$/.test(flags.name) ? flags.name : 'NAME'}`))
  }
  const answers = { ...present }
  const given = new Set<string>()
  for (const key of LASTING) {
    try {
      const value = valueOf(key, flags, setting)
      if (value === undefined) continue
      given.add(key)
      Object.assign(answers, { [key]: value })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      problems.push(error)
    }
  }
  throwAll(problems)
  return { answers: settled(answers, given), given }
}

function valueOf(key: keyof Lasting, flags: Given, setting: Setting): unknown {
  const { flag, parse } = FIELDS[key] as Field<unknown>
  const [texts, away] = [flags[flag ?? ''], flags[`no-${flag}`]]
  if (away !== undefined && texts !== undefined) throw new UsageError('E_FLAG', `--${flag} and --no-${flag} don't go together.`, `A list given with --${flag} replaces the one that is there.`)
  if (away !== undefined) return WITHOUT[key]
  if (texts === undefined) return undefined
  return parse(texts === true ? ['yes'] : [texts].flat().map(String), setting)
}

/** What can't be, as far as the change brings it. Throws them as one error that says what was there before. */
export function refuseConflicts({ answers, given }: Wanted, present: Lasting, { machine }: Setting): void {
  const all = (one: Lasting): UsageError[] => [...conflicts(one, false, machine), ...(given.has('insecureHttp') ? unusedPermission(one) : [])]
  const old = all(present).map(({ message }) => message)
  const found = all(answers).filter(({ message }) => !old.includes(message))
  const [first] = found
  if (!first) return
  const more = stays(answers, given)
  throwAll(more === '' ? found : [...found.slice(0, -1), withHint(found.at(-1) ?? first, `What isn't named stays as it is: ${more}. --no-... takes something away.`)])
}

function withHint({ code, message, hint }: UsageError, more: string): UsageError {
  return new UsageError(code, message, `${hint}\n${more}`)
}

/** The present answers that no flag named, as flags. */
function stays(answers: Lasting, given: ReadonlySet<string>): string {
  return LASTING.filter((key) => !given.has(key)).flatMap((key) => {
    const { flag, spec, print } = FIELDS[key] as Field<unknown>
    const texts = print(answers[key])
    return spec.value === undefined ? (texts[0] === 'yes' ? [`--${flag}`] : []) : texts.map((text) => `--${flag} ${text}`)
  }).join(' ')
}
