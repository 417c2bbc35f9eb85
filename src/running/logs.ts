// The logs of a project's services as one: what there is, in the order of its time, and then what comes.

import { setMaxListeners } from 'node:events'
import type { Access } from '../../stacks/stack.ts'
import { bell, type Bell } from './bell.ts'
import type { Engine, LogLine } from '../engine.ts'
import { StackError } from '../errors.ts'
import { isFromProxy, isOwnQuestion } from './log-text.ts'
import type { Project } from '../project/project.ts'

/** When a restarted container is looked for, should its event be missed. */
const TICK_MS = 3000

export interface Wanted {
  services: readonly string[]
  since: Date | null
  /** The last lines of each service; null: all. */
  tail: number | null
  /** Requests of this person only. */
  user: string | null
  /** Also what Ollama's container asks itself, and Ollama's own line about a request that the proxy has one about. */
  raw: boolean
}

export interface Entry extends LogLine {
  access: Access | null
}

/** Which lines of a project are meant, and what they say. */
function reader({ stack, file }: Pick<Project, 'stack' | 'file'>, { user, raw, services }: Wanted): (line: LogLine) => Entry | null {
  const own = file.services['ollama']?.environment?.['OLLAMA_HOST']?.replace(/:\d+$/, '') ?? ''
  const wanted = user?.toLowerCase()
  return (line) => {
    const access = line.service === 'proxy' ? stack.access(line.line) : null
    if (wanted !== undefined && access?.person?.toLowerCase() !== wanted) return null
    const said = isOwnQuestion(line, own) || (services.includes('proxy') && isFromProxy(line, own))
    return said && !raw ? null : { ...line, access }
  }
}

export interface History {
  entries: Entry[]
  /** Service -> the time of its last line, shown or not. */
  last: Map<string, string>
}

export async function history(project: Project, engine: Engine, wanted: Wanted, signal: AbortSignal): Promise<History> {
  const { containers } = await engine.observe(project.name, [], signal)
  const read = reader(project, wanted)
  const last = new Map<string, string>()
  const all = await Promise.all(wanted.services.map(async (service) => {
    const container = containers.find((one) => one.service === service)
    const entries: Entry[] = []
    if (!container) return entries
    for await (const line of engine.logs(container.id, { timestamps: true, ...(wanted.since && { since: seconds(wanted.since.toISOString()) }), signal })) {
      last.set(service, line.time)
      const entry = read(line)
      if (entry) entries.push(entry)
    }
    return wanted.tail === null ? entries : entries.slice(Math.max(0, entries.length - wanted.tail))
  }))
  return { entries: inOrder(all), last }
}

/** Lists that are in order each -> one. */
export function inOrder(lists: readonly (readonly Entry[])[]): Entry[] {
  const all = lists.flat().map((entry) => ({ entry, at: Date.parse(entry.time) }))
  // The clock counts milliseconds, the texts go on from there.
  return all.sort((a, b) => a.at - b.at || (a.entry.time < b.entry.time ? -1 : a.entry.time > b.entry.time ? 1 : 0)).map(({ entry }) => entry)
}

/** Goes on after `last`, over restarts and into new containers, until the signal. */
export async function follow(project: Project, engine: Engine, wanted: Wanted, last: ReadonlyMap<string, string>, show: (entry: Entry) => void, signal: AbortSignal): Promise<void> {
  const read = reader(project, wanted)
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  setMaxListeners(0, ended) // as in signals.ts
  const start = wanted.since?.toISOString() ?? ''
  try {
    await Promise.all(wanted.services.map((service) =>
      followOne(service, last.get(service) ?? start, { project, engine, signal: ended, bell: bell(project.name, engine, ended) }, (line) => {
        const entry = read(line)
        if (entry) show(entry)
      })))
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    stop.abort()
  }
}

interface Around {
  project: Pick<Project, 'name'>
  engine: Engine
  bell: Bell
  signal: AbortSignal
}

async function followOne(service: string, after: string, { project, engine, bell, signal }: Around, show: (line: LogLine) => void): Promise<void> {
  let last = after
  let read = ''
  while (!signal.aborted) {
    const { containers } = await engine.observe(project.name, [], signal)
    const container = containers.find((one) => one.service === service)
    // A container's log goes on when it is started again; one that ended has nothing new.
    const run = container ? `${container.id} ${container.since}` : ''
    if (container && run !== read) {
      read = run
      try {
        for await (const line of engine.logs(container.id, { follow: true, timestamps: true, ...(last !== '' && { since: seconds(last) }), signal })) {
          // The engine's `since` includes that very moment.
          if (line.time <= last) continue
          last = line.time
          show(line)
        }
      } catch (error) {
        // It may have been removed just now; if it is the engine that is gone, the next look says so.
        if (!(error instanceof StackError) || error.code !== 'E_ENGINE') throw error
      }
      continue
    }
    await bell.next(TICK_MS)
  }
}

/** What the engine takes as `since`: `1795273548.536811200`. */
function seconds(time: string): string {
  const [, fraction = ''] = /\.(\d+)/.exec(time) ?? []
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, '0')}`
}
