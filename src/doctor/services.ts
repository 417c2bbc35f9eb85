// What should run, and whether it is what the files say.

import { statSync, readdirSync, type Stats } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { desired, plan, printPlan } from '../compose.ts'
import type { ExaminedContainer } from '../engine/examine.ts'
import { StackError } from '../errors.ts'
import { OWN } from '../questions/ollama-url.ts'
import { otherDirectory } from '../running/other-directory.ts'
import type { Project } from '../project/project.ts'
import { fail, ofBoth, ok, warn, worst, type Check, type Verdict } from './check.ts'
import { saidThere } from './there.ts'

/** The engine waits longer after each failure, up to a minute: what fails runs no longer than that. */
const SETTLED_MS = 5 * 60_000
const LOOP = 3

export const serviceChecks: Check[] = [
  ofBoth({
    id: 'services',
    title: 'Services',
    async run({ project, containers, inside, now }) {
      const found = await containers()
      if (found.length === 0) return warn('The stack is not running.', 'Start it: ollama-stack up')
      // Its health was looked at seconds ago, and this is asked now.
      const silent = project.ollama !== OWN && (await saidThere({ inside }, '/api/version')) === null
      const all = Object.keys(project.file.services).map((name) => judged(name, found.filter(({ service }) => service === name), now, name === 'ollama' && silent ? project.ollama : null))
      return worst(all.flat(), ok(found.map(({ service, state, health }) => `${service} ${state}${health === 'none' ? '' : `, ${health}`}`).join('; ')))
    },
  }),
  ofBoth({
    id: 'drift',
    title: 'Containers against compose.yaml',
    async run({ project, engine, containers, signal }) {
      const found = await containers()
      if (found.length === 0) return null
      const elsewhere = otherDirectory(project, found)
      if (elsewhere) return fail(elsewhere.message, elsewhere.hint)
      const want = desired(project.file, project.dir)
      const have = await engine.observe(project.name, want.images, signal)
      try {
        // What doesn't run is a finding of its own.
        const steps = plan(want, have).filter((step) => step.do !== 'start')
        return steps.length === 0 ? ok('each was made from the file as it is now') : warn(`compose.yaml asks for something else than what runs: ${printPlan(steps).join(', ')}.`, 'Apply it: ollama-stack up   See it first: ollama-stack status')
      } catch (error) {
        if (!(error instanceof StackError)) throw error
        return fail(error.message, error.hint)
      }
    },
  }),
  ofBoth({
    id: 'config',
    title: "The proxy's configuration",
    async run({ project, containers }) {
      const running = (await containers()).filter(({ state }) => state === 'running')
      const stale = running.flatMap((container) => editedSince(project, container))
      if (running.length === 0) return null
      return worst(stale, ok('no file was edited since it was read'))
    },
  }),
]

/** `silent`: the Ollama that it only leads to, and that doesn't answer. */
function judged(name: string, containers: readonly ExaminedContainer[], now: Date, silent: string | null): Verdict[] {
  const log = `Its log says why: ollama-stack logs ${name}`
  if (containers.length === 0) return [fail(`The service ${name} has no container`, 'Make it: ollama-stack up')]
  return containers.flatMap(({ state, health, exitCode, restarts, startedAt, outOfMemory }): Verdict[] => {
    const memory = outOfMemory ? [warn(`The service ${name} used up its memory, and the kernel ended a process of it`, `Take a smaller model, or raise services.${name}.mem_limit in compose.yaml if it is there.`)] : []
    if (state === 'restarting' || (restarts >= LOOP && startedAt !== null && now.getTime() - startedAt.getTime() < SETTLED_MS)) return [...memory, fail(`The service ${name} ends again and again: ${restarts} restarts, last exit code ${exitCode}`, log)]
    if (state !== 'running') return [...memory, fail(`The service ${name} is ${state}${state === 'exited' ? ` (exit code ${exitCode})` : ''}`, `Start it: ollama-stack up\n${log}`)]
    if (silent !== null) return [...memory, fail(`The Ollama at ${silent} does not answer`, `Start it there, or name another: ollama-stack configure --ollama URL\n${log}`)]
    if (health === 'unhealthy') return [...memory, fail(`The service ${name} runs, but its health check fails`, log)]
    return memory
  })
}

/** Files of the project that a container reads once, at its start: all that it mounts but what is read again and again. */
function editedSince({ dir, file }: Project, { service, startedAt }: ExaminedContainer): Verdict[] {
  if (startedAt === null) return []
  const mounted = (file.services[service]?.volumes ?? []).flatMap(({ type, source = '' }) => {
    const path = relative(dir, isAbsolute(source) ? source : join(dir, source))
    return type !== 'bind' || path.startsWith('..') || isAbsolute(path) || /^(?:credentials|certs)(?:\/|$)/.test(path) ? [] : [path]
  })
  const look = (path: string): Stats | undefined => statSync(join(dir, path), { throwIfNoEntry: false })
  const files = mounted.flatMap((path) => (look(path)?.isDirectory() ? readdirSync(join(dir, path)).map((name) => join(path, name)) : [path]))
  const edited = files.filter((path) => {
    const stat = look(path)
    return stat?.isFile() === true && stat.mtime > startedAt
  })
  return edited.length === 0 ? [] : [warn(`${edited.join(', ')} ${edited.length === 1 ? 'was' : 'were'} edited after the service ${service} had started`, `To have ${edited.length === 1 ? 'it' : 'them'} read: docker compose restart ${service}`)]
}
